namespace ActorKube.ApiServer.WatchCache;

/// <summary>
/// The recent changes of a resource type: a ring that one writer fills and any number of readers read at their own pace, without locks.
/// A reader that falls behind by more than the ring holds is told so; it never holds the writer or the others up.
/// </summary>
internal sealed class EventLog(int capacity)
{
    private readonly CacheEvent?[] _ring = new CacheEvent?[capacity];
    private long _next;

    /// <summary>Position that the next event will get.</summary>
    public long Next => Volatile.Read(ref _next);

    /// <summary>Position of the oldest event still there.</summary>
    public long Oldest => Math.Max(0, Next - capacity);

    /// <summary>Adds an event. Only the writer calls it; the event's position must be <see cref="Next"/>.</summary>
    public void Add(CacheEvent change)
    {
        _ring[change.Position % capacity] = change;
        Volatile.Write(ref _next, change.Position + 1);
    }

    /// <summary>The event at a position before <see cref="Next"/>; null when it was overwritten.</summary>
    public CacheEvent? Read(long position)
    {
        var change = Volatile.Read(ref _ring[position % capacity]);
        return change?.Position == position ? change : null;
    }

    /// <summary>
    /// The position of the first event after a revision; null when events between it and the oldest one left may be lost.
    /// <paramref name="complete"/> is the revision after which the log has every event, as long as nothing was overwritten.
    /// </summary>
    public long? PositionAfter(long revision, long complete)
    {
        var end = Next;
        long low = Math.Max(0, end - capacity), high = end;
        if (low == 0 && revision < complete)
        {
            return null;
        }

        if (low > 0)
        {
            // The event at the ring's edge may be overwritten at any moment; it must itself be at or before the revision.
            var oldest = Read(low);
            if (oldest is null || oldest.Object.Revision > revision)
            {
                return null;
            }
        }

        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var change = Read(middle);
            if (change is null || change.Object.Revision <= revision)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
