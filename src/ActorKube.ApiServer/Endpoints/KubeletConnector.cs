using System.Buffers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Authentication;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>Connections to kubelets, with the API server's own client certificate. A kubelet must show a certificate of the cluster's CA.</summary>
internal sealed class KubeletConnector : IDisposable
{
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

    /// <summary>The whole answer to a GET of the node's kubelet. A failure of the kubelet becomes a Status.</summary>
    public async Task<ReadOnlyMemory<byte>> GetAsync(V1Node node, string path, CancellationToken cancellationToken)
    {
        var (host, port) = NodeAddresses.Of(node);
        using var answer = await _http.GetAsync(Url(host, port, path), cancellationToken).ConfigureAwait(false);
        return answer.IsSuccessStatusCode
            ? await answer.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false)
            : throw Failure((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
    }

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

    /// <summary>
    /// Passes an upgrade on and, once the kubelet has agreed, every byte in both directions. When it does not agree, the client gets
    /// the kubelet's own words: clients look for them behind a failed upgrade.
    /// </summary>
    public async Task TunnelAsync(HttpContext http, IHttpUpgradeFeature upgrade, string host, int port, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), Url(host, port, path))
        {
            Version = System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Connection.Add("Upgrade");
        foreach (var name in UpgradeHeaders)
        {
            foreach (var value in http.Request.Headers[name])
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, http.RequestAborted).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw ApiError.Internal($"error dialing backend: {e.InnerException?.Message ?? e.Message}", e);
        }

        using (answer)
        {
            await using var kubelet = await answer.Content.ReadAsStreamAsync(http.RequestAborted).ConfigureAwait(false);
            if ((int)answer.StatusCode != StatusCodes.Status101SwitchingProtocols)
            {
                http.Response.StatusCode = (int)answer.StatusCode;
                http.Response.ContentType = answer.Content.Headers.ContentType?.ToString() ?? "text/plain";
                await CopyAsync(kubelet, http.Response.Body, http.RequestAborted).ConfigureAwait(false);
                return;
            }

            foreach (var name in UpgradeHeaders)
            {
                if (answer.Headers.TryGetValues(name, out var values))
                {
                    http.Response.Headers[name] = values.ToArray();
                }
            }

            http.Response.Headers.Remove("Cache-Control");
            await using var client = await upgrade.UpgradeAsync().ConfigureAwait(false);
            await PumpAsync(client, kubelet, http.RequestAborted).ConfigureAwait(false);
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
