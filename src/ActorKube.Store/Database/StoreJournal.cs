using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Akka.Serialization;

namespace ActorKube.Store.Database;

/// <summary>
/// The journal of this process, as an Akka.Persistence plugin: keeps events in the tables Akka.Persistence.Sql would use, several times
/// faster and with a fraction of its start-up time and memory, since it knows the few statements it needs.
/// </summary>
internal sealed class StoreJournal : AsyncWriteJournal
{
    private readonly IStoreDatabase _database;
    private readonly WriteLoop _writes;
    private readonly Akka.Serialization.Serialization _serialization;
    private readonly Dictionary<string, Task> _underWay = [];

    /// <summary>Started by Akka.Persistence with the plugin's configuration.</summary>
    public StoreJournal(Config config)
    {
        _database = StoreDatabaseSetup.Of(Context.System);
        _writes = new WriteLoop(_database, config.GetInt("max-batch-size"));
        _serialization = Context.System.Serialization;
    }

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback) =>
        max <= 0 ? Task.CompletedTask : _database.ReplayAsync(persistenceId, fromSequenceNr, toSequenceNr, max, row => recoveryCallback(Read(row)));

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        // An earlier incarnation's write may still be under way; whether it succeeds is its own affair, but it must be over.
        if (_underWay.TryGetValue(persistenceId, out var write))
            await write.ContinueWith(_ => { }, cancellationToken, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
        return await _database.HighestSequenceNrAsync(persistenceId).ConfigureAwait(false);
    }

    protected override Task<IImmutableList<Exception?>?> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow().UtcTicks;
        var rows = new List<JournalRow>();
        List<Exception?>? refusals = null;
        var index = 0;
        foreach (var write in messages)
        {
            var refusal = TryAdd(rows, write, now);
            if (refusal is not null)
                refusals ??= [.. Enumerable.Repeat<Exception?>(null, index)];
            refusals?.Add(refusal);
            index++;
        }

        var task = rows.Count == 0 ? Task.CompletedTask : _writes.WriteAsync(rows);
        if (rows.Count > 0)
        {
            var (self, persistenceId) = (Self, rows[0].PersistenceId);
            _underWay[persistenceId] = task;
            task.ContinueWith(done => self.Tell(new WriteOver(persistenceId, done)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return AnswerAsync(task, refusals);
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken) =>
        _database.DeleteRowsAsync(persistenceId, toSequenceNr);

    protected override bool ReceivePluginInternal(object message)
    {
        if (message is not WriteOver over)
            return false;
        if (_underWay.TryGetValue(over.PersistenceId, out var write) && write == over.Write)
            _underWay.Remove(over.PersistenceId);
        return true;
    }

    protected override void PostStop()
    {
        _writes.Complete();
        base.PostStop();
    }

    private static async Task<IImmutableList<Exception?>?> AnswerAsync(Task write, List<Exception?>? refusals)
    {
        await write.ConfigureAwait(false);
        return refusals?.ToImmutableList();
    }

    // An event that cannot be serialized refuses the whole AtomicWrite it is in, before anything is written.
    private Exception? TryAdd(List<JournalRow> rows, AtomicWrite write, long now)
    {
        var before = rows.Count;
        try
        {
            foreach (var representation in (IEnumerable<IPersistentRepresentation>)write.Payload)
                rows.Add(Write(representation, now));
            return null;
        }
        catch (Exception e) // any serializer's: it becomes the refusal
        {
            rows.RemoveRange(before, rows.Count - before);
            return e;
        }
    }

    private JournalRow Write(IPersistentRepresentation representation, long now)
    {
        var payload = representation.Payload is Tagged tagged ? tagged.Payload : representation.Payload;
        var serializer = _serialization.FindSerializerFor(payload);
        return new JournalRow(
            representation.PersistenceId,
            representation.SequenceNr,
            representation.Timestamp == 0 ? now : representation.Timestamp,
            serializer.Identifier,
            Akka.Serialization.Serialization.ManifestFor(serializer, payload),
            representation.WriterGuid,
            _serialization.Serialize(payload));
    }

    private Persistent Read(JournalRow row) => new(
        _serialization.Read(row, _database),
        row.SequenceNr, row.PersistenceId, row.Manifest, isDeleted: false, ActorRefs.NoSender, row.Writer, row.Created);

    private sealed record WriteOver(string PersistenceId, Task Write);
}
