using ActorKube.ControllerManager.Nodes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Nodes;

public sealed class NodeHealthTests
{
    private static readonly NodeLifecycleSettings Settings = new();

    [Fact]
    public void A_node_of_old_is_given_time_to_find_a_controller_that_has_just_started()
    {
        Assert.Equal(TimeSpan.FromSeconds(20), NodeHealth.GraceOf(Lease(8), SignsOfLife.BeforeThisController, Settings));
        Assert.Equal(TimeSpan.FromSeconds(8), NodeHealth.GraceOf(Lease(8), SignsOfLife.Here, Settings));
        Assert.Equal(TimeSpan.FromSeconds(60), NodeHealth.GraceOf(null, SignsOfLife.Never, Settings));
    }

    private static V1Lease Lease(int seconds) => new() { Spec = new V1LeaseSpec { LeaseDurationSeconds = seconds } };
}
