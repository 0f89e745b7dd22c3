using k8s.Models;

namespace ActorKube.Cli.Tests;

public sealed class RolloutStatusTests
{
    [Theory]
    [InlineData(1, 3, 0, 0, 0, "Waiting for deployment spec update to be observed...", false)]
    [InlineData(2, 3, 1, 3, 3, "Waiting for deployment \"web\" rollout to finish: 1 out of 3 new replicas have been updated...", false)]
    [InlineData(2, 3, 3, 4, 3, "Waiting for deployment \"web\" rollout to finish: 1 old replicas are pending termination...", false)]
    [InlineData(2, 3, 3, 3, 2, "Waiting for deployment \"web\" rollout to finish: 2 of 3 updated replicas are available...", false)]
    [InlineData(2, 3, 3, 3, 3, "deployment \"web\" successfully rolled out", true)]
    public void Says_how_far_a_rollout_is(int observed, int wanted, int updated, int all, int available, string message, bool done)
    {
        var deployment = Deployment(wanted);
        deployment.Status = new V1DeploymentStatus { ObservedGeneration = observed, UpdatedReplicas = updated, Replicas = all, AvailableReplicas = available };
        Assert.Equal((message, done), RolloutStatus.Of(deployment));
    }

    [Fact]
    public void A_rollout_that_makes_no_progress_is_an_error()
    {
        var deployment = Deployment(3);
        deployment.Status = new V1DeploymentStatus
        {
            ObservedGeneration = 2, Conditions = [new V1DeploymentCondition { Type = "Progressing", Status = "False", Reason = "ProgressDeadlineExceeded" }],
        };
        Assert.Equal("deployment \"web\" exceeded its progress deadline", Assert.Throws<CliException>(() => RolloutStatus.Of(deployment)).Message);
    }

    private static V1Deployment Deployment(int replicas) => new()
    {
        Metadata = new V1ObjectMeta { Name = "web", Generation = 2 }, Spec = new V1DeploymentSpec { Replicas = replicas },
    };
}
