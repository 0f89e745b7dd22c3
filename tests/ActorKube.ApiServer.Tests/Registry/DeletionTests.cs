using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Registry;

public sealed class DeletionTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    private static V1Pod Pod(string? node = "n1", params string[] finalizers) => new()
    {
        ApiVersion = "v1",
        Kind = "Pod",
        Metadata = new V1ObjectMeta { Name = "p", Generation = 1, Finalizers = finalizers.Length == 0 ? null : [.. finalizers] },
        Spec = new V1PodSpec { NodeName = node, Containers = [], TerminationGracePeriodSeconds = 20 },
    };

    private static DeletionPlan Delete(V1Pod pod, V1DeleteOptions? options = null, DateTime? now = null) =>
        Deletion.Decide(pod, options ?? new(), PodDeletion.GracePeriodSeconds(pod, options ?? new()), now ?? Now);

    [Fact]
    public void A_pod_that_no_node_has_goes_at_once() => Assert.Same(DeletionPlan.Now, Delete(Pod(node: null)));

    [Fact]
    public void A_finished_pod_goes_at_once()
    {
        var pod = Pod();
        pod.Status = new V1PodStatus { Phase = "Succeeded" };
        Assert.Same(DeletionPlan.Now, Delete(pod));
    }

    [Fact]
    public void A_running_pod_gets_its_grace_period()
    {
        var marked = Delete(Pod()).Updated!.Metadata;
        Assert.Equal(Now.AddSeconds(20), marked.DeletionTimestamp);
        Assert.Equal(20, marked.DeletionGracePeriodSeconds);
        Assert.Equal(2, marked.Generation);
    }

    [Fact]
    public void A_second_deletion_may_shorten_the_period_and_never_lengthen_it()
    {
        var marked = (V1Pod)Delete(Pod()).Updated!;
        Assert.Same(DeletionPlan.AlreadyDeleting, Delete(marked, new() { GracePeriodSeconds = 60 }));
        Assert.Same(DeletionPlan.AlreadyDeleting, Delete(marked));
        var shorter = Delete(marked, new() { GracePeriodSeconds = 5 }).Updated!.Metadata;
        Assert.Equal(Now.AddSeconds(5), shorter.DeletionTimestamp);
        Assert.Equal(5, shorter.DeletionGracePeriodSeconds);
        Assert.Equal(2, shorter.Generation);
    }

    [Fact]
    public void The_kubelets_deletion_with_no_grace_removes_the_pod()
    {
        var marked = (V1Pod)Delete(Pod()).Updated!;
        Assert.Same(DeletionPlan.Now, Delete(marked, new() { GracePeriodSeconds = 0 }));
    }

    [Fact]
    public void Finalizers_keep_a_pod_after_its_grace_period()
    {
        var plan = Delete(Pod(finalizers: "example.com/wait"), new() { GracePeriodSeconds = 0 });
        Assert.False(plan.Remove);
        Assert.Equal(0, plan.Updated!.Metadata.DeletionGracePeriodSeconds);
        Assert.Equal(Now, plan.Updated.Metadata.DeletionTimestamp);
    }

    [Theory]
    [InlineData("Foreground", "foregroundDeletion")]
    [InlineData("Orphan", "orphan")]
    public void A_propagation_policy_becomes_a_finalizer(string policy, string finalizer)
    {
        var configMap = new V1ConfigMap { ApiVersion = "v1", Kind = "ConfigMap", Metadata = new V1ObjectMeta { Name = "c" } };
        var plan = Deletion.Decide(configMap, new() { PropagationPolicy = policy }, null, Now);
        Assert.Equal([finalizer], plan.Updated!.Metadata.Finalizers);
        Assert.NotNull(plan.Updated.Metadata.DeletionTimestamp);
        Assert.Same(DeletionPlan.AlreadyDeleting, Deletion.Decide(plan.Updated, new() { PropagationPolicy = policy }, null, Now));
        // Changing one's mind towards background deletion lets it go.
        Assert.Same(DeletionPlan.Now, Deletion.Decide(plan.Updated, new() { PropagationPolicy = "Background" }, null, Now));
    }

    [Fact]
    public void A_namespace_waits_for_its_content()
    {
        var ns = new V1Namespace { ApiVersion = "v1", Kind = "Namespace", Metadata = new V1ObjectMeta { Name = "n" }, Spec = new V1NamespaceSpec { Finalizers = ["kubernetes"] } };
        var plan = Deletion.Decide(ns, new(), null, Now);
        Assert.Equal("Terminating", ((V1Namespace)plan.Updated!).Status.Phase);
        Assert.Same(DeletionPlan.AlreadyDeleting, Deletion.Decide(plan.Updated, new(), null, Now));
    }
}
