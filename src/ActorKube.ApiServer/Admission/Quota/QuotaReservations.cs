using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.Store.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Admission.Quota;

/// <summary>
/// Charges writes to the quotas of their namespace, with compare-and-set on the quotas' status: whichever servers write at once, never
/// more is granted than there is. What comes while a namespace's quotas are being written is decided together in the next round, so
/// that a rush of pods costs a few writes of the quota and not one each.
/// </summary>
internal sealed class QuotaReservations(Func<ServedResource> quotas, ObjectWriter writer, TimeProvider time, IReadOnlyList<LimitedResource>? limited = null)
{
    private const int MaxAttempts = 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Waiter>> _waiting = new(StringComparer.Ordinal);

    /// <summary>Completes when the demand is charged; fails with the 403 that says what is exceeded.</summary>
    public Task ReserveAsync(string ns, AdmissionRequest request, QuotaDemand demand)
    {
        var waiter = new Waiter(request, demand);
        lock (_gate)
        {
            if (_waiting.TryGetValue(ns, out var queue))
            {
                queue.Add(waiter);
                return waiter.Task;
            }

            _waiting.Add(ns, []);
        }

        _ = RunAsync(ns, [waiter]);
        return waiter.Task;
    }

    // A namespace has an entry while somebody works for it; whoever finds it leaves the work to them.
    private async Task RunAsync(string ns, List<Waiter> batch)
    {
        while (batch.Count > 0)
        {
            try
            {
                await DecideAsync(ns, [.. batch]).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                batch.ForEach(w => w.TrySetException(e));
            }

            lock (_gate)
            {
                batch = _waiting[ns];
                if (batch.Count == 0)
                {
                    _waiting.Remove(ns);
                }
                else
                {
                    _waiting[ns] = [];
                }
            }
        }
    }

    private async Task DecideAsync(string ns, List<Waiter> pending)
    {
        var resource = quotas();
        HashSet<string>? only = null;
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var state = attempt == 1
                ? await Freshness.AnyAsync(resource, CancellationToken.None).ConfigureAwait(false)
                : await Freshness.ConsistentAsync(resource, CancellationToken.None).ConfigureAwait(false);
            var entries = state.Objects.Range(ns + "/").Where(e => only is null || only.Contains(e.Key)).ToList();
            var running = entries.Select(e => new RunningQuota(e.Object.As<V1ResourceQuota>())).ToList();
            pending.RemoveAll(w => Settled(w, running, time.GetUtcNow()));
            if (pending.Count == 0)
            {
                return;
            }

            var failed = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < entries.Count; i++)
            {
                if (running[i].Changed && !await WriteAsync(resource, entries[i].Key, entries[i].Revision, running[i].Updated()).ConfigureAwait(false))
                {
                    failed.Add(entries[i].Key);
                }
            }

            if (failed.Count == 0)
            {
                pending.ForEach(w => w.TrySetResult());
                return;
            }

            // The others are charged already: only those that somebody else wrote are asked again.
            only = failed;
        }

        throw ApiError.Conflict(resource.Kind, ns);
    }

    private bool Settled(Waiter waiter, List<RunningQuota> quotas, DateTimeOffset now)
    {
        // A trial must not leave a charge behind.
        var asked = waiter.Request.DryRun ? quotas.ConvertAll(q => q.Fork()) : quotas;
        var (charged, refusal) = QuotaCheck.Charge(asked, waiter.Demand, now, limited);
        if (refusal is not null)
        {
            return waiter.TrySetException(waiter.Request.Forbidden(refusal));
        }

        return (!charged || waiter.Request.DryRun) && waiter.TrySetResult();
    }

    private async Task<bool> WriteAsync(ServedResource resource, string key, long revision, V1ResourceQuota value)
    {
        var cause = new Cause("system:apiserver", "update", "kube-apiserver", time.GetUtcNow().ToUnixTimeMilliseconds());
        var result = await writer.PutAsync(resource, key, ObjectWriter.Encode(resource, value), Expected.At(revision), cause).ConfigureAwait(false);
        return result.Written is not null;
    }

    private sealed class Waiter(AdmissionRequest request, QuotaDemand demand) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public AdmissionRequest Request { get; } = request;

        public QuotaDemand Demand { get; } = demand;
    }
}
