using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.StatefulSets;

/// <summary>Watches StatefulSets, their pods, claims and revisions for the <see cref="StatefulSetReconciler"/>.</summary>
internal sealed class StatefulSetController : IController
{
    private readonly ILister<V1StatefulSet> _sets;
    private readonly ILister<V1Pod> _pods;
    private readonly ILister<V1PersistentVolumeClaim> _claims;
    private readonly ILister<V1ControllerRevision> _revisions;

    public StatefulSetController(IInformerFactory informers)
    {
        var (sets, pods, claims, revisions) = (informers.Informer<V1StatefulSet>(), informers.Informer<V1Pod>(), informers.Informer<V1PersistentVolumeClaim>(), informers.Informer<V1ControllerRevision>());
        Ownership.AddIndex(pods);
        Ownership.AddIndex(revisions);
        (_sets, _pods, _claims, _revisions) = (sets.Lister, pods.Lister, claims.Lister, revisions.Lister);
        Sources = [Source.Own(sets), Source.Of(pods, pod => Ownership.OwnersOf(pod, _sets, s => LabelSelector.From(s.Spec.Selector))), Source.Of(claims, _ => []), Source.Of(revisions, Ownership.OwnerOf<V1StatefulSet>)];
    }

    public string Name => "statefulset";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => _sets.Get(key.Namespace, key.Name) is { } set
        ? StatefulSetReconciler.Reconcile(
            set, Ownership.Candidates(_pods, set), _revisions.ByIndex(Ownership.ByController, set.Metadata.Uid), claim => _claims.Get(key.Namespace, claim) is not null, context)
        : Plan.Nothing;
}
