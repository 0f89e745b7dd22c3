namespace ActorKube.ContainerRuntime.Streaming.Spdy;

/// <summary>How a <see cref="SpdyConnection"/> behaves.</summary>
public sealed record SpdyOptions
{
    /// <summary>
    /// Whether windows are kept and obeyed, as SPDY/3.1 says. Off by default: the SPDY that Kubernetes' programs speak
    /// never updates a window, so obeying it would stop every stream after 64 KiB. Without it, a reader who stops reading
    /// stops the whole connection once <see cref="ReceiveBuffer"/> is full.
    /// </summary>
    public bool FlowControl { get; init; }

    /// <summary>How many bytes of one stream may wait to be read.</summary>
    public int ReceiveBuffer { get; init; } = 1024 * 1024;

    /// <summary>How many streams the peer may have open at once.</summary>
    public int MaxStreams { get; init; } = 1000;
}
