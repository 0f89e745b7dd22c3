using ActorKube.Api.Kinds;
using ActorKube.ControllerManager.Garbage;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Garbage;

public class GarbageDecisionTests
{
    private static readonly ResourceKind Pods = KindRegistry.BuiltIn.Of<V1Pod>();
    private static readonly ResourceKind Sets = KindRegistry.BuiltIn.Of<V1ReplicaSet>();

    private readonly OwnerGraph _graph = new();

    [Fact]
    public void An_object_whose_owner_is_there_stays()
    {
        Observe(Sets, "rs");
        Observe(Pods, "pod", "rs");

        Assert.IsType<GarbageAction.None>(Decide("pod"));
    }

    [Fact]
    public void An_owner_not_seen_yet_is_asked_for_and_its_dependent_waits()
    {
        var look = Observe(Pods, "pod", "rs");

        Assert.Contains("rs", look);
        Assert.IsType<GarbageAction.Verify>(Decide("rs"));
        Assert.IsType<GarbageAction.None>(Decide("pod"));

        Assert.Contains("pod", _graph.Remove("rs"));
        Assert.Equal("Background", Assert.IsType<GarbageAction.Delete>(Decide("pod")).PropagationPolicy);
    }

    [Fact]
    public void When_the_owner_goes_its_dependents_go()
    {
        Observe(Sets, "rs");
        Observe(Pods, "pod", "rs");

        Assert.Equal(["pod"], _graph.Remove("rs"));
        Assert.IsType<GarbageAction.Delete>(Decide("pod"));
    }

    [Fact]
    public void With_another_owner_left_only_the_reference_goes()
    {
        Observe(Sets, "a");
        Observe(Sets, "b");
        Observe(Pods, "pod", "a", "b");
        _graph.Remove("a");

        Assert.Equal(["a"], Assert.IsType<GarbageAction.ReleaseFrom>(Decide("pod")).OwnerUids);
    }

    [Fact]
    public void In_the_foreground_dependents_go_first()
    {
        Observe(Sets, "rs");
        Observe(Pods, "pod", "rs");
        var look = ObserveDeleting(Sets, "rs", "foregroundDeletion");

        Assert.Equal(["pod", "rs"], look.Order());
        Assert.IsType<GarbageAction.None>(Decide("rs"));
        Assert.IsType<GarbageAction.Delete>(Decide("pod"));
        Assert.Contains("rs", _graph.Remove("pod"));
        Assert.Equal("foregroundDeletion", Assert.IsType<GarbageAction.Unhold>(Decide("rs")).Finalizer);
    }

    [Fact]
    public void Orphaned_dependents_are_released_and_stay()
    {
        Observe(Sets, "rs");
        Observe(Pods, "pod", "rs");
        ObserveDeleting(Sets, "rs", "orphan");

        Assert.Equal("pod", Assert.Single(Assert.IsType<GarbageAction.ReleaseDependents>(Decide("rs")).Dependents).Name);
        Assert.Contains("rs", Observe(Pods, "pod"));
        Assert.Equal("orphan", Assert.IsType<GarbageAction.Unhold>(Decide("rs")).Finalizer);
        _graph.Remove("rs");
        Assert.IsType<GarbageAction.None>(Decide("pod"));
    }

    [Fact]
    public void An_owner_of_an_unknown_kind_or_in_no_namespace_makes_no_garbage()
    {
        var pod = Meta("pod", null, "w");
        pod.OwnerReferences[0].Kind = "Widget";
        _graph.Observe(Pods, pod);
        _graph.Observe(KindRegistry.BuiltIn.Of<V1ClusterRole>(), new V1ObjectMeta { Name = "role", Uid = "role", OwnerReferences = [Reference("rs")] });

        Assert.IsType<GarbageAction.None>(Decide("w"));
        Assert.IsType<GarbageAction.None>(Decide("pod"));
        Assert.IsType<GarbageAction.None>(Decide("role"));
    }

    [Fact]
    public void Whatever_the_order_of_news_an_object_with_a_living_owner_is_never_deleted_and_one_with_none_is() => Gen.Shuffle(Enumerable.Range(0, 6).ToArray()).Sample(order =>
    {
        var graph = new OwnerGraph();
        foreach (var step in order)
        {
            switch (step)
            {
                case 0:
                    graph.Observe(Sets, Meta("living"));
                    break;
                case 1:
                    graph.Observe(Pods, Meta("kept", null, "living"));
                    break;
                case 2:
                    graph.Observe(Pods, Meta("shared", null, "living", "dead"));
                    break;
                case 3:
                    graph.Observe(Pods, Meta("garbage", null, "dead"));
                    break;
                case 4:
                    graph.Remove("dead");
                    break;
                default:
                    graph.Observe(Pods, Meta("free"));
                    break;
            }

            foreach (var uid in new[] { "kept", "shared", "free", "living" })
            {
                if (graph.Find(uid) is { } node)
                    Assert.IsNotType<GarbageAction.Delete>(GarbageDecision.Of(node, graph));
            }
        }

        Assert.IsType<GarbageAction.Delete>(GarbageDecision.Of(graph.Find("garbage")!, graph));
        Assert.IsType<GarbageAction.ReleaseFrom>(GarbageDecision.Of(graph.Find("shared")!, graph));
    });

    private GarbageAction Decide(string uid) => GarbageDecision.Of(_graph.Find(uid)!, _graph);

    private IReadOnlyCollection<string> Observe(ResourceKind kind, string name, params string[] owners) => _graph.Observe(kind, Meta(name, null, owners));

    private IReadOnlyCollection<string> ObserveDeleting(ResourceKind kind, string name, string deleting) => _graph.Observe(kind, Meta(name, deleting));

    private static V1ObjectMeta Meta(string name, string? deleting = null, params string[] owners) => new()
    {
        Name = name,
        NamespaceProperty = "default",
        Uid = name,
        DeletionTimestamp = deleting is null ? null : new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc),
        Finalizers = deleting is null ? null : [deleting],
        OwnerReferences = [.. owners.Select(Reference)],
    };

    private static V1OwnerReference Reference(string name) => new() { ApiVersion = "apps/v1", Kind = "ReplicaSet", Name = name, Uid = name, BlockOwnerDeletion = true };
}
