using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Deployments;
using ActorKube.ControllerManager.Rollbacks;
using ActorKube.ControllerManager.Tests.Deployments;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Rollbacks;

public class RollbackTests
{
    [Fact]
    public void A_version_that_never_gets_ready_goes_back_after_the_progress_deadline_whatever_the_order_of_things() => Gen.Int[0, 1_000_000].Sample(seed =>
    {
        var simulation = Running(seed);
        simulation.Break("bad");
        simulation.Api.Change<V1Deployment>("web", d => Set(d, "bad"));
        simulation.Run(() => AtLeast(simulation, 3));
        simulation.Wait(TimeSpan.FromSeconds(61));
        simulation.Run(() => AtLeast(simulation, 3));

        Back(simulation, "v1", "Revision 2 failed: it did not complete within its progress deadline; back to revision 1", "ProgressDeadlineExceeded");
        Assert.Contains("RolledBack", Reasons(simulation));
    }, iter: 40);

    [Fact]
    public void A_version_that_becomes_ready_and_then_ends_again_and_again_goes_back() => Gen.Int[0, 1_000_000].Sample(seed =>
    {
        var simulation = Running(seed);
        simulation.Crash("bad");
        simulation.Api.Change<V1Deployment>("web", d => Set(d, "bad"));
        simulation.Run(() => AtLeast(simulation, 3));

        Assert.Equal("v1", simulation.Deployment.Spec.Template.Spec.Containers[0].Image);
        Assert.Matches("^Revision 2 failed: pod web-[-a-z0-9]+ restarted [3-6] times; container main ended last with exit code 1 \\(Error\\); back to revision 1$", Told(simulation).Message);
    }, iter: 40);

    [Fact]
    public void It_never_loops_though_the_version_before_fails_as_well()
    {
        var simulation = Running(1);
        simulation.Crash("bad");
        simulation.Crash("v1");
        simulation.Api.Change<V1Deployment>("web", d => Set(d, "bad"));
        simulation.Run(() => { });
        simulation.Wait(TimeSpan.FromMinutes(20));
        simulation.Run(() => { });

        Assert.Equal("v1", simulation.Deployment.Spec.Template.Spec.Containers[0].Image);
        Assert.Single(Reasons(simulation), r => r == "RolledBack");
    }

    [Fact]
    public void Who_asks_for_a_failed_version_again_and_again_gets_it_in_the_end()
    {
        var simulation = Running(2);
        simulation.Break("bad");
        for (var i = 0; i < RollbackReconciler.MaxFailures; i++)
        {
            simulation.Api.Change<V1Deployment>("web", d => Set(d, "bad"));
            simulation.Run(() => { });
            simulation.Wait(TimeSpan.FromSeconds(61));
            simulation.Run(() => AtLeast(simulation, 3));
            Assert.Equal("v1", simulation.Deployment.Spec.Template.Spec.Containers[0].Image);
        }

        simulation.Api.Change<V1Deployment>("web", d => Set(d, "bad"));
        simulation.Run(() => { });
        simulation.Wait(TimeSpan.FromSeconds(61));
        simulation.Run(() => AtLeast(simulation, 3));
        Assert.Equal("bad", simulation.Deployment.Spec.Template.Spec.Containers[0].Image);
        Assert.Single(Reasons(simulation), r => r == "RollbackGivenUp");
    }

    [Fact]
    public void A_first_version_has_nothing_to_go_back_to()
    {
        var simulation = new Simulation(3) { RollsBack = true };
        simulation.Break("v1");
        simulation.Api.Add(Asking());
        simulation.Run(() => { });
        simulation.Wait(TimeSpan.FromSeconds(61));
        simulation.Run(() => { });

        Assert.Single(Reasons(simulation), r => r == "NothingToRollBackTo");
    }

    [Fact]
    public void A_version_is_good_only_after_it_was_watched_for_a_while()
    {
        var simulation = Running(4);
        simulation.Api.Change<V1Deployment>("web", d => Set(d, "v2"));
        simulation.Run(() => { });
        Assert.Equal(1, Reasons(simulation).Count(r => r == "RevisionGood"));
        simulation.Wait(TimeSpan.FromSeconds(62));
        simulation.Run(() => { });
        Assert.Equal(2, Reasons(simulation).Count(r => r == "RevisionGood"));

        simulation.Crash("v2");
        simulation.Run(() => { });
        Assert.Equal("v2", simulation.Deployment.Spec.Template.Spec.Containers[0].Image);
    }

    [Fact]
    public void Without_the_annotation_nothing_goes_back()
    {
        var simulation = new Simulation(5) { RollsBack = true };
        var deployment = Asking();
        deployment.Metadata.Annotations.Clear();
        simulation.Api.Add(deployment);
        simulation.Run(() => { });
        simulation.Crash("bad");
        simulation.Api.Change<V1Deployment>("web", d => Set(d, "bad"));
        simulation.Run(() => { });
        Assert.Equal("bad", simulation.Deployment.Spec.Template.Spec.Containers[0].Image);
    }

    [Theory]
    [InlineData("actorkube.io/rollback", "always", "actorkube.io/rollback: \"always\" is neither on-failure nor off")]
    [InlineData("actorkube.io/rollback-restarts", "some", "actorkube.io/rollback-restarts: \"some\" is not a number")]
    [InlineData("actorkube.io/rollback-watch", "1 minute", "actorkube.io/rollback-watch: \"1 minute\" is not a duration such as 90s or 5m")]
    [InlineData("actorkube.io/rollback-http", "/healthz", "actorkube.io/rollback-http: \"/healthz\" is not a port and a path such as 8080/healthz")]
    public void What_is_wrong_with_a_rule_is_said(string key, string value, string expected)
    {
        Assert.Null(RollbackRules.Read(new Dictionary<string, string> { [RollbackRules.Switch] = "on-failure", [key] = value }, out var error));
        Assert.Equal(expected, error);
    }

    [Fact]
    public void The_rules_are_what_the_annotations_say()
    {
        var rules = RollbackRules.Read(
            new Dictionary<string, string>
            {
                [RollbackRules.Switch] = "on-failure",
                ["actorkube.io/rollback-restarts"] = "5",
                ["actorkube.io/rollback-unready"] = "1h2m3s",
                ["actorkube.io/rollback-deadline"] = "5m",
                ["actorkube.io/rollback-watch"] = "0s",
                ["actorkube.io/rollback-http"] = "8080/healthz?deep=1",
            },
            out _);
        Assert.Equal(new RollbackRules(5, new TimeSpan(1, 2, 3), TimeSpan.FromMinutes(5), TimeSpan.Zero, new HttpCheck(8080, "/healthz?deep=1")), rules);
    }

    [Fact]
    public void A_canary_stops_at_each_step_for_as_long_as_it_says_and_then_goes_on() => Gen.Int[0, 1_000_000].Sample(seed =>
    {
        var simulation = Running(seed, replicas: 10);
        simulation.Api.Change<V1Deployment>("web", d =>
        {
            d.Metadata.Annotations["actorkube.io/canary"] = "1 2m, 50% 5m";
            Set(d, "v2");
        });
        simulation.Run(() => AtLeast(simulation, 9));
        Assert.Equal((1, 9), (Of(simulation, "v2"), Of(simulation, "v1")));
        var holds = simulation.Deployment.Status.Conditions.Single(c => c.Type == "Progressing");
        Assert.Equal(("True", "CanaryHolds"), (holds.Status, holds.Reason));
        Assert.StartsWith("Step 1 of 2: 1 of 10 pods until ", holds.Message);

        simulation.Wait(TimeSpan.FromMinutes(2) + TimeSpan.FromSeconds(1));
        simulation.Run(() => AtLeast(simulation, 9));
        Assert.Equal((5, 5), (Of(simulation, "v2"), Of(simulation, "v1")));

        simulation.Wait(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        simulation.Run(() => AtLeast(simulation, 9));
        Assert.Equal((10, 0), (Of(simulation, "v2"), Of(simulation, "v1")));
        Assert.Equal("NewReplicaSetAvailable", simulation.Deployment.Status.Conditions.Single(c => c.Type == "Progressing").Reason);
    }, iter: 20);

    [Fact]
    public void A_canary_that_fails_goes_back_at_once_and_in_one_step()
    {
        var simulation = Running(6, replicas: 10);
        simulation.Crash("bad");
        simulation.Api.Change<V1Deployment>("web", d =>
        {
            d.Metadata.Annotations["actorkube.io/canary"] = "1 10m";
            Set(d, "bad");
        });
        simulation.Run(() => AtLeast(simulation, 9));
        Assert.Equal((0, 10), (Of(simulation, "bad"), Of(simulation, "v1")));
    }

    [Fact]
    public void A_canary_that_nobody_understands_goes_nowhere()
    {
        var simulation = Running(7);
        simulation.Api.Change<V1Deployment>("web", d =>
        {
            d.Metadata.Annotations["actorkube.io/canary"] = "ten percent";
            Set(d, "v2");
        });
        simulation.Some_steps(500, () => AtLeast(simulation, 3));
        Assert.Equal((0, 4), (Of(simulation, "v2"), Of(simulation, "v1")));
        Assert.Contains("InvalidRollbackRule", Reasons(simulation));
    }

    private static Simulation Running(int seed, int replicas = 4)
    {
        var simulation = new Simulation(seed) { RollsBack = true };
        var deployment = Asking();
        deployment.Spec.Replicas = replicas;
        simulation.Api.Add(deployment);
        simulation.Run(() => { });
        simulation.Wait(TimeSpan.FromSeconds(62));
        simulation.Run(() => { });
        Assert.Contains("RevisionGood", Reasons(simulation));
        return simulation;
    }

    private static V1Deployment Asking()
    {
        var deployment = Some.Deployment("web", 4, "1", "1");
        deployment.Metadata.Annotations = new Dictionary<string, string> { [RollbackRules.Switch] = "on-failure" };
        deployment.Spec.ProgressDeadlineSeconds = 60;
        deployment.Metadata.ResourceVersion = null;
        return deployment;
    }

    private static void Set(V1Deployment deployment, string image)
    {
        deployment.Spec.Template.Spec.Containers[0].Image = image;
        deployment.Metadata.Generation++;
    }

    private static int Of(Simulation simulation, string image) => simulation.Active.Count(p => p.Spec.Containers[0].Image == image && PodFacts.IsReady(p));

    private static void AtLeast(Simulation simulation, int ready) => Assert.InRange(simulation.Active.Count(PodFacts.IsReady), ready, int.MaxValue);

    private static V1DeploymentCondition Told(Simulation simulation) => simulation.Deployment.Status.Conditions.Single(c => c.Type == "RolledBack");

    private static void Back(Simulation simulation, string image, string message, string reason)
    {
        Assert.Equal(image, simulation.Deployment.Spec.Template.Spec.Containers[0].Image);
        Assert.All(simulation.Active, p => Assert.Equal(image, p.Spec.Containers[0].Image));
        Assert.Equal((message, reason, "True"), (Told(simulation).Message, Told(simulation).Reason, Told(simulation).Status));
        var failed = simulation.Api.All<V1ReplicaSet>().Single(r => r.Spec.Template.Spec.Containers[0].Image != image);
        Assert.NotNull(RolloutMarks.Of(new RolloutRevision(failed, 0))!.Failed);
    }

    private static IReadOnlyList<string> Reasons(Simulation simulation) => [.. simulation.Events.All.Select(e => e.Split(' ')[2])];
}
