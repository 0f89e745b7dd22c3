namespace ActorKube.Store.Resources;

/// <summary>Cuts what is too much for one message.</summary>
internal static class Parts
{
    private const long MaxBytes = 4 << 20;

    /// <summary>The items in parts of at most some megabytes, unless one item alone is larger; one empty part when there are none.</summary>
    /// <param name="items">All of them.</param>
    /// <param name="size">An item's bytes.</param>
    public static IReadOnlyList<IReadOnlyList<T>> Of<T>(IEnumerable<T> items, Func<T, int> size)
    {
        var parts = new List<IReadOnlyList<T>>();
        var part = new List<T>();
        var bytes = 0L;
        foreach (var item in items)
        {
            if (part.Count > 0 && bytes + size(item) > MaxBytes)
            {
                parts.Add(part);
                (part, bytes) = ([], 0);
            }

            part.Add(item);
            bytes += size(item);
        }

        if (part.Count > 0 || parts.Count == 0)
            parts.Add(part);
        return parts;
    }
}
