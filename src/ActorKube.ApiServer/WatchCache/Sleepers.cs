using System.Runtime.InteropServices;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>
/// The watches of a cache that wait for something to happen. The cache publishes a state through it, so that none is missed: a watch falls
/// asleep only on the state that it has read to the end. Watches of one object, and of one value of a field, are found by it; only the others are asked one by one.
/// </summary>
internal sealed class Sleepers
{
    private readonly Lock _gate = new();
    private readonly SleeperList _others = new();
    private readonly Dictionary<string, SleeperList> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SleeperList> _byField = new(StringComparer.Ordinal);
    private Func<object, string>? _field;

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

            BedOf(cursor).Add(cursor);
            return cursor.Sleep();
        }
    }

    /// <summary>Publishes a state and wakes the watches that its changes can concern, at the first of these changes.</summary>
    public void Publish(Action publish, CacheState state, IReadOnlyList<CacheEvent>? changes)
    {
        lock (_gate)
        {
            publish();
            if (changes is null)
            {
                WakeEverybody(null);
                return;
            }

            // All sleepers read the state's own log: a new log comes without changes, and wakes everybody.
            var first = state.NextPosition - changes.Count;
            foreach (var change in changes)
            {
                WakeBed(_byKey, change.Object.Key, first);
                if (_byField.Count > 0)
                {
                    WakeBed(_byField, _field!(change.Object.Object.Value), first);
                    if (change.Previous is { } previous)
                    {
                        WakeBed(_byField, _field(previous.Object.Value), first);
                    }
                }
            }

            for (var cursor = _others.First; cursor is not null;)
            {
                var next = cursor.Next;
                if (cursor.Concerns(changes))
                {
                    Wake(cursor, first);
                }

                cursor = next;
            }
        }
    }

    /// <summary>Wakes one watch: its time is up, or its client is gone.</summary>
    /// <param name="cursor">The watch.</param>
    /// <param name="newest">The cache's newest state.</param>
    public void Call(WatchCursor cursor, Func<CacheState> newest)
    {
        lock (_gate)
        {
            if (cursor.Bed is null)
            {
                cursor.Call();
                return;
            }

            var bed = cursor.Bed;
            Wake(cursor, newest().NextPosition);
            if (bed.First is null && bed != _others)
            {
                Forget(cursor);
            }
        }
    }

    /// <summary>Wakes all watches.</summary>
    /// <param name="newest">The cache's newest state.</param>
    public void CallAll(Func<CacheState?> newest)
    {
        lock (_gate)
        {
            WakeEverybody(newest()?.NextPosition);
        }
    }

    private static void Wake(WatchCursor cursor, long? position)
    {
        cursor.Bed!.Remove(cursor);
        cursor.Position = position ?? cursor.Position;
        cursor.Wake();
    }

    private static void WakeBed(Dictionary<string, SleeperList> beds, string name, long? position)
    {
        if (!beds.Remove(name, out var bed))
        {
            return;
        }

        while (bed.First is { } cursor)
        {
            Wake(cursor, position);
        }
    }

    private void WakeEverybody(long? position)
    {
        foreach (var beds in new[] { _byKey, _byField })
        {
            foreach (var name in beds.Keys.ToList())
            {
                WakeBed(beds, name, position);
            }
        }

        while (_others.First is { } cursor)
        {
            Wake(cursor, position);
        }
    }

    private SleeperList BedOf(WatchCursor cursor)
    {
        if (cursor.OnlyKey is { } key)
        {
            return CollectionsMarshal.GetValueRefOrAddDefault(_byKey, key, out _) ??= new SleeperList();
        }

        if (cursor.Trigger is not { } trigger)
        {
            return _others;
        }

        _field = trigger.Get;
        return CollectionsMarshal.GetValueRefOrAddDefault(_byField, trigger.Value, out _) ??= new SleeperList();
    }

    private void Forget(WatchCursor cursor)
    {
        if (cursor.OnlyKey is { } key)
        {
            _byKey.Remove(key);
        }
        else if (cursor.Trigger is { } trigger)
        {
            _byField.Remove(trigger.Value);
        }
    }
}
