using ActorKube.Store.Protocol;

namespace ActorKube.Store.Resources;

/// <summary>The newest events of a resource type, for subscribers that come back after a moment. Holds the events' own bytes, no copies.</summary>
/// <param name="capacity">How many it keeps.</param>
internal sealed class RecentEvents(int capacity)
{
    private readonly Queue<StoreEvent> _events = new();

    /// <summary>Takes an event; they come in the order of their revisions, without gaps.</summary>
    public void Add(StoreEvent change)
    {
        if (_events.Count == capacity)
            _events.Dequeue();
        _events.Enqueue(change);
    }

    /// <summary>The events after a revision, when they are all still there; else null.</summary>
    /// <param name="revision">What the subscriber has.</param>
    /// <param name="current">The newest revision.</param>
    public IReadOnlyList<StoreEvent>? After(long revision, long current)
    {
        if (revision == current)
            return [];
        return revision < current && _events.TryPeek(out var oldest) && oldest.Revision <= revision + 1
            ? [.. _events.Where(e => e.Revision > revision)]
            : null;
    }
}
