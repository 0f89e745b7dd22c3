using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.CronJobs;

/// <summary>Watches CronJobs and their Jobs for the <see cref="CronJobReconciler"/>.</summary>
internal sealed class CronJobController : IController
{
    private readonly ILister<V1CronJob> _cronJobs;
    private readonly ILister<V1Job> _jobs;

    public CronJobController(IInformerFactory informers)
    {
        var (cronJobs, jobs) = (informers.Informer<V1CronJob>(), informers.Informer<V1Job>());
        Ownership.AddIndex(jobs);
        (_cronJobs, _jobs) = (cronJobs.Lister, jobs.Lister);
        Sources = [Source.Own(cronJobs), Source.Of(jobs, Ownership.OwnerOf<V1CronJob>)];
    }

    public string Name => "cronjob";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => _cronJobs.Get(key.Namespace, key.Name) is { } cronJob
        ? CronJobReconciler.Reconcile(cronJob, _jobs.ByIndex(Ownership.ByController, cronJob.Metadata.Uid), context)
        : Plan.Nothing;
}
