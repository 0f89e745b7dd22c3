using System.Globalization;
using ActorKube.ContainerRuntime.Streaming.Spdy;

namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>
/// Kubernetes' port-forward protocol: on one SPDY connection, each forwarded TCP connection is a pair of streams with the same
/// <c>requestID</c>, one for the data and one for a message when it fails.
/// </summary>
public static class PortForwardProtocol
{
    /// <summary>The value of <c>X-Stream-Protocol-Version</c> for SPDY.</summary>
    public const string V1 = "portforward.k8s.io";

    /// <summary>
    /// The WebSocket subprotocol under which SPDY is tunnelled; kubectl 1.31 and later ask for it first. .NET's WebSocket refuses
    /// a subprotocol with a slash in it: accept the socket without one and set <c>Sec-WebSocket-Protocol</c> on the response yourself.
    /// </summary>
    public const string WebSocketTunnel = "SPDY/3.1+portforward.k8s.io";

    internal const string PortHeader = "port";
    internal const string RequestIdHeader = "requestID";
    internal const string DataStream = "data";

    /// <summary>The versions for <see cref="RemoteCommandProtocol.Negotiate"/>.</summary>
    public static IReadOnlyList<string> Supported { get; } = [V1];

    /// <summary>The headers of one of the two streams.</summary>
    internal static Dictionary<string, string> Headers(string type, int port, string requestId) => new()
    {
        [RemoteCommandProtocol.StreamType] = type,
        [PortHeader] = port.ToString(CultureInfo.InvariantCulture),
        [RequestIdHeader] = requestId,
    };

    /// <summary>What a new stream is for, or null when its headers make no sense.</summary>
    internal static (string Type, int Port, string RequestId)? Read(SpdyStream stream)
    {
        var type = stream.Headers.GetValueOrDefault(RemoteCommandProtocol.StreamType);
        if (type is not (DataStream or RemoteCommandProtocol.ErrorStream)
            || !ushort.TryParse(stream.Headers.GetValueOrDefault(PortHeader), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
        {
            return null;
        }

        // The oldest clients sent no id, but always opened the error stream and then the data stream.
        var id = stream.Headers.GetValueOrDefault(RequestIdHeader)
            ?? (type == DataStream ? stream.Id - 2 : stream.Id).ToString(CultureInfo.InvariantCulture);
        return (type, port, id);
    }
}
