using System.Text;
using ActorKube.ContainerRuntime.Streaming.Spdy;

namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>The client's end of port-forward, against the streaming server of a CRI runtime.</summary>
public static class PortForwardClient
{
    /// <summary>Joins <paramref name="local"/> to a port behind <paramref name="url"/> until either side closes.</summary>
    public static async Task RunAsync(Uri url, int port, Stream local, CancellationToken cancellationToken = default)
    {
        var (transport, _) = await HttpUpgrade.ToSpdyAsync(url, PortForwardProtocol.Supported, cancellationToken).ConfigureAwait(false);
        var connection = new SpdyConnection(transport, isServer: false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                var error = await connection.OpenStreamAsync(
                    PortForwardProtocol.Headers(RemoteCommandProtocol.ErrorStream, port, "0"), completeWriting: true, cancellationToken).ConfigureAwait(false);
                var data = await connection.OpenStreamAsync(
                    PortForwardProtocol.Headers(PortForwardProtocol.DataStream, port, "0"), cancellationToken: cancellationToken).ConfigureAwait(false);
                var failure = ReadTextAsync(error, cancellationToken);
                await DuplexCopy.JoinAsync(local, data, data.CompleteWritingAsync, cancellationToken).ConfigureAwait(false);
                if (await failure.ConfigureAwait(false) is { Length: > 0 } message)
                {
                    throw new ContainerRuntimeException(message);
                }
            }
            catch (SpdyException e)
            {
                throw new ContainerRuntimeException($"The connection to port {port} broke: {e.Message}", inner: e);
            }
        }
    }

    private static async Task<string> ReadTextAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
    }
}
