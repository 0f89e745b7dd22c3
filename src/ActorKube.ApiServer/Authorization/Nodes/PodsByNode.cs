using ActorKube.ApiServer.WatchCache;
using ActorKube.Store.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Nodes;

/// <summary>
/// The pods of each node, kept up with the watch cache whenever somebody asks: it reads the changes since it was last asked, and starts
/// over when they are no longer in the log.
/// </summary>
internal sealed class PodsByNode
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Dictionary<string, PodReferences>> _byNode = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _nodeOf = new(StringComparer.Ordinal);
    private EventLog? _log;
    private long _next;

    /// <summary>Whether the test holds for a pod of the node.</summary>
    /// <param name="pods">The cache's newest state.</param>
    /// <param name="node">The node.</param>
    /// <param name="test">Asked for each pod of the node.</param>
    public bool Any(CacheState pods, string node, Func<PodReferences, bool> test)
    {
        lock (_gate)
        {
            CatchUp(pods);
            return _byNode.TryGetValue(node, out var own) && own.Values.Any(test);
        }
    }

    /// <summary>The node of a pod, or null.</summary>
    public string? NodeOf(CacheState pods, string key)
    {
        lock (_gate)
        {
            CatchUp(pods);
            return _nodeOf.GetValueOrDefault(key);
        }
    }

    private void CatchUp(CacheState pods)
    {
        if (!ReferenceEquals(_log, pods.Log))
        {
            StartOver(pods);
            return;
        }

        for (; _next < pods.NextPosition; _next++)
        {
            if (pods.Log.Read(_next) is not { } change)
            {
                StartOver(pods);
                return;
            }

            Take(change.Object, change.Type == StoreEventType.Removed);
        }
    }

    private void StartOver(CacheState pods)
    {
        _byNode.Clear();
        _nodeOf.Clear();
        foreach (var entry in pods.Objects.Range(""))
        {
            Take(entry, false);
        }

        (_log, _next) = (pods.Log, pods.NextPosition);
    }

    private void Take(CachedObject entry, bool removed)
    {
        if (_nodeOf.Remove(entry.Key, out var before))
        {
            _byNode[before].Remove(entry.Key);
            if (_byNode[before].Count == 0)
            {
                _byNode.Remove(before);
            }
        }

        var pod = entry.Object.As<V1Pod>();
        if (removed || pod.Spec?.NodeName is not { Length: > 0 } node)
        {
            return;
        }

        _nodeOf[entry.Key] = node;
        if (!_byNode.TryGetValue(node, out var own))
        {
            _byNode.Add(node, own = new Dictionary<string, PodReferences>(StringComparer.Ordinal));
        }

        own[entry.Key] = PodReferences.Of(pod);
    }
}
