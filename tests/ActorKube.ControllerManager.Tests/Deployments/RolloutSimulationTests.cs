using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Deployments;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Deployments;

public class RolloutSimulationTests
{
    [Fact]
    public void Rolls_out_and_back_and_scales_within_the_limits_whatever_the_order_of_things() => Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 8], Gen.Int[0, 3], Gen.Int[0, 3])
        .Sample((seed, replicas, surge, unavailable) =>
        {
            var simulation = new Simulation(seed);
            simulation.Api.Add(Bare(Some.Deployment("web", replicas, $"{surge}", $"{unavailable}")));
            simulation.Run(() => AtMost(simulation, replicas, surge));
            Complete(simulation, replicas, "v1", revision: "1");

            simulation.Api.Change<V1Deployment>("web", d => Set(d, "v2"));
            simulation.Run(() =>
            {
                AtMost(simulation, replicas, surge);
                AtLeast(simulation, replicas, surge == 0 && unavailable == 0 ? 1 : unavailable);
            });
            Complete(simulation, replicas, "v2", revision: "2");

            simulation.Api.Change<V1Deployment>("web", d => Set(d, "v3"));
            simulation.Some_steps(seed % 60, () => AtLeast(simulation, replicas, surge == 0 && unavailable == 0 ? 1 : unavailable));
            simulation.Api.Change<V1Deployment>("web", d => Set(d, "v1"));
            simulation.Run(() => AtLeast(simulation, replicas, surge == 0 && unavailable == 0 ? 1 : unavailable));
            Complete(simulation, replicas, "v1", revision: null);

            simulation.Api.Change<V1Deployment>("web", d => Scale(d, replicas + 3));
            simulation.Run(() => { });
            Complete(simulation, replicas + 3, "v1", revision: null);
            simulation.Api.Change<V1Deployment>("web", d => Scale(d, 0));
            simulation.Run(() => { });
            Assert.Empty(simulation.Api.All<V1Pod>());
        }, iter: 60);

    [Fact]
    public void Recreate_never_runs_two_versions_at_once() => Gen.Int[0, 1_000_000].Sample(seed =>
    {
        var simulation = new Simulation(seed);
        var deployment = Some.Deployment("web", 3);
        deployment.Spec.Strategy = new V1DeploymentStrategy { Type = "Recreate" };
        simulation.Api.Add(Bare(deployment));
        simulation.Run(() => { });
        simulation.Api.Change<V1Deployment>("web", d => Set(d, "v2"));

        simulation.Run(() => Assert.True(simulation.Api.All<V1Pod>().Select(p => p.Spec.Containers[0].Image).Distinct().Count() <= 1));

        Complete(simulation, 3, "v2", revision: "2");
    }, iter: 30);

    [Fact]
    public void A_version_that_never_gets_ready_stops_at_the_limits_and_is_reported_after_the_deadline()
    {
        var simulation = new Simulation(7);
        var deployment = Some.Deployment("web", 4, "1", "1");
        deployment.Spec.ProgressDeadlineSeconds = 60;
        simulation.Api.Add(Bare(deployment));
        simulation.Run(() => { });
        simulation.Break("bad");
        simulation.Api.Change<V1Deployment>("web", d => Set(d, "bad"));

        simulation.Run(() => AtLeast(simulation, 4, 1));
        simulation.Wait(TimeSpan.FromSeconds(61));
        simulation.Run(() => AtLeast(simulation, 4, 1));

        var condition = simulation.Deployment.Status.Conditions.Single(c => c.Type == "Progressing");
        Assert.Equal(("False", "ProgressDeadlineExceeded"), (condition.Status, condition.Reason));
        Assert.Matches("^ReplicaSet \"web-[a-z0-9]+\" has timed out progressing.$", condition.Message);
        Assert.Equal(3, simulation.Active.Count(PodFacts.IsReady));

        simulation.Api.Change<V1Deployment>("web", d => Set(d, "v1"));
        simulation.Run(() => AtLeast(simulation, 4, 1));
        Complete(simulation, 4, "v1", revision: "3");
    }

    [Fact]
    public void A_paused_rollout_stands_still_and_scales_in_proportion()
    {
        var simulation = new Simulation(3);
        simulation.Api.Add(Bare(Some.Deployment("web", 10, "3", "2")));
        simulation.Run(() => { });
        simulation.Break("v2");
        simulation.Api.Change<V1Deployment>("web", d => Set(d, "v2"));
        simulation.Run(() => { });
        Assert.Equal([5, 8], Sizes(simulation));

        simulation.Api.Change<V1Deployment>("web", d =>
        {
            d.Spec.Paused = true;
            Scale(d, 15);
        });
        simulation.Run(() => { });

        // The example of the documentation.
        Assert.Equal([7, 11], Sizes(simulation));
        Assert.Equal("DeploymentPaused", simulation.Deployment.Status.Conditions.Single(c => c.Type == "Progressing").Reason);
    }

    [Fact]
    public void Keeps_as_many_old_ReplicaSets_as_the_history_limit_allows_and_their_change_causes()
    {
        var simulation = new Simulation(11);
        var deployment = Some.Deployment("web", 1);
        deployment.Spec.RevisionHistoryLimit = 2;
        simulation.Api.Add(Bare(deployment));
        simulation.Run(() => { });
        for (var i = 2; i <= 6; i++)
        {
            simulation.Api.Change<V1Deployment>("web", d =>
            {
                Set(d, $"v{i}");
                d.Metadata.Annotations["kubernetes.io/change-cause"] = $"to v{i}";
            });
            simulation.Run(() => { });
        }

        Assert.Equal(["4 to v4", "5 to v5", "6 to v6"], simulation.Api.All<V1ReplicaSet>()
            .Select(r => $"{r.Metadata.Annotations["deployment.kubernetes.io/revision"]} {r.Metadata.Annotations["kubernetes.io/change-cause"]}").Order());
    }

    [Fact]
    public void Going_back_gives_the_old_ReplicaSet_a_new_number_and_notes_the_former()
    {
        var simulation = new Simulation(5);
        simulation.Api.Add(Bare(Some.Deployment("web", 2)));
        simulation.Run(() => { });
        simulation.Api.Change<V1Deployment>("web", d => Set(d, "v2"));
        simulation.Run(() => { });
        simulation.Api.Change<V1Deployment>("web", d => Set(d, "v1"));
        simulation.Run(() => { });

        var v1 = simulation.Api.All<V1ReplicaSet>().Single(r => r.Spec.Template.Spec.Containers[0].Image == "v1");
        Assert.Equal(("3", "1"), (v1.Metadata.Annotations["deployment.kubernetes.io/revision"], v1.Metadata.Annotations["deployment.kubernetes.io/revision-history"]));
        Assert.Equal(2, simulation.Api.All<V1ReplicaSet>().Count);
        Assert.Contains(simulation.Events.All, e => e.StartsWith($"web Normal ScalingReplicaSet Scaled up replica set {v1.Metadata.Name} from 0 to 2", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_that_another_ReplicaSet_has_is_counted_and_avoided()
    {
        var simulation = new Simulation(5);
        var deployment = Some.Deployment("web", 1);
        var taken = Some.ReplicaSet($"web-{PodTemplates.Hash(deployment.Spec.Template, null)}", 0, "somebody-else");
        simulation.Api.Add(Bare(deployment));
        taken.Metadata.ResourceVersion = null;
        simulation.Api.Add(taken);

        simulation.Run(() => { });

        Assert.Equal(1, simulation.Deployment.Status.CollisionCount);
        Complete(simulation, 1, "v1", revision: "1");
    }

    private static V1Deployment Bare(V1Deployment deployment)
    {
        deployment.Metadata.ResourceVersion = null;
        deployment.Metadata.Annotations = new Dictionary<string, string>();
        return deployment;
    }

    private static void Set(V1Deployment deployment, string image)
    {
        deployment.Spec.Template.Spec.Containers[0].Image = image;
        deployment.Metadata.Generation++;
    }

    private static void Scale(V1Deployment deployment, int replicas)
    {
        deployment.Spec.Replicas = replicas;
        deployment.Metadata.Generation++;
    }

    private static List<int> Sizes(Simulation simulation) => [.. simulation.Api.All<V1ReplicaSet>().Select(r => r.Spec.Replicas ?? 0).Order()];

    private static void AtMost(Simulation simulation, int replicas, int surge) => Assert.True(simulation.Active.Count <= replicas + surge, $"{simulation.Active.Count} pods");

    private static void AtLeast(Simulation simulation, int replicas, int unavailable) =>
        Assert.True(simulation.Active.Count(PodFacts.IsReady) >= replicas - unavailable, $"{simulation.Active.Count(PodFacts.IsReady)} ready pods of {replicas}");

    private static void Complete(Simulation simulation, int replicas, string image, string? revision)
    {
        Assert.Equal(replicas, simulation.Api.All<V1Pod>().Count);
        Assert.All(simulation.Api.All<V1Pod>(), p => Assert.Equal(image, p.Spec.Containers[0].Image));
        var deployment = simulation.Deployment;
        Assert.Equal((replicas, replicas, replicas), (deployment.Status.Replicas ?? 0, deployment.Status.UpdatedReplicas ?? 0, deployment.Status.AvailableReplicas ?? 0));
        Assert.Equal(deployment.Metadata.Generation, deployment.Status.ObservedGeneration);
        Assert.Equal(["NewReplicaSetAvailable"], deployment.Status.Conditions.Where(c => c.Type == "Progressing").Select(c => c.Reason));
        Assert.Equal(["True"], deployment.Status.Conditions.Where(c => c.Type == "Available").Select(c => c.Status));
        if (revision is not null)
            Assert.Equal(revision, deployment.Metadata.Annotations["deployment.kubernetes.io/revision"]);
    }
}
