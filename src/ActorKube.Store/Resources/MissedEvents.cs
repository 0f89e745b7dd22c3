using ActorKube.Store.History;
using ActorKube.Store.Protocol;
using Akka.Actor;

namespace ActorKube.Store.Resources;

/// <summary>
/// Events that a subscriber lacks and that are no longer, or not yet again, in memory: an owner that takes the store over replays only what came after the last
/// snapshot, and caches may be some events behind that. They are read from the journal, so that no watcher has to begin anew.
/// </summary>
/// <param name="Subscribe">Who asked.</param>
/// <param name="UpTo">The newest revision when it asked.</param>
/// <param name="Events">From the one after <see cref="Subscribe.After"/>; empty when they could not be read.</param>
internal sealed record MissedEvents(Subscribe Subscribe, long UpTo, IReadOnlyList<StoreEvent> Events)
{
    /// <summary>Reads them; null where the journal is another plugin's.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="resource">Resource type.</param>
    /// <param name="after">What the subscriber has.</param>
    /// <param name="upTo">The newest revision.</param>
    public static Task<IReadOnlyList<StoreEvent>>? Read(ActorSystem system, string resource, long after, long upTo) =>
        ResourceHistory.Of(system)?.ReadAsync(resource, after + 1, upTo, int.MaxValue);

    /// <summary>These and the recent ones since; null when they leave a gap.</summary>
    /// <param name="recent">The newest events.</param>
    /// <param name="current">The newest revision now.</param>
    public IReadOnlyList<StoreEvent>? Before(RecentEvents recent, long current)
    {
        var after = Subscribe.After ?? 0;
        var isWhole = Events.Count == UpTo - after && Events.Count > 0 && Events[0].Revision == after + 1 && Events[^1].Revision == UpTo;
        return isWhole && recent.After(UpTo, current) is { } since ? [.. Events, .. since] : null;
    }
}

/// <summary>Write and answer what was taken, then stop.</summary>
internal sealed record Close
{
    /// <summary>The message.</summary>
    public static Close Instance { get; } = new();
}
