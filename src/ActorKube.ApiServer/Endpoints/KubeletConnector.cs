using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>Connections to kubelets, with the API server's own client certificate. A kubelet must show a certificate of the cluster's CA.</summary>
internal sealed class KubeletConnector : IDisposable
{
    private const int MaxErrorBody = 64 * 1024;
    private const int MaxHead = 64 * 1024;

    // What a client and a kubelet agree on when they upgrade a connection; everything else stays between us and each of them.
    private static readonly string[] UpgradeHeaders =
    [
        "Upgrade", "X-Stream-Protocol-Version", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Sec-WebSocket-Accept",
    ];

    private readonly X509Certificate2 _authority;
    private readonly X509Certificate2 _client;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    /// <summary>Connections that show the client certificate and trust the authority.</summary>
    public KubeletConnector(X509Certificate2 authority, X509Certificate2 client, TimeProvider time)
    {
        _authority = authority;
        _client = client;
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler { SslOptions = TlsOptions(""), ConnectTimeout = TimeSpan.FromSeconds(10), UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Streams a GET of the kubelet to the client as it comes. A failure of the kubelet becomes a Status.</summary>
    public async Task StreamAsync(HttpContext http, string host, int port, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(host, port, path));
        await SendAsync(http, request).ConfigureAwait(false);
    }

    /// <summary>Passes a request on with its method and body, whatever its size, and streams the answer back.</summary>
    public async Task RelayAsync(HttpContext http, string host, int port, string path)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), Url(host, port, path));
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            request.Content = new StreamContent(http.Request.Body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", http.Request.ContentType);
        }

        await SendAsync(http, request).ConfigureAwait(false);
    }

    private async Task SendAsync(HttpContext http, HttpRequestMessage request)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, http.RequestAborted).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw ApiError.Internal($"{request.Method} \"{request.RequestUri}\": {e.InnerException?.Message ?? e.Message}", e);
        }

        using (answer)
        {
            if (!answer.IsSuccessStatusCode)
            {
                throw Failure((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(http.RequestAborted).ConfigureAwait(false));
            }

            http.Response.StatusCode = (int)answer.StatusCode;
            http.Response.ContentType = answer.Content.Headers.ContentType?.ToString() ?? "text/plain";
            await http.Response.StartAsync(http.RequestAborted).ConfigureAwait(false);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted).ConfigureAwait(false);
            await using var body = await answer.Content.ReadAsStreamAsync(http.RequestAborted).ConfigureAwait(false);
            await CopyAsync(body, http.Response.Body, http.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>Passes an upgrade on and, once the kubelet has agreed, every byte in both directions.</summary>
    public async Task TunnelAsync(HttpContext http, IHttpUpgradeFeature upgrade, string host, int port, string path)
    {
        using var socket = new TcpClient { NoDelay = true };
        Stream connection;
        try
        {
            await socket.ConnectAsync(host, port, http.RequestAborted).ConfigureAwait(false);
            var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsClientAsync(TlsOptions(host), http.RequestAborted).ConfigureAwait(false);
            connection = tls;
        }
        catch (Exception e) when (e is SocketException or IOException or System.Security.Authentication.AuthenticationException)
        {
            throw ApiError.Internal($"error dialing backend: {e.Message}", e);
        }

        await using (connection)
        {
            await connection.WriteAsync(RequestHead(http, host, port, path), http.RequestAborted).ConfigureAwait(false);
            var (code, headers, rest) = await ReadHeadAsync(connection, http.RequestAborted).ConfigureAwait(false);
            if (code != StatusCodes.Status101SwitchingProtocols)
            {
                throw Failure(code, await ReadTextAsync(connection, rest, headers, http.RequestAborted).ConfigureAwait(false));
            }

            foreach (var (name, value) in headers)
            {
                if (UpgradeHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
                {
                    http.Response.Headers.Append(name, value);
                }
            }

            http.Response.Headers.Remove("Cache-Control");
            await using var client = await upgrade.UpgradeAsync().ConfigureAwait(false);
            await client.WriteAsync(rest, http.RequestAborted).ConfigureAwait(false);
            await client.FlushAsync(http.RequestAborted).ConfigureAwait(false);
            await PumpAsync(client, connection, http.RequestAborted).ConfigureAwait(false);
        }
    }

    // Ends when either side ends: both SPDY and WebSocket close in their own frames before they close the connection.
    private static async Task PumpAsync(Stream client, Stream kubelet, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var up = CopyAsync(client, kubelet, ended.Token);
        var down = CopyAsync(kubelet, client, ended.Token);
        await Task.WhenAny(up, down).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(up, down).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            int count;
            while ((count = await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                await to.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private SslClientAuthenticationOptions TlsOptions(string host) => new()
    {
        TargetHost = host,
        ClientCertificates = [_client],
        LocalCertificateSelectionCallback = (_, _, _, _, _) => _client,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && IsOurs(shown),
    };

    // A kubelet is reached by address, and its certificate may name the node only: that it is one of the cluster's is what counts.
    private bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = ClusterCertificates.ChainTo(_authority, _time.GetUtcNow());
        return chain.Build(certificate);
    }

    private static byte[] RequestHead(HttpContext http, string host, int port, string path)
    {
        var head = new StringBuilder($"{http.Request.Method} {path} HTTP/1.1\r\nHost: {Authority(host, port)}\r\nConnection: Upgrade\r\n");
        foreach (var name in UpgradeHeaders)
        {
            foreach (var value in http.Request.Headers[name])
            {
                head.Append(name).Append(": ").Append(value).Append("\r\n");
            }
        }

        if (HttpMethods.IsPost(http.Request.Method))
        {
            head.Append("Content-Length: 0\r\n");
        }

        return Encoding.ASCII.GetBytes(head.Append("\r\n").ToString());
    }

    private static async Task<(int Code, List<(string Name, string Value)> Headers, byte[] Beyond)> ReadHeadAsync(Stream connection, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxHead];
        var length = 0;
        while (length < buffer.Length)
        {
            var count = await connection.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            length += count;
            var end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end < 0)
            {
                continue;
            }

            var lines = Encoding.ASCII.GetString(buffer, 0, end).Split("\r\n");
            var headers = lines.Skip(1).Select(l => l.Split(':', 2)).Where(p => p.Length == 2).Select(p => (p[0].Trim(), p[1].Trim())).ToList();
            var code = lines[0].Split(' ') is [_, var number, ..] && int.TryParse(number, out var parsed) ? parsed : 502;
            return (code, headers, buffer[(end + 4)..length]);
        }

        throw ApiError.Internal("error dialing backend: the kubelet closed the connection");
    }

    private static async Task<string> ReadTextAsync(Stream connection, byte[] rest, List<(string Name, string Value)> headers, CancellationToken cancellationToken)
    {
        var wanted = headers.Find(h => h.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Value is { } text && int.TryParse(text, out var length)
            ? Math.Min(length, MaxErrorBody)
            : rest.Length;
        var body = new MemoryStream();
        body.Write(rest);
        var buffer = new byte[4096];
        while (body.Length < wanted)
        {
            var count = await connection.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            body.Write(buffer, 0, count);
        }

        return Encoding.UTF8.GetString(body.ToArray());
    }

    private static ApiException Failure(int code, string text)
    {
        text = text.Trim();
        return code switch
        {
            400 => ApiError.BadRequest(text),
            404 => new ApiException(ApiError.Status(404, "NotFound", text.Length == 0 ? "the server could not find the requested resource" : text)),
            403 => new ApiException(ApiError.Status(403, "Forbidden", text)),
            >= 400 and < 500 => new ApiException(ApiError.Status(code, "", text)),
            _ => ApiError.Internal(text),
        };
    }

    private static string Url(string host, int port, string path) => $"https://{Authority(host, port)}{path}";

    private static string Authority(string host, int port) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
}
