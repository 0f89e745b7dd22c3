using ActorKube.Store.Database;
using ActorKube.Store.Serialization;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.Store.Resources;

/// <summary>
/// Deletes of one resource type's past what <see cref="Retention"/> does not keep, in small steps with pauses, so that writers hardly notice; then gives the disk space back.
/// It looks when its parent has saved a snapshot, and from time to time, so that the past also goes where nothing is written any more. Child of <see cref="ResourceStoreActor"/>,
/// which it asks to say how far it has come and, where that hinders, to save a snapshot.
/// </summary>
internal sealed class CompactionActor : ReceiveActor, IWithTimers
{
    private readonly string _resource;
    private readonly Retention _retention;
    private readonly StoreSettings _settings;
    private readonly IStoreDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Horizon? _horizon;
    private Progress? _next;
    private long _end;

    public CompactionActor(string resource, StoreSettings settings, IStoreDatabase database, TimeProvider time)
    {
        (_resource, _settings, _database, _time) = (resource, settings, database, time);
        _retention = settings.RetentionOf(resource);
        Idle();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private string Id => ResourceStoreActor.IdOf(_resource);

    public static Props Props(string resource, StoreSettings settings, IStoreDatabase database, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new CompactionActor(resource, settings, database, time));

    /// <summary>The time from which on the past is kept; null for all of it.</summary>
    public static DateTimeOffset? KeptSince(Retention retention, DateTimeOffset now) =>
        retention.Period is { } period ? (now - DateTimeOffset.MinValue > period ? now - period : DateTimeOffset.MinValue) : null;

    protected override void PreStart()
    {
        if (_retention.Period is not null)
            Timers.StartPeriodicTimer(nameof(Look), new Look(), _settings.CompactionDelay, _settings.CompactionInterval);
    }

    private void Idle()
    {
        Receive<Look>(_ => Context.Parent.Tell(new AskProgress()));
        Receive<Progress>(Begin);
        if (_next is { } next)
        {
            _next = null;
            Self.Tell(next);
        }
    }

    private void Busy()
    {
        Receive<Look>(_ => { });
        Receive<Progress>(progress => _next = progress);
        Receive<Aged>(Found);
        Receive<Moved>(Continue);
        Receive<Step>(_ => Move());
        Receive<Shrunk>(shrunk => Rest(shrunk.Took, shrunk.More ? new Shrink() : null));
        Receive<Shrink>(_ => ShrinkAsync().PipeTo(Self));
        Receive<Status.Failure>(failure =>
        {
            _log.Warning(failure.Cause, "Old events of {Resource} stay for now", _resource);
            Become(Idle);
        });
    }

    private void Begin(Progress progress)
    {
        if (KeptSince(_retention, _time.GetUtcNow()) is not { } since)
            return;
        Become(Busy);
        AgedAsync(progress, since, _horizon).PipeTo(Self);
    }

    private async Task<Aged> AgedAsync(Progress progress, DateTimeOffset since, Horizon? known)
    {
        var horizon = known ?? await Horizon.OfAsync(_database, Id).ConfigureAwait(false);
        var aged = _retention.Period == TimeSpan.Zero
            ? progress.Newest
            : await JournalTime.RevisionAtAsync(_database, Id, horizon.SequenceNr, since).ConfigureAwait(false);
        return new Aged(progress, horizon, aged);
    }

    private void Found(Aged aged)
    {
        var (snapshot, newest) = (aged.Progress.Snapshot, aged.Progress.Newest);
        _horizon = aged.Horizon;
        _end = _retention.End(snapshot, newest, aged.Revision);
        if (_retention.WantsSnapshot(snapshot, newest, aged.Revision))
            Context.Parent.Tell(new SnapshotWanted());
        if (_end > _horizon.SequenceNr)
            Move();
        else
            Become(Idle);
    }

    private void Move() => MoveAsync(_horizon!, _end).PipeTo(Self);

    private async Task<Moved> MoveAsync(Horizon horizon, long end)
    {
        var to = horizon.SequenceNr + Retention.Step(_settings.DeleteChunk, end - horizon.SequenceNr);
        var events = new List<EventHeader>();
        // Where nothing is kept only the time of the last one matters.
        var from = _retention.Period == TimeSpan.Zero ? to : horizon.SequenceNr + 1;
        await _database.ReplayAsync(Id, from, to, long.MaxValue, row => events.Add(StoreWire.Header(row))).ConfigureAwait(false);
        var start = _time.GetTimestamp();
        var moved = new Horizon(to, events.Count > 0 ? events[^1].Created : horizon.Created);
        await _database.CompactAsync(Id, moved, _retention.Period == TimeSpan.Zero ? CompactionStep.Nothing : CompactionStep.Over(events)).ConfigureAwait(false);
        return new Moved(moved, _time.GetElapsedTime(start));
    }

    private void Continue(Moved moved)
    {
        _horizon = moved.Horizon;
        Rest(moved.Took, moved.Horizon.SequenceNr < _end ? new Step() : new Shrink());
    }

    private async Task<Shrunk> ShrinkAsync()
    {
        var start = _time.GetTimestamp();
        var more = await _database.ShrinkAsync().ConfigureAwait(false);
        return new Shrunk(more, _time.GetElapsedTime(start));
    }

    private void Rest(TimeSpan took, object? next)
    {
        if (next is null)
            Become(Idle);
        else if (Retention.Pause(took, _end - _horizon!.SequenceNr) is { Ticks: > 0 } pause)
            Timers.StartSingleTimer(nameof(Rest), next, pause);
        else
            Self.Tell(next);
    }

    /// <summary>Asks the parent for <see cref="Progress"/>.</summary>
    internal sealed record AskProgress;

    /// <summary>Asks the parent to save a snapshot; it tells <see cref="Progress"/> when that is done.</summary>
    internal sealed record SnapshotWanted;

    /// <summary>How far the resource type has come.</summary>
    /// <param name="Snapshot">What the newest snapshot covers.</param>
    /// <param name="Newest">The newest durable revision.</param>
    internal sealed record Progress(long Snapshot, long Newest);

    private sealed record Look;

    private sealed record Step;

    private sealed record Shrink;

    private sealed record Aged(Progress Progress, Horizon Horizon, long Revision);

    private sealed record Moved(Horizon Horizon, TimeSpan Took);

    private sealed record Shrunk(bool More, TimeSpan Took);
}
