using System.Text.Json;
using ActorKube.ControllerManager.PodGc;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.PodGc;

public class PodGcReconcilerTests
{
    [Fact]
    public void Pods_of_a_node_that_stays_missing_fail_and_go()
    {
        var pod = Some.Pod("a").On("gone").Ready();

        Assert.Empty(Reconcile([pod], missing: 39).Actions);
        var patch = Assert.Single(Reconcile([pod], missing: 40).Of<Merge>());
        Assert.Equal("status", patch.Subresource);
        var failed = JsonSerializer.Deserialize<V1Pod>(ActorKube.Api.Machinery.Patch.ApplyTo(
            ActorKube.Api.Machinery.ApiJson.Serialize(pod), "application/merge-patch+json", JsonSerializer.SerializeToUtf8Bytes(patch.Body), typeof(V1Pod), []), ActorKube.Api.Machinery.ApiJson.Options)!;
        Assert.Equal(("Failed", "DeletionByPodGC"), (failed.Status.Phase, failed.Status.Conditions.Single(c => c.Type == "DisruptionTarget").Reason));
        Assert.Equal(0, Assert.Single(Reconcile([failed], missing: 41).Of<Delete>()).GracePeriodSeconds);
    }

    [Fact]
    public void A_pod_deleted_before_it_got_a_node_goes_at_once()
    {
        Assert.Equal("a", Assert.Single(Reconcile([Some.Pod("a").Deleting(), Some.Pod("b"), Some.Pod("c").On("n1").Deleting()]).Of<Delete>()).Target.Metadata.Name);
    }

    [Fact]
    public void The_oldest_finished_pods_beyond_the_threshold_go()
    {
        var pods = Enumerable.Range(0, 5).Select(i =>
        {
            var pod = Some.Pod($"p{i}").On("n1");
            pod.Status.Phase = "Succeeded";
            pod.Metadata.CreationTimestamp = Some.Now.AddMinutes(-i).UtcDateTime;
            return pod;
        }).ToList();

        Assert.Equal(["p4", "p3"], Reconcile(pods, threshold: 3).Of<Delete>().Select(d => d.Target.Metadata.Name));
        Assert.Empty(Reconcile(pods, threshold: 0).Actions);
    }

    [Fact]
    public void Terminating_pods_of_a_node_out_of_service_are_given_up()
    {
        var node = Some.Node("n1", ready: "Unknown");
        node.Spec.Taints = [new V1Taint { Key = "node.kubernetes.io/out-of-service", Effect = "NoExecute" }];

        var plan = PodGcReconciler.Reconcile([Some.Pod("a").On("n1").Deleting(), Some.Pod("b").On("n1")], new Dictionary<string, V1Node> { ["n1"] = node },
            new Dictionary<string, DateTimeOffset>(), TimeSpan.FromSeconds(40), 0, Some.Now);

        Assert.Equal("a", Assert.Single(plan.Of<Merge>()).Target.Metadata.Name);
    }

    private static Plan Reconcile(IReadOnlyCollection<V1Pod> pods, int missing = 0, int threshold = 100) => PodGcReconciler.Reconcile(
        pods, new Dictionary<string, V1Node> { ["n1"] = Some.Node("n1") }, new Dictionary<string, DateTimeOffset> { ["gone"] = Some.Now },
        TimeSpan.FromSeconds(40), threshold, Some.Now.AddSeconds(missing));
}
