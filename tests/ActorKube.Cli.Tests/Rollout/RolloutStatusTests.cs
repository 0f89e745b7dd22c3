using System.Text.Json.Nodes;
using ActorKube.Cli.Rollout;

namespace ActorKube.Cli.Tests.Rollout;

public sealed class RolloutStatusTests
{
    [Theory]
    [InlineData(1, 3, 0, 0, 0, "Waiting for deployment spec update to be observed...", false)]
    [InlineData(2, 3, 1, 3, 3, "Waiting for deployment \"web\" rollout to finish: 1 out of 3 new replicas have been updated...", false)]
    [InlineData(2, 3, 3, 4, 3, "Waiting for deployment \"web\" rollout to finish: 1 old replicas are pending termination...", false)]
    [InlineData(2, 3, 3, 3, 2, "Waiting for deployment \"web\" rollout to finish: 2 of 3 updated replicas are available...", false)]
    [InlineData(2, 3, 3, 3, 3, "deployment \"web\" successfully rolled out", true)]
    public void Says_how_far_a_deployment_is(int observed, int wanted, int updated, int all, int available, string message, bool done)
    {
        var deployment = Some("Deployment", $$"""{"replicas":{{wanted}}}""",
            $$"""{"observedGeneration":{{observed}},"updatedReplicas":{{updated}},"replicas":{{all}},"availableReplicas":{{available}}}""");
        Assert.Equal((message, done), RolloutStatus.Of(deployment));
    }

    [Fact]
    public void A_rollout_that_makes_no_progress_is_an_error()
    {
        var deployment = Some("Deployment", """{"replicas":3}""", """{"observedGeneration":2,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]}""");
        Assert.Equal("deployment \"web\" exceeded its progress deadline", Assert.Throws<CliException>(() => RolloutStatus.Of(deployment)).Message);
    }

    [Theory]
    [InlineData(3, 1, 1, "Waiting for daemon set \"web\" rollout to finish: 1 out of 3 new pods have been updated...", false)]
    [InlineData(3, 3, 2, "Waiting for daemon set \"web\" rollout to finish: 2 of 3 updated pods are available...", false)]
    [InlineData(3, 3, 3, "daemon set \"web\" successfully rolled out", true)]
    public void Says_how_far_a_daemon_set_is(int wanted, int updated, int available, string message, bool done)
    {
        var set = Some("DaemonSet", """{"updateStrategy":{"type":"RollingUpdate"}}""",
            $$"""{"observedGeneration":2,"desiredNumberScheduled":{{wanted}},"updatedNumberScheduled":{{updated}},"numberAvailable":{{available}}}""");
        Assert.Equal((message, done), RolloutStatus.Of(set));
    }

    [Theory]
    [InlineData(2, 3, "a", 0, "Waiting for 1 pods to be ready...", false)]
    [InlineData(3, 1, "a", 0, "waiting for statefulset rolling update to complete 1 pods at revision b...", false)]
    [InlineData(3, 3, "b", 0, "statefulset rolling update complete 3 pods at revision b...", true)]
    [InlineData(3, 0, "a", 2, "Waiting for partitioned roll out to finish: 0 out of 1 new pods have been updated...", false)]
    [InlineData(3, 1, "a", 2, "partitioned roll out complete: 1 new pods have been updated...", true)]
    public void Says_how_far_a_stateful_set_is(int ready, int updated, string current, int partition, string message, bool done)
    {
        var set = Some("StatefulSet", $$$"""{"replicas":3,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":{{{partition}}} } } }""",
            $$"""{"observedGeneration":2,"readyReplicas":{{ready}},"updatedReplicas":{{updated}},"currentReplicas":3,"updateRevision":"b","currentRevision":"{{current}}"}""");
        Assert.Equal((message, done), RolloutStatus.Of(set));
    }

    [Theory]
    [InlineData("DaemonSet", "rollout status is only available for RollingUpdate strategy type")]
    [InlineData("Pod", "no status viewer has been implemented for Pod")]
    public void What_is_not_rolled_out_has_no_status(string kind, string message) =>
        Assert.Equal(message, Assert.Throws<CliException>(() => RolloutStatus.Of(Some(kind, """{"updateStrategy":{"type":"OnDelete"}}""", "{}"))).Message);

    private static JsonObject Some(string kind, string spec, string status) =>
        JsonNode.Parse($$"""{"kind":"{{kind}}","metadata":{"name":"web","generation":2},"spec":{{spec}},"status":{{status}}}""")!.AsObject();
}
