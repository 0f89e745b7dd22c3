using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.DaemonSets;

/// <summary>Watches DaemonSets, their pods and revisions, and nodes for the <see cref="DaemonSetReconciler"/>.</summary>
internal sealed class DaemonSetController : IController
{
    private readonly ILister<V1DaemonSet> _sets;
    private readonly ILister<V1Pod> _pods;
    private readonly ILister<V1Node> _nodes;
    private readonly ILister<V1ControllerRevision> _revisions;

    public DaemonSetController(IInformerFactory informers)
    {
        var (sets, pods, nodes, revisions) = (informers.Informer<V1DaemonSet>(), informers.Informer<V1Pod>(), informers.Informer<V1Node>(), informers.Informer<V1ControllerRevision>());
        Ownership.AddIndex(pods);
        Ownership.AddIndex(revisions);
        (_sets, _pods, _nodes, _revisions) = (sets.Lister, pods.Lister, nodes.Lister, revisions.Lister);
        Sources = [Source.Own(sets), Source.Of(pods, pod => Ownership.OwnersOf(pod, _sets, s => LabelSelector.From(s.Spec.Selector))), Source.OfChanges(nodes, OfNode), Source.Of(revisions, Ownership.OwnerOf<V1DaemonSet>)];
    }

    public string Name => "daemonset";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => _sets.Get(key.Namespace, key.Name) is { } set
        ? DaemonSetReconciler.Reconcile(set, Ownership.Candidates(_pods, set), _revisions.ByIndex(Ownership.ByController, set.Metadata.Uid), _nodes.List(), context)
        : Plan.Nothing;

    // Heartbeats change nodes all the time; only what decides where daemons run matters.
    private IEnumerable<ObjectKey> OfNode(V1Node? old, V1Node node) =>
        old is not null && SemanticEquality.Equal(old.Metadata.Labels, node.Metadata.Labels) && SemanticEquality.Equal(old.Spec?.Taints, node.Spec?.Taints) && old.Metadata.DeletionTimestamp == node.Metadata.DeletionTimestamp
            ? []
            : _sets.List().Select(s => ObjectKey.Of(s));
}
