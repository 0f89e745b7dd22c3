using System.Globalization;
using ActorKube.Client;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Shell;

/// <summary>A write that the API server took.</summary>
/// <param name="Kind">The model class.</param>
/// <param name="Key">The object's key.</param>
/// <param name="Uid">The object's uid.</param>
/// <param name="Version">The resourceVersion it has after the write; 0 for a deletion, which is seen when the object is marked deleted or gone.</param>
internal sealed record Write(Type Kind, ObjectKey Key, string Uid, long Version)
{
    public static Write Of(IKubernetesObject<V1ObjectMeta> result) => new(
        result.GetType(), ObjectKey.Of(result), result.Metadata.Uid ?? "", long.TryParse(result.Metadata.ResourceVersion, CultureInfo.InvariantCulture, out var v) ? v : 0);

    public bool IsSeenIn(IKubernetesObject<V1ObjectMeta> value)
    {
        if (value.Metadata.Uid != Uid)
            return true;
        return Version == 0
            ? value.Metadata.DeletionTimestamp is not null
            : !long.TryParse(value.Metadata.ResourceVersion, CultureInfo.InvariantCulture, out var version) || version >= Version;
    }
}

/// <summary>
/// A controller's own writes that its caches do not show yet. A key is not reconciled before its last writes are seen: else the controller would, say,
/// create the same pods again. Pure but for its state; the shell owns it.
/// </summary>
internal sealed class UnseenWrites
{
    // A watch that misses a deletion (created and gone between two lists) would leave a key blocked for ever.
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(30);
    private const int RememberedDeletions = 1024;

    private readonly Dictionary<ObjectKey, (HashSet<Write> Writes, DateTimeOffset Since)> _byKey = [];
    private readonly Dictionary<string, HashSet<ObjectKey>> _waitingFor = [];
    private readonly HashSet<string> _deleted = [];
    private readonly Queue<string> _deletedInOrder = new();

    /// <summary>Notes a key's writes, leaving out those that <paramref name="find"/> (the cache) shows already.</summary>
    public void Add(ObjectKey key, IEnumerable<Write> writes, Func<Write, IKubernetesObject<V1ObjectMeta>?> find, DateTimeOffset now)
    {
        foreach (var write in writes)
        {
            var seen = find(write) is { } cached ? write.IsSeenIn(cached) : write.Version == 0 || _deleted.Contains(write.Uid);
            if (seen)
                continue;
            if (!_byKey.TryGetValue(key, out var entry))
                entry = ([], now);
            entry.Writes.Add(write);
            _byKey[key] = (entry.Writes, now);
            if (!_waitingFor.TryGetValue(write.Uid, out var keys))
                _waitingFor[write.Uid] = keys = [];
            keys.Add(key);
        }
    }

    /// <summary>An informer showed an object; the keys that wait for nothing more now.</summary>
    public IReadOnlyList<ObjectKey> See(IKubernetesObject<V1ObjectMeta> value, bool deleted)
    {
        var uid = value.Metadata.Uid ?? "";
        if (deleted && _deleted.Add(uid))
        {
            _deletedInOrder.Enqueue(uid);
            if (_deletedInOrder.Count > RememberedDeletions)
                _deleted.Remove(_deletedInOrder.Dequeue());
        }

        if (!_waitingFor.TryGetValue(uid, out var keys))
            return [];
        var free = new List<ObjectKey>();
        foreach (var key in keys.ToList())
        {
            var writes = _byKey[key].Writes;
            writes.RemoveWhere(w => w.Uid == uid && (deleted || w.IsSeenIn(value)));
            if (writes.All(w => w.Uid != uid))
                keys.Remove(key);
            if (writes.Count > 0)
                continue;
            _byKey.Remove(key);
            free.Add(key);
        }

        if (keys.Count == 0)
            _waitingFor.Remove(uid);
        return free;
    }

    /// <summary>How long a key still has to wait at most; zero when it need not.</summary>
    public TimeSpan WaitOf(ObjectKey key, DateTimeOffset now)
    {
        if (!_byKey.TryGetValue(key, out var entry))
            return TimeSpan.Zero;
        var wait = entry.Since + GiveUpAfter - now;
        if (wait > TimeSpan.Zero)
            return wait;
        _byKey.Remove(key);
        foreach (var write in entry.Writes)
        {
            if (_waitingFor.TryGetValue(write.Uid, out var keys) && keys.Remove(key) && keys.Count == 0)
                _waitingFor.Remove(write.Uid);
        }

        return TimeSpan.Zero;
    }
}
