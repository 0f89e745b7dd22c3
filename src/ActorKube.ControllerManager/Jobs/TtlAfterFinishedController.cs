using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Jobs;

/// <summary>
/// Clears finished Jobs away when their time is up. A controller of its own, since the Job controller may not delete Jobs.
/// Source: https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/
/// </summary>
internal sealed class TtlAfterFinishedController : IController
{
    private readonly ILister<V1Job> _jobs;

    public TtlAfterFinishedController(IInformerFactory informers)
    {
        var jobs = informers.Informer<V1Job>();
        _jobs = jobs.Lister;
        Sources = [Source.Own(jobs)];
    }

    public string Name => "ttl-after-finished";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => _jobs.Get(key.Namespace, key.Name) is { } job ? Reconcile(job, context.Now) : Plan.Nothing;

    /// <summary>The deletion, or when to look again.</summary>
    internal static Plan Reconcile(V1Job job, DateTimeOffset now)
    {
        if (job.Spec.TtlSecondsAfterFinished is not { } seconds || job.Metadata.DeletionTimestamp is not null
            || JobReconciler.Condition(job, "Complete", "Failed") is not { } end)
            return Plan.Nothing;
        var left = (end.LastTransitionTime ?? now.UtcDateTime).AddSeconds(seconds) - now.UtcDateTime;
        return left > TimeSpan.Zero ? new Plan([], left) : Plan.Of(new Delete(job, "Foreground"));
    }
}
