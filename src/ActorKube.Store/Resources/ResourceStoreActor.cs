using ActorKube.Store.Database;
using ActorKube.Store.Protocol;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;

namespace ActorKube.Store.Resources;

/// <summary>
/// The objects of one resource type, event-sourced: a journal row's sequence number is the revision of the write in it. Writes are
/// collected while a batch is on its way to the journal (<see cref="WriteQueue{TCaller}"/>); callers and subscribers hear of a write only
/// when it is durable. When the journal fails, every waiting caller is told that the outcome is unknown and the actor stops;
/// <see cref="ResourceSupervisorActor"/> starts it again from what the journal really holds.
/// </summary>
internal sealed class ResourceStoreActor : ReceivePersistentActor
{
    /// <summary>What the journal's names of all resource types begin with.</summary>
    public const string IdPrefix = "store-";

    private readonly string _resource;
    private readonly StoreSettings _settings;
    private readonly HashSet<IActorRef> _subscribers = [];
    private readonly RecentEvents _recent;
    private ResourceStoreState _recovered = ResourceStoreState.Empty;
    private WriteQueue<IActorRef> _writes;
    private SnapshotCycle _snapshots = SnapshotCycle.Empty;
    private IActorRef _compaction = ActorRefs.Nobody;
    private bool _closing;
    private string _stopReason = "the store is stopping";

    public ResourceStoreActor(string resource, StoreSettings settings)
    {
        _resource = resource;
        _settings = settings;
        _recent = new RecentEvents(settings.RecentEvents);
        _writes = NewQueue();
        PersistenceId = IdOf(resource);

        Recover<SnapshotOffer>(offer => Restore((ResourceSnapshot)offer.Snapshot));
        Recover<StoreEvent>(Replay);
        Recover<RecoveryCompleted>(_ => Recovered());

        Command<Put>(put => Answer(_writes.Offer(Sender, put)));
        Command<Remove>(remove => Answer(_writes.Offer(Sender, remove)));
        Command<Advance>(advance => Answer(_writes.Offer(Sender, advance)));
        Command<GetRevision>(_ => Sender.Tell(new CurrentRevision(_writes.Durable.Revision)));
        Command<Subscribe>(Add);
        Command<Unsubscribe>(unsubscribe => _subscribers.Remove(unsubscribe.Subscriber));
        Command<MissedEvents>(Send);
        Command<Close>(_ => Close());
        Command<SaveSnapshotSuccess>(saved => SnapshotSaved(saved.Metadata.SequenceNr));
        Command<SaveSnapshotFailure>(failure => SnapshotFailed(failure.Cause));
        Command<CompactionActor.AskProgress>(_ => TellProgress());
        Command<CompactionActor.SnapshotWanted>(_ => Save(_snapshots.MayBe(_writes.Durable.Revision)));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(failure => Log.Warning(failure.Cause, "Old snapshots of {Resource} stay for now", _resource));
    }

    public override string PersistenceId { get; }

    /// <summary>Under which name the journal has the events of a resource type.</summary>
    public static string IdOf(string resource) => IdPrefix + resource;

    public static Props Props(string resource, StoreSettings settings) =>
        Akka.Actor.Props.Create(() => new ResourceStoreActor(resource, settings));

    protected override void PostStop()
    {
        foreach (var caller in _writes.Abandon())
            caller.Tell(new OutcomeUnknown(_stopReason));
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistFailure(cause, @event, sequenceNr);
        _stopReason = $"the journal failed: {cause.Message}";
    }

    // A refused batch leaves sequence numbers unused that the queue has promised already; start again from the journal.
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        _stopReason = $"the journal refused the write: {cause.Message}";
        Context.Stop(Self);
    }

    private WriteQueue<IActorRef> NewQueue() => new(_recovered, _settings.BatchMaxEvents, _settings.BatchMaxBytes);

    private void Restore(ResourceSnapshot snapshot)
    {
        _recovered = snapshot.State;
        _snapshots = new SnapshotCycle(snapshot.State.Revision);
    }

    private void Replay(StoreEvent change)
    {
        _recovered = _recovered.Apply(change);
        _recent.Add(change);
    }

    private void Recovered()
    {
        if (_recovered.Revision != LastSequenceNr)
            throw new InvalidDataException($"the journal of {_resource} ends at {LastSequenceNr}, but replaying it led to {_recovered.Revision}");
        _writes = NewQueue();
        _recovered = ResourceStoreState.Empty;
        _compaction = Context.ActorOf(CompactionActor.Props(_resource, _settings, StoreDatabaseSetup.Of(Context.System), TimeProvider.System), "compaction");
        Context.Parent.Tell(ResourceSupervisorActor.Recovered.Instance);
    }

    private void Answer(Rejected? rejected)
    {
        if (rejected is not null)
            Sender.Tell(rejected);
        Write();
    }

    private void Write()
    {
        var batch = _writes.Begin();
        if (batch.Count == 0)
            return;
        var last = batch[^1];
        PersistAllAsync(batch, change =>
        {
            if (change.Revision != LastSequenceNr)
                throw new InvalidOperationException($"revision {change.Revision} of {_resource} was written as {LastSequenceNr}");
            if (ReferenceEquals(change, last))
                Written(batch);
        });
    }

    private void Written(IReadOnlyList<StoreEvent> batch)
    {
        var answers = _writes.Complete();
        var durable = _writes.Durable;
        foreach (var change in batch)
            _recent.Add(change);
        var events = new StoreEvents(_resource, batch);
        foreach (var subscriber in _subscribers)
            subscriber.Tell(events);
        foreach (var (caller, answer) in answers)
            caller.Tell(answer);

        Write();
        Save(_snapshots.IsDue(durable.Revision, _settings.EventsPerSnapshot(durable.Objects.Count)));
        if (_closing)
            Close();
    }

    // The store goes to another process: what was taken is written and answered first. Nothing new comes.
    private void Close()
    {
        _closing = true;
        if (_writes.IsIdle)
            Context.Stop(Self);
    }

    private void Add(Subscribe subscribe)
    {
        var durable = _writes.Durable;
        if (subscribe.After is { } after)
        {
            if (_recent.After(after, durable.Revision) is { } missed)
            {
                _subscribers.Add(subscribe.Subscriber);
                Send(subscribe.Subscriber, missed);
                return;
            }

            // Where a snapshot spared replaying them, the events before it are still in the journal.
            if (after < durable.Revision && after >= durable.Revision - _settings.RecentEvents && MissedEvents.Read(Context.System, _resource, after, durable.Revision) is { } reading)
            {
                reading.PipeTo(Self, Self, events => new MissedEvents(subscribe, durable.Revision, events), _ => new MissedEvents(subscribe, durable.Revision, []));
                return;
            }
        }

        SendAll(subscribe.Subscriber, durable);
    }

    private void Send(MissedEvents missed)
    {
        var durable = _writes.Durable;
        // Between the question and this, more may have happened: all of that is recent.
        if (missed.Before(_recent, durable.Revision) is { } events)
        {
            _subscribers.Add(missed.Subscribe.Subscriber);
            Send(missed.Subscribe.Subscriber, events);
        }
        else
        {
            SendAll(missed.Subscribe.Subscriber, durable);
        }
    }

    private void Send(IActorRef subscriber, IReadOnlyList<StoreEvent> events)
    {
        foreach (var batch in events.Count == 0 ? [[]] : Parts.Of(events, e => e.Value.Length))
            subscriber.Tell(new StoreEvents(_resource, batch));
    }

    private void SendAll(IActorRef subscriber, ResourceStoreState durable)
    {
        _subscribers.Add(subscriber);

        // Within the process one message will do; between processes a message has a largest size.
        var parts = subscriber.Path.Address.HasLocalScope ? [[.. durable.Objects.Values]] : Parts.Of(durable.Objects.Values, o => o.Value.Length);
        for (var i = 0; i < parts.Count; i++)
            subscriber.Tell(new StoreSnapshot(_resource, durable.Revision, parts[i]) { More = i < parts.Count - 1 });
    }

    private void Save(bool isDue)
    {
        if (!isDue)
            return;
        _snapshots = _snapshots.Saving();
        SaveSnapshot(new ResourceSnapshot(_writes.Durable));
    }

    private void SnapshotSaved(long revision)
    {
        _snapshots = _snapshots.Saved(revision);
        DeleteSnapshots(new SnapshotSelectionCriteria(revision - 1));
        TellProgress();
    }

    private void SnapshotFailed(Exception cause)
    {
        _snapshots = _snapshots.Failed(_writes.Durable.Revision);
        Log.Warning(cause, "No snapshot of {Resource} could be saved; the next try comes with later writes", _resource);
    }

    private void TellProgress() => _compaction.Tell(new CompactionActor.Progress(_snapshots.Revision, _writes.Durable.Revision));
}
