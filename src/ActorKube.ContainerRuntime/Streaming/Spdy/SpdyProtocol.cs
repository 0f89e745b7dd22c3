namespace ActorKube.ContainerRuntime.Streaming.Spdy;

/// <summary>
/// The numbers of SPDY/3.1. Every frame starts with eight bytes:
/// <code>
/// control: 1 | version 3 (15 bits) | type (16) | flags (8) | length (24)
/// data:    0 | stream id (31)                  | flags (8) | length (24)
/// </code>
/// Source: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
/// </summary>
internal static class SpdyProtocol
{
    /// <summary>Bytes before a frame's body.</summary>
    public const int FrameHeaderBytes = 8;

    /// <summary>The version in every control frame.</summary>
    public const ushort Version = 3;

    /// <summary>The largest control frame taken; only header blocks come near it.</summary>
    public const int MaxControlBytes = 64 * 1024;

    /// <summary>Data is cut into frames of this size, so that no stream holds the connection for long.</summary>
    public const int MaxDataBytes = 32 * 1024;

    /// <summary>A window before SETTINGS or WINDOW_UPDATE change it, for a stream and for the session.</summary>
    public const int InitialWindow = 64 * 1024;

    /// <summary>SETTINGS entry: the initial window of each stream.</summary>
    public const int SettingInitialWindow = 7;

    /// <summary>Half-close: the sender of this frame sends no more on the stream.</summary>
    public const byte FlagFin = 1;

    /// <summary>On SYN_STREAM: the receiver may not send on the stream.</summary>
    public const byte FlagUnidirectional = 2;
}

/// <summary>Control frame types.</summary>
internal enum SpdyFrameType : ushort
{
    /// <summary>Opens a stream.</summary>
    SynStream = 1,

    /// <summary>Accepts a stream.</summary>
    SynReply = 2,

    /// <summary>Ends a stream at once, both ways.</summary>
    RstStream = 3,

    /// <summary>Connection parameters.</summary>
    Settings = 4,

    /// <summary>Asks for an echo.</summary>
    Ping = 6,

    /// <summary>No new streams.</summary>
    GoAway = 7,

    /// <summary>More headers for an open stream.</summary>
    Headers = 8,

    /// <summary>The receiver has room for more data.</summary>
    WindowUpdate = 9,
}

/// <summary>Why a stream was reset.</summary>
public enum SpdyResetStatus
{
    /// <summary>The peer broke the protocol.</summary>
    ProtocolError = 1,

    /// <summary>The stream is not, or no longer, known.</summary>
    InvalidStream = 2,

    /// <summary>The stream was refused before anything was done for it.</summary>
    RefusedStream = 3,

    /// <summary>The peer speaks another version.</summary>
    UnsupportedVersion = 4,

    /// <summary>The one who opened the stream no longer needs it.</summary>
    Cancel = 5,

    /// <summary>Something failed that is not the protocol's fault.</summary>
    InternalError = 6,

    /// <summary>More data than the window allows.</summary>
    FlowControlError = 7,
}

/// <summary>The peer broke SPDY, or the connection is gone.</summary>
public sealed class SpdyException(string message, Exception? inner = null) : IOException(message, inner);
