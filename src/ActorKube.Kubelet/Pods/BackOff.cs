namespace ActorKube.Kubelet.Pods;

/// <summary>How long to wait after a failure: first <paramref name="Initial"/>, doubling up to <paramref name="Max"/>.</summary>
/// <param name="Initial">The first delay.</param>
/// <param name="Max">The longest delay; after twice this time without failure the past is forgotten.</param>
public sealed record BackOffPolicy(TimeSpan Initial, TimeSpan Max)
{
    /// <summary>Kubernetes' 10 seconds to 5 minutes.</summary>
    public static BackOffPolicy Default { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));

    /// <summary>
    /// The entry after one more failure. <paramref name="happenedAt"/> is when the failure happened, for example when the container ended.
    /// With 10 s and 5 min: 10, 20, 40, 80, 160, 300, 300 …; a container that ran 10 minutes since its last start begins again at 10.
    /// </summary>
    internal BackOff Next(BackOff? before, DateTimeOffset happenedAt, DateTimeOffset now) =>
        before is null || happenedAt - before.Since > Max * 2
            ? new BackOff(Initial, now)
            : new BackOff(before.Delay * 2 > Max ? Max : before.Delay * 2, now);

    /// <summary>How long a failure at <paramref name="happenedAt"/> still holds things back; zero when it does not.</summary>
    internal TimeSpan Remaining(BackOff? entry, DateTimeOffset happenedAt, DateTimeOffset now)
    {
        if (entry is null || happenedAt - entry.Since > Max * 2)
            return TimeSpan.Zero;
        var remaining = happenedAt + entry.Delay - now;
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }
}

/// <summary>What is remembered of earlier failures.</summary>
/// <param name="Delay">How long the next try is held back.</param>
/// <param name="Since">When the entry was made, which is when the last try began.</param>
internal sealed record BackOff(TimeSpan Delay, DateTimeOffset Since);
