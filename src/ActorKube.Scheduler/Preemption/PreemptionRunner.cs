using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Scheduler.Preemption;

/// <summary>Carries a preemption out: says on each victim why it goes, and deletes it with its own grace period.</summary>
/// <param name="services">The scheduler's surroundings.</param>
/// <param name="schedulerName">The name that the victims' condition gives.</param>
public sealed class PreemptionRunner(SchedulerServices services, string schedulerName)
{
    /// <summary>Clears the node. A victim that is gone meanwhile is what was wanted.</summary>
    /// <returns>The failures; the pod tries again by itself, so that they are only to be told.</returns>
    public async Task<IReadOnlyList<Exception>> RunAsync(PodInfo preemptor, PreemptionResult preemption, CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        var pods = services.Api.For<V1Pod>();
        foreach (var victim in preemption.Candidate!.Victims)
        {
            await TryAsync(async () =>
            {
                await pods.PatchAsync(victim.Namespace, victim.Name, PodWrites.Preempted(victim.Pod, schedulerName, services.Time.GetUtcNow()), "status", cancellationToken).ConfigureAwait(false);
                if (!victim.IsTerminating)
                    await pods.DeleteAsync(victim.Namespace, victim.Name, new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = victim.Pod.Metadata.Uid } }, cancellationToken).ConfigureAwait(false);
                services.Events.Record(victim.Pod, "Normal", "Preempted", $"Preempted by pod {preemptor.Uid} on node {preemption.Candidate.Node}");
            }).ConfigureAwait(false);
        }

        foreach (var displaced in preemption.Displaced)
            await TryAsync(() => pods.PatchAsync(displaced.Namespace, displaced.Name, PodWrites.NotNominated(displaced.Pod), "status", cancellationToken)).ConfigureAwait(false);
        return failures;

        async Task TryAsync(Func<Task> write)
        {
            try
            {
                await write().ConfigureAwait(false);
            }
            catch (ApiException e)
            {
                // Gone, or another pod of the same name by now: either way nothing of the victim is left.
                if (e is { IsNotFound: false, IsConflict: false })
                    failures.Add(e);
            }
        }
    }
}
