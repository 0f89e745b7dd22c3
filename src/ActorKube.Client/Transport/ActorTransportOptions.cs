using ActorKube.Client.Protocol;

namespace ActorKube.Client.Transport;

/// <summary>How an <see cref="ActorTransport"/> connects.</summary>
public sealed record ActorTransportOptions
{
    /// <summary>Who the component is. Asked anew for every connection, so that a renewed token is used.</summary>
    public required Func<ApiCredential> Credential { get; init; }

    /// <summary>Where API servers are.</summary>
    public ApiServers Servers { get; init; } = ApiServers.Local;

    /// <summary>How long a request may take, the wait for a connection included.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one attempt to connect may take before the next server is tried.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The first wait after every known server failed.</summary>
    public TimeSpan ReconnectMin { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait between attempts.</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Spreads reconnects; seeded in tests.</summary>
    public Random Random { get; init; } = new();
}
