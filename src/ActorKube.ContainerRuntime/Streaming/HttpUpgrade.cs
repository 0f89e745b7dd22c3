using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>Turns a new HTTP/1.1 connection into a SPDY/3.1 one, as the clients of a runtime's streaming server do.</summary>
internal static class HttpUpgrade
{
    private const int MaxHeadBytes = 16 * 1024;

    /// <summary>Connects and upgrades. Returns the raw stream and the protocol version that the server chose.</summary>
    public static async Task<(Stream Transport, string Protocol)> ToSpdyAsync(Uri url, IReadOnlyList<string> protocols, CancellationToken cancellationToken)
    {
        var stream = await ConnectAsync(url, cancellationToken).ConfigureAwait(false);
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Request(url, protocols)), cancellationToken).ConfigureAwait(false);
            var head = await ReadHeadAsync(stream, cancellationToken).ConfigureAwait(false);
            var (status, headers) = Parse(head);
            if (status == (int)HttpStatusCode.SwitchingProtocols)
            {
                return (stream, headers.GetValueOrDefault(RemoteCommandProtocol.VersionHeader) ?? protocols[^1]);
            }

            var body = await ReadBodyAsync(stream, headers, cancellationToken).ConfigureAwait(false);
            throw new ContainerRuntimeException(
                $"The runtime's streaming server refused to upgrade: {head.Split("\r\n")[0]}: {body}",
                status == (int)HttpStatusCode.NotFound ? ContainerRuntimeError.NotFound : ContainerRuntimeError.Failed);
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw e is IOException ? new ContainerRuntimeException($"The runtime's streaming server broke off: {e.Message}", inner: e) : e;
        }
    }

    /// <summary>The status and headers of a response's head.</summary>
    internal static (int Status, Dictionary<string, string> Headers) Parse(string head)
    {
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var words = lines.Length > 0 ? lines[0].Split(' ', 3) : [];
        if (words.Length < 2 || !words[0].StartsWith("HTTP/1.", StringComparison.Ordinal) || !int.TryParse(words[1], out var status))
        {
            throw new ContainerRuntimeException("The runtime's streaming server does not speak HTTP.");
        }

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':');
            if (colon > 0)
            {
                headers[line[..colon].Trim()] = line[(colon + 1)..].Trim();
            }
        }

        return (status, headers);
    }

    private static string Request(Uri url, IReadOnlyList<string> protocols) =>
        $"POST {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nConnection: Upgrade\r\nUpgrade: {RemoteCommandProtocol.SpdyUpgrade}\r\n"
        + string.Concat(protocols.Select(protocol => $"{RemoteCommandProtocol.VersionHeader}: {protocol}\r\n"))
        + "Content-Length: 0\r\n\r\n";

    private static async Task<Stream> ConnectAsync(Uri url, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(url.DnsSafeHost, url.Port, cancellationToken).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            if (url.Scheme != Uri.UriSchemeHttps)
            {
                return stream;
            }

            // A runtime that uses TLS here signs its own certificate; the URL, with its one-time token, came over the
            // runtime's own socket, so it is trusted on loopback and only there.
            var secure = new SslStream(stream);
            await secure.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = url.DnsSafeHost,
                    RemoteCertificateValidationCallback = (_, _, _, errors) => errors == SslPolicyErrors.None || url.IsLoopback,
                }, cancellationToken).ConfigureAwait(false);
            return secure;
        }
        catch (Exception e)
        {
            socket.Dispose();
            throw e is SocketException or IOException or System.Security.Authentication.AuthenticationException
                ? new ContainerRuntimeException($"The runtime's streaming server at {url.Authority} cannot be reached: {e.Message}", ContainerRuntimeError.Unavailable, e)
                : e;
        }
    }

    // Byte by byte: what follows the head belongs to SPDY and must stay in the stream.
    private static async Task<string> ReadHeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < 4 || head[^1] != '\n' || head[^2] != '\r' || head[^3] != '\n' || head[^4] != '\r')
        {
            if (await stream.ReadAsync(one, cancellationToken).ConfigureAwait(false) == 0 || head.Length > MaxHeadBytes)
            {
                throw new IOException("it sent no HTTP response.");
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private static async Task<string> ReadBodyAsync(Stream stream, Dictionary<string, string> headers, CancellationToken cancellationToken)
    {
        var buffer = new byte[Math.Min(MaxHeadBytes, int.TryParse(headers.GetValueOrDefault("Content-Length"), out var length) ? length : 0)];
        var count = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return Encoding.UTF8.GetString(buffer, 0, count).Trim();
    }
}
