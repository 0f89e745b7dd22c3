using ActorKube.ControllerManager.ReplicationControllers;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.ReplicationControllers;

public sealed class ReplicationControllerControllerTests
{
    private readonly World _world = new();
    private readonly V1ReplicationController _controller = new()
    {
        Metadata = Some.Meta("web", generation: 1),
        Spec = new V1ReplicationControllerSpec { Replicas = 2, Selector = new Dictionary<string, string> { ["app"] = "web" }, Template = Some.Template("web") },
    };

    private bool Step()
    {
        var plan = ReplicationControllerController.Reconcile(_controller, _world.Pods, _world.Context);
        if (_world.Apply(plan) is V1ReplicationController changed)
            _controller.Status = changed.Status;
        return plan.Actions.Count > 0;
    }

    [Fact]
    public void It_keeps_the_wanted_number_of_pods_of_its_own_kind_and_then_rests()
    {
        Step();
        Assert.Equal(2, _world.Alive.Count);
        Assert.All(_world.Pods, p => Assert.Equal(("v1", "ReplicationController", "web"), (p.Metadata.OwnerReferences[0].ApiVersion, p.Metadata.OwnerReferences[0].Kind, p.Metadata.OwnerReferences[0].Name)));
        _world.MakeReady(_world.Pods);
        Step();
        Assert.Equal((2, 2, 2), (_controller.Status.Replicas, _controller.Status.ReadyReplicas, _controller.Status.AvailableReplicas));
        Assert.False(Step());
        _controller.Spec.Replicas = 1;
        Step();
        Assert.Single(_world.Alive);
    }
}
