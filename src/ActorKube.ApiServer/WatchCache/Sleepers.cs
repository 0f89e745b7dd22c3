namespace ActorKube.ApiServer.WatchCache;

/// <summary>
/// The watches of a cache that wait for something to happen. The cache publishes a state through it, so that none is missed: a watch falls
/// asleep only on the state that it has read to the end.
/// </summary>
internal sealed class Sleepers
{
    private readonly Lock _gate = new();
    private WatchCursor? _first;

    /// <summary>Completes when there is something to read, or somebody <see cref="Call"/>s. At once when that is so already.</summary>
    /// <param name="cursor">The watch.</param>
    /// <param name="newest">The cache's newest state, read under the lock that publishing takes.</param>
    public ValueTask SleepAsync(WatchCursor cursor, Func<CacheState> newest)
    {
        lock (_gate)
        {
            var state = newest();
            if (state.Log != cursor.Log || state.NextPosition != cursor.Position || !cursor.TryPrepare())
            {
                return ValueTask.CompletedTask;
            }

            Add(cursor);
            return cursor.Sleep();
        }
    }

    /// <summary>Publishes a state and wakes the watches that its changes can concern; the others' places move on.</summary>
    public void Publish(Action publish, CacheState state, IReadOnlyList<CacheEvent>? changes)
    {
        lock (_gate)
        {
            publish();
            for (var cursor = _first; cursor is not null;)
            {
                var next = cursor.Next;
                if (changes is null || cursor.Log != state.Log || cursor.Concerns(changes))
                {
                    Remove(cursor);
                    cursor.Wake();
                }
                else
                {
                    cursor.Position = state.NextPosition;
                }

                cursor = next;
            }
        }
    }

    /// <summary>Wakes one watch: its time is up, or its client is gone.</summary>
    public void Call(WatchCursor cursor)
    {
        lock (_gate)
        {
            if (!cursor.Sleeps)
            {
                cursor.Call();
                return;
            }

            Remove(cursor);
        }

        cursor.Wake();
    }

    /// <summary>Wakes all watches.</summary>
    public void CallAll()
    {
        lock (_gate)
        {
            while (_first is { } cursor)
            {
                Remove(cursor);
                cursor.Wake();
            }
        }
    }

    private void Add(WatchCursor cursor)
    {
        (cursor.Previous, cursor.Next, cursor.Sleeps) = (null, _first, true);
        if (_first is not null)
        {
            _first.Previous = cursor;
        }

        _first = cursor;
    }

    private void Remove(WatchCursor cursor)
    {
        if (cursor.Previous is null)
        {
            _first = cursor.Next;
        }
        else
        {
            cursor.Previous.Next = cursor.Next;
        }

        if (cursor.Next is not null)
        {
            cursor.Next.Previous = cursor.Previous;
        }

        (cursor.Previous, cursor.Next, cursor.Sleeps) = (null, null, false);
    }
}
