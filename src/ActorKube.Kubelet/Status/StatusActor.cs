using ActorKube.Api.Machinery;
using ActorKube.Client;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.Kubelet.Status;

/// <summary>
/// Writes pod statuses to the API: for each pod one request at a time, always the newest status, never for another pod of the
/// same name. When a pod is to be deleted for good, its last status is written first. Child of <c>KubeletActor</c>, named <c>status</c>.
/// </summary>
internal sealed class StatusActor : ReceiveActor, IWithTimers
{
    /// <summary>The pod's status changed.</summary>
    /// <param name="Pod">The pod as its worker knows it.</param>
    /// <param name="Status">What to write.</param>
    /// <param name="Delete">Whether to delete the pod with its uid as precondition once the status is written.</param>
    public sealed record Report(V1Pod Pod, V1PodStatus Status, bool Delete = false);

    /// <summary>The pod is no longer in the API.</summary>
    public sealed record Forget(string Uid);

    private sealed record Written(string Uid, Entry Entry, V1Pod? Now);

    private sealed record Failed(string Uid, Entry Entry, Exception Error);

    private sealed record Retry(string Uid);

    /// <summary>The newest status of one pod and how far it got.</summary>
    private sealed class Entry(Report newest)
    {
        public Report Newest { get; set; } = newest;

        public Report? InFlight { get; set; }

        /// <summary>The pod as the last write left it: its resourceVersion saves a conflict.</summary>
        public V1Pod? Last { get; set; }

        public int Failures { get; set; }
    }

    private static readonly TimeSpan MaxRetry = TimeSpan.FromSeconds(10);

    private readonly IResourceClient<V1Pod> _pods;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, Entry> _entries = [];
    private readonly CancellationTokenSource _stopped = new();

    public StatusActor(IApiClient api)
    {
        _pods = api.For<V1Pod>();
        Receive<Report>(Handle);
        Receive<Forget>(m =>
        {
            _entries.Remove(m.Uid);
            Timers.Cancel(m.Uid);
        });
        Receive<Written>(Handle);
        Receive<Failed>(Handle);
        Receive<Retry>(m =>
        {
            if (_entries.TryGetValue(m.Uid, out var entry))
                Write(m.Uid, entry);
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PostStop()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private void Handle(Report report)
    {
        var uid = report.Pod.Metadata.Uid;
        if (_entries.TryGetValue(uid, out var entry))
            entry.Newest = report with { Delete = report.Delete || entry.Newest.Delete };
        else
            _entries[uid] = entry = new Entry(report);
        if (!Timers.IsTimerActive(uid))
            Write(uid, entry);
    }

    private void Write(string uid, Entry entry)
    {
        if (entry.InFlight is not null)
            return;
        var report = entry.InFlight = entry.Newest;
        WriteAsync(report, entry.Last, _stopped.Token)
            .PipeTo(Self, Self, now => new Written(uid, entry, now), error => new Failed(uid, entry, error));
    }

    private void Handle(Written message)
    {
        var entry = message.Entry;
        var done = entry.InFlight;
        (entry.InFlight, entry.Last, entry.Failures) = (null, message.Now, 0);
        if (!_entries.TryGetValue(message.Uid, out var current) || current != entry)
            return;
        if (message.Now is null)
            _entries.Remove(message.Uid);
        else if (!ReferenceEquals(done, entry.Newest))
            Write(message.Uid, entry);
    }

    private void Handle(Failed message)
    {
        var entry = message.Entry;
        (entry.InFlight, entry.Last) = (null, null);
        if (!_entries.TryGetValue(message.Uid, out var current) || current != entry)
            return;
        var delay = TimeSpan.FromMilliseconds(Math.Min(MaxRetry.TotalMilliseconds, 200 * Math.Pow(2, entry.Failures++)));
        _log.Warning(message.Error, "Could not write the status of pod {PodUid}, next try in {Delay}", message.Uid, delay);
        Timers.StartSingleTimer(message.Uid, new Retry(message.Uid), delay);
    }

    /// <summary>Returns the pod as it is after the write, or null when this pod is gone and there is nothing more to write.</summary>
    private async Task<V1Pod?> WriteAsync(Report report, V1Pod? last, CancellationToken cancellationToken)
    {
        var (ns, name, uid) = (report.Pod.Metadata.NamespaceProperty, report.Pod.Metadata.Name, report.Pod.Metadata.Uid);
        try
        {
            var current = last ?? report.Pod;
            while (true)
            {
                if (current.Metadata.Uid != uid)
                    return null;
                try
                {
                    current = await UpdateAsync(current, report.Status, cancellationToken).ConfigureAwait(false);
                    break;
                }
                catch (ApiException e) when (e.IsConflict)
                {
                    current = await _pods.GetAsync(ns, name, cancellationToken).ConfigureAwait(false);
                }
            }

            if (!report.Delete)
                return current;
            var options = new V1DeleteOptions { GracePeriodSeconds = 0, Preconditions = new V1Preconditions { Uid = uid } };
            await _pods.DeleteAsync(ns, name, options, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            return null;
        }
    }

    private async Task<V1Pod> UpdateAsync(V1Pod current, V1PodStatus status, CancellationToken cancellationToken)
    {
        var merged = PodStatusMerge.Merge(current.Status, status);
        if (PodStatusMerge.Same(current.Status, merged))
            return current;
        var update = ApiJson.Copy(current);
        update.Status = merged;
        return await _pods.UpdateStatusAsync(update, cancellationToken).ConfigureAwait(false);
    }
}
