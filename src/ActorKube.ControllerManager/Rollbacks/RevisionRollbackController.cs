using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>Watches workloads that keep their templates in ControllerRevisions, their revisions and pods for the <see cref="RollbackReconciler"/>.</summary>
internal abstract class RevisionRollbackController<T> : IController where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly ILister<T> _sets;
    private readonly ILister<V1ControllerRevision> _revisions;
    private readonly ILister<V1Pod> _pods;

    protected RevisionRollbackController(IInformerFactory informers)
    {
        var (sets, revisions, pods) = (informers.Informer<T>(), informers.Informer<V1ControllerRevision>(), informers.Informer<V1Pod>());
        Ownership.AddIndex(revisions);
        Ownership.AddIndex(pods);
        (_sets, _revisions, _pods) = (sets.Lister, revisions.Lister, pods.Lister);
        Sources = [Source.Own(sets), Source.Of(revisions, Ownership.OwnerOf<T>), Source.Of(pods, OfPod)];
    }

    public abstract string Name { get; }

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        if (_sets.Get(key.Namespace, key.Name) is not { } set || !RollbackReconciler.Concerns(set) || !RollsByItself(set))
            return Plan.Nothing;
        var all = TemplateRevisions.Of(set, TemplateOf(set), _revisions.ByIndex(Ownership.ByController, set.Metadata.Uid), null);
        // The set's own controller has yet to note its template.
        if (all.Actions.Count > 0)
            return Plan.Nothing;
        var rollout = new Rollout
        {
            Workload = set,
            Current = new RolloutRevision(all.Current, all.Current.Revision ?? 0),
            Others = [.. all.All.Where(r => r != all.Current).Select(r => new RolloutRevision(r, r.Revision ?? 0))],
            PodsOf = revision => _pods.ByIndex(Ownership.ByController, set.Metadata.Uid).Where(p => TemplateRevisions.HashOf(p) == HashOf((V1ControllerRevision)revision.Object)),
            IsComplete = IsComplete(set, all.Current.Metadata.Name),
            BlockedByBrokenPods = true,
            WithTemplateOf = revision =>
            {
                var changed = ApiJson.Copy(set);
                SetTemplate(changed, TemplateRevisions.TemplateOf((V1ControllerRevision)revision.Object));
                return changed;
            },
            WithCondition = told => WithCondition(set, told, context.Now),
        };
        return RollbackReconciler.Reconcile(rollout, context, (check, marks) => HealthChecks.Round(rollout, check, marks));
    }

    /// <summary>Whether a new template is rolled out without anybody deleting pods.</summary>
    protected abstract bool RollsByItself(T set);

    /// <summary>The workload's template.</summary>
    protected abstract V1PodTemplateSpec TemplateOf(T set);

    /// <summary>Gives a copy of the workload another template.</summary>
    protected abstract void SetTemplate(T changed, V1PodTemplateSpec template);

    /// <summary>What a revision's pods carry in their label.</summary>
    protected abstract string HashOf(V1ControllerRevision revision);

    /// <summary>Whether all pods are of the revision of that name, and available.</summary>
    protected abstract bool IsComplete(T set, string current);

    /// <summary>Whether the condition <see cref="RollbackConditions.Type"/> holds, and its message; null when there is none.</summary>
    protected abstract (bool Holds, string Message)? ConditionOf(T set);

    /// <summary>Sets that condition in a copy of the workload, or takes it away for null.</summary>
    protected abstract void SetCondition(T changed, (string Reason, string Message)? told, DateTime now);

    // Only those that ask for it are worth a look for each of their pods' changes.
    private IEnumerable<ObjectKey> OfPod(V1Pod pod) => Ownership.OwnerOf<T>(pod).Where(k => _sets.Get(k.Namespace, k.Name) is { } set && RollbackReconciler.Concerns(set));

    private T? WithCondition(T set, (string Reason, string Message)? told, DateTimeOffset now)
    {
        var before = ConditionOf(set);
        if (told is { } same ? before == (true, same.Message) : before is null)
            return null;
        var changed = ApiJson.Copy(set);
        SetCondition(changed, told, now.UtcDateTime);
        return changed;
    }
}
