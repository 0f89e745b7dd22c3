using ActorKube.ControllerManager.Endpoints;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Endpoints;

public class EndpointSliceReconcilerTests
{
    private readonly V1Service _service = Some.Service("web", ("http", 80, "http"));

    [Fact]
    public void Shows_ready_serving_and_terminating_pods()
    {
        var plan = Reconcile([
            Some.Pod("a").On("n1").At("10.0.0.1").Ready(),
            Some.Pod("b").On("n2").At("10.0.0.2"),
            Some.Pod("c").On("n2").At("10.0.0.3").Ready().Deleting(),
            Some.Pod("no-address"),
            Some.Pod("loopback").At("127.0.0.1").Ready(),
        ]);

        var slice = (V1EndpointSlice)Assert.Single(plan.Of<Create>()).Object;
        Assert.Equal(["10.0.0.1 True True False n1", "10.0.0.2 False False False n2", "10.0.0.3 False True True n2"], slice.Endpoints.Select(e =>
            $"{e.Addresses[0]} {e.Conditions.Ready} {e.Conditions.Serving} {e.Conditions.Terminating} {e.NodeName}"));
        Assert.Equal(("http", 8080, "TCP"), (slice.Ports[0].Name, slice.Ports[0].Port, slice.Ports[0].Protocol));
        Assert.Equal(("web", "endpointslice-controller.k8s.io"), (slice.Metadata.Labels["kubernetes.io/service-name"], slice.Metadata.Labels["endpointslice.kubernetes.io/managed-by"]));
        Assert.StartsWith("web-", slice.Metadata.Name);
        Assert.Equal(("Service", "web"), (slice.Metadata.OwnerReferences[0].Kind, slice.Metadata.OwnerReferences[0].Name));
    }

    [Fact]
    public void A_dual_stack_Service_has_a_slice_in_each_family()
    {
        _service.Spec.IpFamilies = ["IPv4", "IPv6"];

        var plan = Reconcile([Some.Pod("a").At("10.0.0.1", "fd00::1").Ready()]);

        Assert.Equal(["IPv4 10.0.0.1", "IPv6 fd00::1"], plan.Of<Create>().Select(c => (V1EndpointSlice)c.Object).Select(s => $"{s.AddressType} {s.Endpoints[0].Addresses[0]}"));
    }

    [Fact]
    public void Pods_whose_named_port_differs_are_in_slices_of_their_own()
    {
        var other = Some.Pod("b").At("10.0.0.2").Ready();
        other.Spec.Containers[0].Ports[0].ContainerPort = 9090;

        var plan = Reconcile([Some.Pod("a").At("10.0.0.1").Ready(), other]);

        Assert.Equal([8080, 9090], plan.Of<Create>().Select(c => ((V1EndpointSlice)c.Object).Ports[0].Port ?? 0).Order());
    }

    [Fact]
    public void A_Service_without_pods_has_an_empty_slice_and_one_without_selector_none()
    {
        Assert.Empty(((V1EndpointSlice)Assert.Single(Reconcile([]).Of<Create>()).Object).Endpoints);
        _service.Spec.Selector = null;
        Assert.Empty(Reconcile([]).Actions);
    }

    [Fact]
    public void Unready_pods_are_published_on_demand()
    {
        _service.Spec.PublishNotReadyAddresses = true;

        var slice = (V1EndpointSlice)Reconcile([Some.Pod("a").At("10.0.0.1")]).Of<Create>()[0].Object;

        Assert.Equal((true, false), (slice.Endpoints[0].Conditions.Ready, slice.Endpoints[0].Conditions.Serving));
    }

    [Fact]
    public void Of_a_headless_Service_pods_with_a_name_of_their_own_keep_it()
    {
        _service.Spec.ClusterIP = "None";
        var pod = Some.Pod("a").At("10.0.0.1").Ready();
        (pod.Spec.Hostname, pod.Spec.Subdomain) = ("db-0", "web");

        var slice = (V1EndpointSlice)Reconcile([pod]).Of<Create>()[0].Object;

        Assert.Equal("db-0", slice.Endpoints[0].Hostname);
        Assert.Equal("", slice.Metadata.Labels["service.kubernetes.io/headless"]);
    }

    [Fact]
    public void One_changed_pod_rewrites_one_slice()
    {
        var pods = Enumerable.Range(0, 250).Select(i => Some.Pod($"p{i:d3}").At($"10.0.{i / 250}.{i % 250 + 1}").Ready()).ToList();
        var slices = Apply(Reconcile(pods), []);
        Assert.Equal([50, 100, 100], slices.Select(s => s.Endpoints.Count).Order());

        pods[7] = Some.Pod("p007").At("10.0.0.8");

        var plan = Reconcile(pods, slices);
        Assert.Single(plan.Actions);
        Assert.IsType<Update>(plan.Actions[0]);
    }

    [Fact]
    public void Slices_of_other_managers_are_left_alone()
    {
        var foreign = new V1EndpointSlice
        {
            Metadata = Some.Meta("mine", new Dictionary<string, string> { ["kubernetes.io/service-name"] = "web" }),
            AddressType = "IPv4",
            Endpoints = [],
        };

        var plan = Reconcile([Some.Pod("a").At("10.0.0.1").Ready()], [foreign]);

        Assert.Single(plan.Actions);
        Assert.IsType<Create>(plan.Actions[0]);
    }

    [Fact]
    public void Comes_to_rest_shows_each_pod_once_and_depends_on_no_order() => Gen.Select(Gen.Int[0, 2], Gen.Bool, Gen.Bool).Array[0, 230].Array[1, 3].Sample(rounds =>
    {
        var slices = new List<V1EndpointSlice>();
        foreach (var round in rounds)
        {
            var pods = round.Select((r, i) =>
            {
                var pod = Some.Pod($"p{i:d3}").At($"10.0.{i / 250}.{i % 250 + 1}");
                if (r.Item2)
                    pod.Ready();
                if (r.Item3)
                    pod.Spec.Containers[0].Ports[0].ContainerPort = 9090;
                if (r.Item1 == 0)
                    pod.Status.Phase = "Failed";
                return pod;
            }).ToList();
            var plan = Reconcile(pods, slices);
            var mirrored = Reconcile([.. pods.AsEnumerable().Reverse()], [.. slices.AsEnumerable().Reverse()]);
            Assert.Equal(plan.Actions.Select(Show), mirrored.Actions.Select(Show));
            slices = Apply(plan, slices);

            Assert.Empty(Reconcile(pods, slices).Actions);
            Assert.All(slices, s => Assert.True(s.Endpoints.Count <= 100));
            Assert.Equal(
                pods.Where(p => p.Status.Phase != "Failed").Select(p => p.Metadata.Name).Order(),
                slices.SelectMany(s => s.Endpoints).Select(e => e.TargetRef.Name).Order());
        }
    }, iter: 40);

    private Plan Reconcile(IReadOnlyList<V1Pod> pods, IReadOnlyList<V1EndpointSlice>? slices = null) =>
        EndpointSliceReconciler.Reconcile(_service, pods, slices ?? [], _ => null, Some.Context());

    private static string Show(PlannedAction action) => action switch
    {
        Create create => $"create {string.Join(',', ((V1EndpointSlice)create.Object).Endpoints.Select(e => e.TargetRef.Name))}",
        Update update => $"update {update.Object.Metadata.Name} {string.Join(',', ((V1EndpointSlice)update.Object).Endpoints.Select(e => e.TargetRef.Name))}",
        Delete delete => $"delete {delete.Target.Metadata.Name}",
        _ => action.ToString(),
    };

    private static List<V1EndpointSlice> Apply(Plan plan, List<V1EndpointSlice> slices)
    {
        var result = slices.ToDictionary(s => s.Metadata.Name);
        foreach (var action in plan.Actions)
        {
            switch (action)
            {
                case Create create:
                    // The context's names start over with each call; a made name must stay unique here.
                    create.Object.Metadata.Name += $"-{result.Count}-{Guid.NewGuid():n}";
                    result.Add(create.Object.Metadata.Name, (V1EndpointSlice)create.Object);
                    break;
                case Update update:
                    result[update.Object.Metadata.Name] = (V1EndpointSlice)update.Object;
                    break;
                case Delete delete:
                    result.Remove(delete.Target.Metadata.Name);
                    break;
            }
        }

        return [.. result.Values];
    }
}
