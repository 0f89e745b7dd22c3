using ActorKube.ControllerManager.Endpoints;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Endpoints;

public class EndpointSliceMirroringReconcilerTests
{
    private readonly V1Service _service = new() { Metadata = new V1ObjectMeta { Name = "db", NamespaceProperty = "default" }, Spec = new V1ServiceSpec() };

    private readonly V1Endpoints _endpoints = new()
    {
        Metadata = new V1ObjectMeta { Name = "db", NamespaceProperty = "default", Uid = "uid-e", Labels = new Dictionary<string, string> { ["team"] = "a" } },
        Subsets =
        [
            new V1EndpointSubset
            {
                Addresses = [new V1EndpointAddress { Ip = "10.1.2.3" }, new V1EndpointAddress { Ip = "fd00::3", Hostname = "six" }],
                NotReadyAddresses = [new V1EndpointAddress { Ip = "10.1.2.4" }],
                Ports = [new Corev1EndpointPort { Name = "sql", Port = 5432, Protocol = "TCP" }],
            },
        ],
    };

    [Fact]
    public void Endpoints_written_by_hand_become_slices_of_each_family()
    {
        var slices = Reconcile().Of<Create>().Select(c => (V1EndpointSlice)c.Object).ToList();

        Assert.Equal(
            ["IPv4 10.1.2.3 True,10.1.2.4 False sql/5432", "IPv6 fd00::3 True sql/5432"],
            slices.Select(s => $"{s.AddressType} {string.Join(',', s.Endpoints.Select(e => $"{e.Addresses[0]} {e.Conditions.Ready}"))} {s.Ports[0].Name}/{s.Ports[0].Port}"));
        Assert.Equal(("db", "endpointslicemirroring-controller.k8s.io", "a"),
            (slices[0].Metadata.Labels["kubernetes.io/service-name"], slices[0].Metadata.Labels["endpointslice.kubernetes.io/managed-by"], slices[0].Metadata.Labels["team"]));
        Assert.Equal(("Endpoints", "uid-e"), (slices[0].Metadata.OwnerReferences[0].Kind, slices[0].Metadata.OwnerReferences[0].Uid));
        Assert.Empty(Reconcile([.. slices]).Actions);
    }

    [Fact]
    public void A_change_rewrites_the_slice_and_what_is_gone_is_deleted()
    {
        var slices = Reconcile().Of<Create>().Select(c => (V1EndpointSlice)c.Object).ToArray();
        _endpoints.Subsets[0].Addresses = [new V1EndpointAddress { Ip = "10.9.9.9" }];
        _endpoints.Subsets[0].NotReadyAddresses = null;

        var plan = Reconcile(slices);

        var updated = (V1EndpointSlice)Assert.Single(plan.Of<Update>()).Object;
        Assert.Equal((slices[0].Metadata.Name, "10.9.9.9"), (updated.Metadata.Name, Assert.Single(updated.Endpoints).Addresses[0]));
        Assert.Equal(slices[1].Metadata.Name, Assert.Single(plan.Of<Delete>()).Target.Metadata.Name);
        Assert.Equal(2, EndpointSliceMirroringReconciler.Reconcile(null, _service, slices, new NameSuffixes(1)).Of<Delete>().Count());
    }

    [Fact]
    public void Those_of_a_Service_with_a_selector_and_those_that_say_no_are_not_mirrored()
    {
        _service.Spec.Selector = new Dictionary<string, string> { ["a"] = "b" };
        Assert.Empty(Reconcile().Actions);
        _service.Spec.Selector = null;
        _endpoints.Metadata.Labels["endpointslice.kubernetes.io/skip-mirror"] = "true";
        Assert.Empty(Reconcile().Actions);
        _endpoints.Metadata.Labels["endpointslice.kubernetes.io/skip-mirror"] = "false";
        Assert.Equal(2, Reconcile().Actions.Count);
    }

    private Plan Reconcile(params V1EndpointSlice[] slices) => EndpointSliceMirroringReconciler.Reconcile(_endpoints, _service, slices, new NameSuffixes(1));
}
