using System.Runtime.CompilerServices;
using ActorKube.Store.Database;
using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;
using ActorKube.Store.Serialization;
using Akka.Actor;

namespace ActorKube.Store.History;

/// <summary>The journal no longer, or not yet, holds what is asked for.</summary>
public sealed class HistoryGoneException(string message) : Exception(message);

/// <summary>From where on the history of a resource type can be told.</summary>
/// <param name="Revision">The earliest revision whose state can be told; 0 for all of them.</param>
/// <param name="Time">Since when that can be done.</param>
public sealed record HistoryHorizon(long Revision, DateTimeOffset Time);

/// <summary>
/// What happened to the objects of a resource type, read from the journal of the database that this process has open. An event carries the object as it
/// then was, and the revision of the object's event before it, so a past moment is the present less what came after: its price is the number of changes
/// since then, not the number of objects or the age of the cluster.
/// </summary>
public sealed class ResourceHistory
{
    private const int Chunk = 1000;

    private readonly IStoreDatabase _database;
    private readonly Akka.Serialization.Serialization _serialization;

    internal ResourceHistory(IStoreDatabase database, Akka.Serialization.Serialization serialization) => (_database, _serialization) = (database, serialization);

    /// <summary>The history in the actor system's store; null where the journal is another plugin's and cannot be read by the object.</summary>
    public static ResourceHistory? Of(ActorSystem system) =>
        StoreDatabaseSetup.Find(system) is { } database ? new ResourceHistory(database, system.Serialization) : null;

    /// <summary>The event of a revision, or null when the journal does not have it.</summary>
    public async Task<StoreEvent?> FindAsync(string resource, long revision)
    {
        var found = await ReadAsync(resource, revision, revision, 1).ConfigureAwait(false);
        if (found.Count > 0)
            return found[0];
        return await _database.ReadBaseAsync(IdOf(resource), revision).ConfigureAwait(false) is { } row ? Read(row) : null;
    }

    /// <summary>The events of the revisions from one to another, in order, at most so many.</summary>
    public async Task<IReadOnlyList<StoreEvent>> ReadAsync(string resource, long from, long to, int max)
    {
        var events = new List<StoreEvent>();
        await _database.ReplayAsync(IdOf(resource), from, to, max, row => events.Add(Read(row))).ConfigureAwait(false);
        return events;
    }

    /// <summary>From where on the history of a resource type can be told.</summary>
    public async Task<HistoryHorizon> HorizonAsync(string resource)
    {
        var horizon = await Horizon.OfAsync(_database, IdOf(resource)).ConfigureAwait(false);
        return new HistoryHorizon(horizon.SequenceNr, new DateTimeOffset(horizon.Created, TimeSpan.Zero));
    }

    /// <summary>The newest revision that was written at or before a time; 0 when nothing was. Throws <see cref="HistoryGoneException"/> when the journal does not go back so far.</summary>
    public async Task<long> RevisionAtAsync(string resource, DateTimeOffset time)
    {
        var horizon = await HorizonAsync(resource).ConfigureAwait(false);
        return time >= horizon.Time
            ? await JournalTime.RevisionAtAsync(_database, IdOf(resource), horizon.Revision, time).ConfigureAwait(false)
            : throw Gone(resource, horizon);
    }

    /// <summary>
    /// The events of one object, the newest first. Where <paramref name="newest"/> is 0 the object is gone and its last event is searched for; the same goes for
    /// earlier objects of the name, which are only looked for when wanted: that takes as long as the journal is.
    /// </summary>
    /// <param name="resource">Resource type.</param>
    /// <param name="key"><c>namespace/name</c> or <c>name</c>.</param>
    /// <param name="newest">The revision of its newest event, where that is known.</param>
    /// <param name="earlierLives">Whether earlier objects of the same name count.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async IAsyncEnumerable<StoreEvent> OfObjectAsync(
        string resource, string key, long newest, bool earlierLives, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var next = newest > 0 ? await FindAsync(resource, newest).ConfigureAwait(false) : await LastBeforeAsync(resource, key, long.MaxValue, cancellationToken).ConfigureAwait(false);
        while (next is not null)
        {
            yield return next;
            if (next.Type == StoreEventType.Created && !earlierLives)
                yield break;
            next = await BeforeAsync(resource, next, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// One object's event as of a revision, for an object that was written or removed since; null when it did not exist. It follows the object's own events, as many as there were since then; only
    /// where the object is gone, or was gone in between, the removal is searched for among the others' of that time. Throws <see cref="HistoryGoneException"/> when the journal does not go back so far.
    /// </summary>
    /// <param name="resource">Resource type.</param>
    /// <param name="key"><c>namespace/name</c> or <c>name</c>.</param>
    /// <param name="newest">The revision of its newest event; 0 when it does not exist now.</param>
    /// <param name="revision">The past moment.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<StoreEvent?> OfObjectAtAsync(string resource, string key, long newest, long revision, CancellationToken cancellationToken = default)
    {
        await MustReachAsync(resource, revision).ConfigureAwait(false);
        var change = newest > 0
            ? await FindAsync(resource, newest).ConfigureAwait(false) ?? throw Gone(resource, await HorizonAsync(resource).ConfigureAwait(false))
            : await LastBetweenAsync(resource, key, revision, long.MaxValue, cancellationToken).ConfigureAwait(false);
        while (change is not null && change.Revision > revision)
        {
            change = change.Type == StoreEventType.Created
                ? await LastBetweenAsync(resource, key, revision, change.Revision, cancellationToken).ConfigureAwait(false)
                : await PreviousAsync(resource, change, cancellationToken).ConfigureAwait(false);
        }

        return change?.Type == StoreEventType.Removed ? null : change;
    }

    /// <summary>All events before a revision and after the horizon, the newest first.</summary>
    public async IAsyncEnumerable<StoreEvent> BackwardsAsync(string resource, long revision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var end = revision;
        while (end > 1)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var events = new List<StoreEvent>();
            await _database.ReadBackwardsAsync(IdOf(resource), 1, end - 1, Chunk, row => events.Add(Read(row))).ConfigureAwait(false);
            foreach (var change in events)
                yield return change;
            end = events.Count < Chunk ? 0 : events[^1].Revision;
        }
    }

    /// <summary>
    /// What is different at a later revision: for every object within the scope that was written after <paramref name="revision"/>, its event as of then; null when it
    /// did not exist. Throws <see cref="HistoryGoneException"/> when the journal does not go back so far.
    /// </summary>
    /// <param name="resource">Resource type.</param>
    /// <param name="revision">The past moment.</param>
    /// <param name="until">The later one.</param>
    /// <param name="scope">Which keys are wanted.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<IReadOnlyDictionary<string, StoreEvent?>> BeforeAsync(
        string resource, long revision, long until, Func<string, bool> scope, CancellationToken cancellationToken = default)
    {
        await MustReachAsync(resource, revision).ConfigureAwait(false);
        var before = new Dictionary<string, StoreEvent?>(StringComparer.Ordinal);
        var reached = revision;
        while (reached < until)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var events = await ReadAsync(resource, reached + 1, until, Chunk).ConfigureAwait(false);

            // What is deleted meanwhile must not be overlooked.
            if (events.Count == 0 || events[^1].Revision != reached + events.Count)
                throw Gone(resource, await HorizonAsync(resource).ConfigureAwait(false));
            foreach (var change in events)
            {
                if (change.Type != StoreEventType.Advanced && !before.ContainsKey(change.Key) && scope(change.Key))
                    before.Add(change.Key, await PreviousAsync(resource, change, cancellationToken).ConfigureAwait(false));
            }

            reached = events[^1].Revision;
        }

        return before;
    }

    /// <summary>The event that made the object what it was before this one; null when it did not exist. Throws <see cref="HistoryGoneException"/> when the journal no longer has it.</summary>
    public async Task<StoreEvent?> PreviousAsync(string resource, StoreEvent change, CancellationToken cancellationToken = default)
    {
        if (change.Type == StoreEventType.Created)
            return null;
        return await BeforeAsync(resource, change, cancellationToken).ConfigureAwait(false) ?? throw Gone(resource, await HorizonAsync(resource).ConfigureAwait(false));
    }

    private async Task MustReachAsync(string resource, long revision)
    {
        if (await HorizonAsync(resource).ConfigureAwait(false) is var horizon && horizon.Revision > revision)
            throw Gone(resource, horizon);
    }

    private static HistoryGoneException Gone(string resource, HistoryHorizon horizon) =>
        new($"the history of {resource} reaches back to {horizon.Time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} (resourceVersion {horizon.Revision + 1}) only");

    private static string IdOf(string resource) => ResourceStoreActor.IdOf(resource);

    private StoreEvent Read(JournalRow row) => (StoreEvent)_serialization.Read(row, _database);

    // Older versions wrote no revision of the event before.
    private Task<StoreEvent?> BeforeAsync(string resource, StoreEvent change, CancellationToken cancellationToken) =>
        change.Previous > 0 ? FindAsync(resource, change.Previous) : LastBeforeAsync(resource, change.Key, change.Revision, cancellationToken);

    private async Task<StoreEvent?> LastBeforeAsync(string resource, string key, long revision, CancellationToken cancellationToken)
    {
        if (await LastBetweenAsync(resource, key, 0, revision, cancellationToken).ConfigureAwait(false) is { } found)
            return found;
        return await _database.ReadBaseAsync(IdOf(resource), key).ConfigureAwait(false) is { } row && row.SequenceNr < revision ? Read(row) : null;
    }

    // The newest event of an object after one revision and before another. Of the other objects' events nothing is read but whose they are.
    private async Task<StoreEvent?> LastBetweenAsync(string resource, string key, long after, long before, CancellationToken cancellationToken)
    {
        for (var end = before; end > after + 1;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (rows, last) = (0, end);
            JournalRow? found = null;
            await _database.ReadBackwardsAsync(IdOf(resource), after + 1, end - 1, Chunk, row =>
            {
                (rows, last) = (rows + 1, row.SequenceNr);
                if (found is null && StoreWire.Header(row).Key == key)
                    found = row;
            }).ConfigureAwait(false);
            if (found is not null)
                return Read(found);
            end = rows < Chunk ? 0 : last;
        }

        return null;
    }
}
