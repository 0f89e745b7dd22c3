using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Store.Protocol;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.ApiServer;

/// <summary>
/// Removes Events that were not written for a while, as Kubernetes does: they are for people who look now. Several servers may each
/// do so; whoever comes first removes the Event and the others find it gone.
/// </summary>
internal sealed class EventExpiryActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private const int MaxPerRound = 1000;

    private readonly Func<ServedResource> _events;
    private readonly ObjectWriter _writer;
    private readonly TimeSpan _ttl;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    private sealed record Round
    {
        public static Round Instance { get; } = new();
    }

    private sealed record Done(int Count);

    public EventExpiryActor(Func<ServedResource> events, ObjectWriter writer, TimeSpan ttl, TimeProvider time)
    {
        _events = events;
        _writer = writer;
        _ttl = ttl;
        _time = time;
        Receive<Round>(_ => Begin());
        Receive<Done>(done => Finished(done.Count));
        Receive<Status.Failure>(failure =>
        {
            _log.Warning("Removing old Events failed, and is tried again: {Reason}", failure.Cause.Message);
            Next();
        });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart() => Next();

    /// <summary>The Events that were last written before a time; at most so many.</summary>
    internal static List<CachedObject> Expired(CacheState state, DateTime before, int limit) =>
        [.. state.Objects.Range("").Where(e => LastWritten(e.Object.As<Corev1Event>()) < before).Take(limit)];

    private static DateTime LastWritten(Corev1Event e) =>
        new[] { e.Metadata.CreationTimestamp, e.EventTime, e.LastTimestamp, e.Series?.LastObservedTime }.Max()?.ToUniversalTime() ?? DateTime.MinValue;

    private void Begin()
    {
        // Asked for at the first round only: until then a process that has no use for Events does not load them.
        if (_events().Cache.State is not { } state)
        {
            Next();
            return;
        }

        var now = _time.GetUtcNow();
        RemoveAsync(Expired(state, now.UtcDateTime - _ttl, MaxPerRound), new Cause("system:apiserver", "delete", "event-ttl", now.ToUnixTimeMilliseconds())).PipeTo(Self);
    }

    private async Task<Done> RemoveAsync(List<CachedObject> expired, Cause cause)
    {
        var events = _events();
        foreach (var batch in expired.Chunk(50))
        {
            await Task.WhenAll(batch.Select(e => _writer.RemoveAsync(events, e.Key, e.Stored, Expected.At(e.Revision), cause))).ConfigureAwait(false);
        }

        return new Done(expired.Count);
    }

    private void Finished(int count)
    {
        if (count > 0)
        {
            _log.Debug("Removed {Count} Events older than {Ttl}", count, _ttl);
        }

        Next();
    }

    private void Next() => Timers.StartSingleTimer(Round.Instance, Round.Instance, Interval);
}
