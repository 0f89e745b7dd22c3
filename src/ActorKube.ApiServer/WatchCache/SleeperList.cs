namespace ActorKube.ApiServer.WatchCache;

/// <summary>Watches that sleep on the same thing, linked through themselves. Only <see cref="Sleepers"/> uses it, under its lock.</summary>
internal sealed class SleeperList
{
    /// <summary>The first; null when there is none.</summary>
    public WatchCursor? First { get; private set; }

    /// <summary>Adds one.</summary>
    public void Add(WatchCursor cursor)
    {
        (cursor.Previous, cursor.Next, cursor.Bed) = (null, First, this);
        if (First is not null)
        {
            First.Previous = cursor;
        }

        First = cursor;
    }

    /// <summary>Takes one of its own away.</summary>
    public void Remove(WatchCursor cursor)
    {
        if (cursor.Previous is null)
        {
            First = cursor.Next;
        }
        else
        {
            cursor.Previous.Next = cursor.Next;
        }

        if (cursor.Next is not null)
        {
            cursor.Next.Previous = cursor.Previous;
        }

        (cursor.Previous, cursor.Next, cursor.Bed) = (null, null, null);
    }
}
