using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Jobs;

/// <summary>Watches Jobs and their pods for the <see cref="JobReconciler"/>.</summary>
internal sealed class JobController : IController
{
    private readonly ILister<V1Job> _jobs;
    private readonly ILister<V1Pod> _pods;

    public JobController(IInformerFactory informers)
    {
        var (jobs, pods) = (informers.Informer<V1Job>(), informers.Informer<V1Pod>());
        Ownership.AddIndex(jobs);
        Ownership.AddIndex(pods);
        (_jobs, _pods) = (jobs.Lister, pods.Lister);
        Sources = [Source.Own(jobs), Source.Of(pods, pod => Ownership.OwnersOf(pod, _jobs, j => j.Spec.Selector is { } selector ? LabelSelector.From(selector) : null))];
    }

    public string Name => "job";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        if (_jobs.Get(key.Namespace, key.Name) is { } job)
            return JobReconciler.Reconcile(job, Ownership.Candidates(_pods, job), context);
        // Pods of a Job that is gone are counted by nobody.
        return Plan.Of([.. _pods.List(key.Namespace).Where(p => Ownership.ControllerOf(p) is { Kind: "Job" } owner && owner.Name == key.Name && JobPods.IsTracked(p)).Select(JobPods.Release)]);
    }
}
