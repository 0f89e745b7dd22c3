namespace ActorKube.ContainerRuntime.Cri;

/// <summary>How patient <see cref="CriRuntime"/> is.</summary>
public sealed record CriRuntimeOptions
{
    /// <summary>How long a call may take beyond the time it was told to take; the kubelet's <c>runtimeRequestTimeout</c>.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long the runtime may take to answer when connecting.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often containers are listed where the runtime sends no events.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an imported image may take to appear in the runtime's list.</summary>
    public TimeSpan ImportTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
