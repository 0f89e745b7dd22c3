using k8s;
using k8s.Models;

namespace ActorKube.Client.Informers;

/// <summary>
/// An informer's copy of its objects. Written by the informer's actor alone, read from any thread; a list that was handed out never
/// changes, and is made again only after a change.
/// </summary>
internal sealed class InformerCache<T> : ILister<T> where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock _lock = new();
    private readonly Bucket _all = new();
    private readonly Dictionary<string, Bucket> _namespaces = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Index> _indexes = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public T? Get(string? ns, string name)
    {
        lock (_lock)
            return _all.Items.GetValueOrDefault(new ObjectKey(ns ?? "", name));
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<T> List(string? ns = null)
    {
        lock (_lock)
            return string.IsNullOrEmpty(ns) ? _all.Snapshot() : _namespaces.TryGetValue(ns, out var bucket) ? bucket.Snapshot() : [];
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<T> ByIndex(string name, string key)
    {
        lock (_lock)
        {
            if (!_indexes.TryGetValue(name, out var index))
                throw new ArgumentException($"the informer of {typeof(T).Name} has no index \"{name}\"");
            return index.Buckets.TryGetValue(key, out var bucket) ? bucket.Snapshot() : [];
        }
    }

    /// <summary>Adds an index over what is there and what comes.</summary>
    public void AddIndex(string name, Func<T, IEnumerable<string>> keys)
    {
        lock (_lock)
        {
            var index = new Index(keys);
            foreach (var (key, value) in _all.Items)
                index.Add(key, value);
            _indexes[name] = index;
        }
    }

    /// <summary>An object as it now is; the changes that this makes, in order.</summary>
    public IEnumerable<ResourceEvent<T>> Set(T value)
    {
        var key = ObjectKey.Of(value);
        T? old;
        lock (_lock)
        {
            old = _all.Items.GetValueOrDefault(key);
            Put(key, old, value);
        }

        if (old is null)
            return [new ResourceAdded<T>(value)];
        // Another object took the name while we were not looking.
        return old.Metadata.Uid == value.Metadata.Uid ? [new ResourceUpdated<T>(old, value)] : [new ResourceDeleted<T>(old), new ResourceAdded<T>(value)];
    }

    /// <summary>An object is gone.</summary>
    public IEnumerable<ResourceEvent<T>> Remove(T last)
    {
        var key = ObjectKey.Of(last);
        lock (_lock)
        {
            if (!_all.Items.TryGetValue(key, out var old))
                return [];
            Put(key, old, null);
        }

        return [new ResourceDeleted<T>(last)];
    }

    /// <summary>Everything as a new list shows it; the changes since the last time we knew, deletions first.</summary>
    public IReadOnlyList<ResourceEvent<T>> Replace(IReadOnlyList<T> items)
    {
        var changes = new List<ResourceEvent<T>>();
        var present = items.Select(i => ObjectKey.Of(i)).ToHashSet();
        List<T> gone;
        lock (_lock)
            gone = [.. _all.Items.Where(i => !present.Contains(i.Key)).Select(i => i.Value)];
        foreach (var value in gone)
            changes.AddRange(Remove(value));
        foreach (var value in items)
        {
            if (Get(value.Metadata.NamespaceProperty, value.Metadata.Name) is { } old
                && old.Metadata.ResourceVersion == value.Metadata.ResourceVersion && old.Metadata.Uid == value.Metadata.Uid)
                continue;
            changes.AddRange(Set(value));
        }

        return changes;
    }

    private void Put(ObjectKey key, T? old, T? value)
    {
        _all.Put(key, value);
        if (key.Namespace.Length > 0)
        {
            if (!_namespaces.TryGetValue(key.Namespace, out var bucket))
                _namespaces[key.Namespace] = bucket = new Bucket();
            bucket.Put(key, value);
            if (bucket.Items.Count == 0)
                _namespaces.Remove(key.Namespace);
        }

        foreach (var index in _indexes.Values)
        {
            if (old is not null)
                index.Remove(key, old);
            if (value is not null)
                index.Add(key, value);
        }
    }

    private sealed class Bucket
    {
        private T[]? _snapshot;

        public Dictionary<ObjectKey, T> Items { get; } = [];

        public T[] Snapshot() => _snapshot ??= [.. Items.Values];

        public void Put(ObjectKey key, T? value)
        {
            _snapshot = null;
            if (value is null)
                Items.Remove(key);
            else
                Items[key] = value;
        }
    }

    private sealed class Index(Func<T, IEnumerable<string>> keys)
    {
        public Dictionary<string, Bucket> Buckets { get; } = new(StringComparer.Ordinal);

        public void Add(ObjectKey key, T value)
        {
            foreach (var text in keys(value))
            {
                if (!Buckets.TryGetValue(text, out var bucket))
                    Buckets[text] = bucket = new Bucket();
                bucket.Put(key, value);
            }
        }

        public void Remove(ObjectKey key, T value)
        {
            foreach (var text in keys(value))
            {
                if (!Buckets.TryGetValue(text, out var bucket))
                    continue;
                bucket.Put(key, null);
                if (bucket.Items.Count == 0)
                    Buckets.Remove(text);
            }
        }
    }
}
