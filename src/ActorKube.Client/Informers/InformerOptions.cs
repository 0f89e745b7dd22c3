namespace ActorKube.Client.Informers;

/// <summary>How informers keep themselves going.</summary>
public sealed record InformerOptions
{
    /// <summary>The first wait after a failed list or watch.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait between tries.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a watch stays open at least; each one lasts up to twice as long, so that they do not all end together.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Chance for waits and time-outs; seeded in tests.</summary>
    public Random Random { get; init; } = new();
}
