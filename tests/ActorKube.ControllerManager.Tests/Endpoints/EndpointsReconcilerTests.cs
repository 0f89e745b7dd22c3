using ActorKube.ControllerManager.Endpoints;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Endpoints;

public class EndpointsReconcilerTests
{
    [Fact]
    public void Shows_ready_and_unready_pods_and_comes_to_rest()
    {
        var service = Some.Service("web", ("", 80, "8080"));
        V1Pod[] pods = [Some.Pod("a").At("10.0.0.1").Ready(), Some.Pod("b").At("10.0.0.2"), Some.Pod("c").At("10.0.0.3").Ready().Deleting()];

        var made = (V1Endpoints)EndpointsReconciler.Reconcile(service, pods, null).Of<Create>()[0].Object;

        var subset = Assert.Single(made.Subsets);
        Assert.Equal("10.0.0.1", Assert.Single(subset.Addresses).Ip);
        Assert.Equal("10.0.0.2", Assert.Single(subset.NotReadyAddresses).Ip);
        Assert.Equal((8080, null), (subset.Ports[0].Port, subset.Ports[0].Name));
        Assert.Empty(EndpointsReconciler.Reconcile(service, pods.Reverse(), made).Actions);
        Assert.Single(EndpointsReconciler.Reconcile(service, pods.Take(1), made).Of<Update>());
    }

    [Fact]
    public void Without_a_pod_there_are_no_subsets_rather_than_an_empty_list()
    {
        var service = Some.Service("web", ("", 80, "8080"));
        var made = (V1Endpoints)EndpointsReconciler.Reconcile(service, [], null).Of<Create>()[0].Object;
        Assert.Null(made.Subsets);
        Assert.Empty(EndpointsReconciler.Reconcile(service, [], made).Actions);
    }
}
