using System.Text;

namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>
/// The versions of Kubernetes' remote command protocol, which carries exec and attach over SPDY or WebSocket.
/// Version 3 added terminal sizes, version 4 the Status with the exit code, version 5 (WebSocket only) closing stdin.
/// </summary>
public static class RemoteCommandProtocol
{
    /// <summary>WebSocket, with a signal that closes one stream.</summary>
    public const string V5 = "v5.channel.k8s.io";

    /// <summary>The outcome is a Status.</summary>
    public const string V4 = "v4.channel.k8s.io";

    /// <summary>Terminal sizes; the outcome is a text.</summary>
    public const string V3 = "v3.channel.k8s.io";

    /// <summary>No terminal sizes; the outcome is a text.</summary>
    public const string V2 = "v2.channel.k8s.io";

    /// <summary>The first version; for a server the same as version 2.</summary>
    public const string V1 = "channel.k8s.io";

    /// <summary>The HTTP header that names the versions over SPDY, once per version or separated by commas.</summary>
    public const string VersionHeader = "X-Stream-Protocol-Version";

    /// <summary>The HTTP header of a 403 that lists the versions a server would take.</summary>
    public const string AcceptedVersionsHeader = "X-Accept-Stream-Protocol-Versions";

    /// <summary>What <c>Upgrade</c> says for SPDY.</summary>
    public const string SpdyUpgrade = "SPDY/3.1";

    internal const string StreamType = "streamType";
    internal const string StdinStream = "stdin";
    internal const string StdoutStream = "stdout";
    internal const string StderrStream = "stderr";
    internal const string ErrorStream = "error";
    internal const string ResizeStream = "resize";

    /// <summary>What <see cref="RemoteCommandServer"/> speaks over SPDY, best first.</summary>
    public static IReadOnlyList<string> Spdy { get; } = [V4, V3, V2, V1];

    /// <summary>What <see cref="RemoteCommandServer"/> speaks over WebSocket, best first.</summary>
    public static IReadOnlyList<string> WebSocket { get; } = [V5, V4, V1];

    /// <summary>The first of the client's versions that the server speaks, or null: then the answer is 403.</summary>
    /// <param name="requested">The header's values; each may list several.</param>
    /// <param name="supported"><see cref="Spdy"/>, <see cref="WebSocket"/> or another protocol's list.</param>
    public static string? Negotiate(IEnumerable<string?> requested, IReadOnlyList<string> supported) =>
        requested.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(supported.Contains);

    internal static bool HasResize(string protocol) => protocol is V3 or V4 or V5;

    internal static bool HasStatus(string protocol) => protocol is V4 or V5;

    /// <summary>The bytes on the error channel: a Status, or for the old versions the message of a failure.</summary>
    internal static byte[] Encode(string protocol, RemoteCommandStatus status) =>
        HasStatus(protocol) ? status.ToJson() : Encoding.UTF8.GetBytes(status.Message ?? "");
}

/// <summary>Which streams a client asked for: the query parameters of exec and attach.</summary>
/// <param name="Stdin">Whether the client sends input.</param>
/// <param name="Stdout">Whether the client wants output.</param>
/// <param name="Stderr">Whether the client wants errors; never with a terminal, whose output carries them.</param>
/// <param name="Tty">Whether there is a terminal.</param>
public sealed record RemoteCommandOptions(bool Stdin, bool Stdout, bool Stderr, bool Tty)
{
    internal bool WantsStderr => Stderr && !Tty;
}
