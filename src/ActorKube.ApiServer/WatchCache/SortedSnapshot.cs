namespace ActorKube.ApiServer.WatchCache;

/// <summary>
/// Entries in the order of their keys, immutable: a reader that holds one sees the same entries for as long as it likes.
/// A change copies one chunk of at most 256 references and the array of chunks; everything else is shared with the version before.
/// Keys compare as bytes do (ordinal), which is the order Kubernetes lists in.
/// </summary>
internal sealed class SortedSnapshot<T> where T : class
{
    private const int MaxChunk = 256;

    private readonly Chunk[] _chunks;

    private SortedSnapshot(Chunk[] chunks, int count) => (_chunks, Count) = (chunks, count);

    /// <summary>No entries.</summary>
    public static SortedSnapshot<T> Empty { get; } = new([], 0);

    /// <summary>How many entries there are.</summary>
    public int Count { get; }

    /// <summary>From entries in any order; the last of equal keys wins.</summary>
    public static SortedSnapshot<T> From(IEnumerable<(string Key, T Value)> entries)
    {
        var sorted = new SortedDictionary<string, T>(StringComparer.Ordinal);
        foreach (var (key, value) in entries)
        {
            sorted[key] = value;
        }

        var chunks = sorted.Chunk(MaxChunk / 2)
            .Select(part => new Chunk([.. part.Select(p => p.Key)], [.. part.Select(p => p.Value)]))
            .ToArray();
        return new SortedSnapshot<T>(chunks, sorted.Count);
    }

    /// <summary>The entry of a key, or null.</summary>
    public T? Find(string key)
    {
        if (_chunks.Length == 0)
        {
            return null;
        }

        var chunk = _chunks[ChunkOf(key)];
        var at = Search(chunk.Keys, key);
        return at >= 0 ? chunk.Values[at] : null;
    }

    /// <summary>With the entry added or replaced.</summary>
    public SortedSnapshot<T> Set(string key, T value)
    {
        if (_chunks.Length == 0)
        {
            return new SortedSnapshot<T>([new Chunk([key], [value])], 1);
        }

        var index = ChunkOf(key);
        var chunk = _chunks[index];
        var at = Search(chunk.Keys, key);
        if (at >= 0)
        {
            var values = (T[])chunk.Values.Clone();
            values[at] = value;
            return new SortedSnapshot<T>(Replace(index, new Chunk(chunk.Keys, values)), Count);
        }

        var grown = new Chunk(Insert(chunk.Keys, ~at, key), Insert(chunk.Values, ~at, value));
        return new SortedSnapshot<T>(grown.Keys.Length <= MaxChunk ? Replace(index, grown) : Split(index, grown), Count + 1);
    }

    /// <summary>Without the entry.</summary>
    public SortedSnapshot<T> Remove(string key)
    {
        if (_chunks.Length == 0)
        {
            return this;
        }

        var index = ChunkOf(key);
        var chunk = _chunks[index];
        var at = Search(chunk.Keys, key);
        if (at < 0)
        {
            return this;
        }

        var chunks = chunk.Keys.Length == 1
            ? Without(_chunks, index)
            : Replace(index, new Chunk(Without(chunk.Keys, at), Without(chunk.Values, at)));
        return new SortedSnapshot<T>(chunks, Count - 1);
    }

    /// <summary>Entries whose keys are at or after <paramref name="from"/> and start with <paramref name="prefix"/>, in order.</summary>
    public IEnumerable<T> Range(string prefix, string from = "")
    {
        var start = string.CompareOrdinal(from, prefix) > 0 ? from : prefix;
        if (_chunks.Length == 0)
        {
            yield break;
        }

        var index = ChunkOf(start);
        var at = Search(_chunks[index].Keys, start);
        at = at < 0 ? ~at : at;
        for (; index < _chunks.Length; index++, at = 0)
        {
            var chunk = _chunks[index];
            for (; at < chunk.Keys.Length; at++)
            {
                if (!chunk.Keys[at].StartsWith(prefix, StringComparison.Ordinal))
                {
                    yield break;
                }

                yield return chunk.Values[at];
            }
        }
    }

    // The last chunk whose first key is not after the key; the first chunk for keys before everything.
    private int ChunkOf(string key)
    {
        int low = 0, high = _chunks.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (string.CompareOrdinal(_chunks[middle].Keys[0], key) <= 0)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private static int Search(string[] keys, string key) => Array.BinarySearch(keys, key, StringComparer.Ordinal);

    private Chunk[] Replace(int index, Chunk chunk)
    {
        var chunks = (Chunk[])_chunks.Clone();
        chunks[index] = chunk;
        return chunks;
    }

    private Chunk[] Split(int index, Chunk full)
    {
        var half = full.Keys.Length / 2;
        var chunks = Insert(_chunks, index, new Chunk(full.Keys[..half], full.Values[..half]));
        chunks[index + 1] = new Chunk(full.Keys[half..], full.Values[half..]);
        return chunks;
    }

    private static TItem[] Insert<TItem>(TItem[] items, int at, TItem item)
    {
        var result = new TItem[items.Length + 1];
        items.AsSpan(0, at).CopyTo(result);
        result[at] = item;
        items.AsSpan(at).CopyTo(result.AsSpan(at + 1));
        return result;
    }

    private static TItem[] Without<TItem>(TItem[] items, int at)
    {
        var result = new TItem[items.Length - 1];
        items.AsSpan(0, at).CopyTo(result);
        items.AsSpan(at + 1).CopyTo(result.AsSpan(at));
        return result;
    }

    private sealed record Chunk(string[] Keys, T[] Values);
}
