using System.Collections.Concurrent;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>
/// States that paginated lists started from, kept for a few minutes so that later pages show the same moment. Cheap: states share
/// what did not change between them. Bounded in number; the oldest goes first.
/// </summary>
internal sealed class PinnedStates(TimeProvider time)
{
    private const int Limit = 64;

    /// <summary>How long a state is kept: as long as Kubernetes keeps one, on average.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<long, Pin> _pins = [];

    /// <summary>Keeps a state for the pages to come.</summary>
    public void Add(CacheState state)
    {
        var now = time.GetUtcNow();
        _pins[state.Revision] = new Pin(state, now);
        foreach (var (revision, pin) in _pins)
        {
            if (now - pin.Since > Lifetime)
            {
                _pins.TryRemove(revision, out _);
            }
        }

        while (_pins.Count > Limit && _pins.MinBy(p => p.Value.Since) is { Value: not null } oldest)
        {
            _pins.TryRemove(oldest.Key, out _);
        }
    }

    /// <summary>The state of a revision, while it is kept.</summary>
    public CacheState? Find(long revision) =>
        _pins.TryGetValue(revision, out var pin) && time.GetUtcNow() - pin.Since <= Lifetime ? pin.State : null;

    private sealed record Pin(CacheState State, DateTimeOffset Since);
}
