using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ActorKube.Api.Machinery;
using ActorKube.Client.Protocol;
using ActorKube.Client.Serialization;
using k8s.Models;

namespace ActorKube.Client.Transport;

/// <summary>Requests by HTTPS: outside the cluster, for nodes that join by the API alone, or to a real Kubernetes.</summary>
public sealed class HttpTransport : IApiTransport
{
    private readonly HttpTransportOptions _options;

    /// <summary>Makes the transport; nothing is sent yet.</summary>
    public HttpTransport(HttpTransportOptions options) : this(options, new SocketsHttpHandler
    {
        SslOptions = TlsOf(options),
        PooledConnectionLifetime = TimeSpan.FromMinutes(15),
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        AutomaticDecompression = DecompressionMethods.GZip,
    })
    {
    }

    /// <summary>Makes the transport over a handler of the caller's, which then decides about TLS.</summary>
    public HttpTransport(HttpTransportOptions options, HttpMessageHandler handler)
    {
        _options = options;
        Http = new HttpClient(handler)
        {
            BaseAddress = options.Server,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
    }

    /// <summary>The client underneath, for URLs that are no API objects (discovery, OpenAPI, logs). It sends no credential but the certificate: see <see cref="Authorize"/>.</summary>
    public HttpClient Http { get; }

    /// <summary>The TLS settings for connections that are not made by <see cref="Http"/>, such as WebSockets.</summary>
    public static SslClientAuthenticationOptions TlsOf(HttpTransportOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.TlsServerName is not null)
            tls.TargetHost = options.TlsServerName;
        if (options.ClientCertificate is { } certificate)
        {
            // The chain to send is looked for among the given authorities alone: else the machine's whole trust is read, which takes longer than a request.
            var trust = SslCertificateTrust.CreateForX509Collection(options.CertificateAuthorities.Count > 0 ? [.. options.CertificateAuthorities] : [certificate]);
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true, trust);
        }

        if (options.InsecureSkipTlsVerify)
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        else if (options.CertificateAuthorities.Count > 0)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(options.CertificateAuthorities.ToArray());
        }

        return tls;
    }

    /// <summary>Sets the headers that prove who is calling.</summary>
    public void Authorize(HttpRequestMessage message)
    {
        if (_options.Token?.Invoke() is { Length: > 0 } token)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        else if (_options.BasicCredential is { } basic)
            message.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)));
    }

    /// <inheritdoc/>
    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken = default)
    {
        var answer = await SendRawAsync(request, "application/json", cancellationToken);
        // What a pod or Service says by the proxy is its own, and no object of the API.
        return answer.Code < 400 && request.Subresource.StartsWith("proxy", StringComparison.Ordinal)
            ? new ApiResponse(answer.Code, new ApiObject(new V1Status { Status = "Success", Code = answer.Code }), null, answer.Warnings)
            : Decode(answer);
    }

    /// <summary>
    /// Sends a request and returns the answer as it came, for callers that want another form of it, such as
    /// <c>application/json;as=Table;v=v1;g=meta.k8s.io,application/json</c>.
    /// </summary>
    public async Task<HttpAnswer> SendRawAsync(ApiRequest request, string accept, CancellationToken cancellationToken = default)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.RequestTimeout);
        try
        {
            using var message = CreateMessage(request, accept);
            using var response = await SendAsync(message, HttpCompletionOption.ResponseContentRead, timeout.Token);
            var body = await response.Content.ReadAsByteArrayAsync(timeout.Token);
            return new HttpAnswer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType ?? "", body, WarningsOf(response));
        }
        catch (Exception e) when (IsUnreachable(e, cancellationToken))
        {
            throw Unreachable(e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        var (started, code) = (Stopwatch.GetTimestamp(), 0);
        try
        {
            var response = await Http.SendAsync(message, completion, cancellationToken);
            code = (int)response.StatusCode;
            return response;
        }
        finally
        {
            ClientMetrics.Request(code, message.Method.Method, _options.Server.Authority, started);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ApiWatchEvent> WatchAsync(ApiRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var message = CreateMessage(request with { Verb = "watch" }, "application/json");
        HttpResponseMessage response;
        try
        {
            response = await SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception e) when (IsUnreachable(e, cancellationToken))
        {
            throw Unreachable(e);
        }

        using (response)
        {
            if (!response.IsSuccessStatusCode)
            {
                var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
                yield return new ApiWatchEvent("ERROR", StatusOf(new HttpAnswer((int)response.StatusCode, "", body, null)));
                yield break;
            }

            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
            while (await NextLine(reader, cancellationToken) is { } line)
            {
                if (line.Length == 0)
                    continue;
                using var json = JsonDocument.Parse(line);
                yield return new ApiWatchEvent(json.RootElement.GetProperty("type").GetString()!, ModelTypes.Read(json.RootElement.GetProperty("object")));
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<string?> NextLine(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (Exception e) when (IsUnreachable(e, cancellationToken))
        {
            throw Unreachable(e);
        }
    }

    /// <summary>The HTTP message of a request, with the credential, for callers that read the answer as a stream.</summary>
    public HttpRequestMessage CreateMessage(ApiRequest request, string accept)
    {
        var prefix = _options.Server.AbsolutePath.TrimEnd('/');
        var message = new HttpRequestMessage(HttpUrl.MethodOf(request.Verb), prefix + HttpUrl.Of(request))
        {
            Content = HttpUrl.BodyOf(request),
            Version = Http.DefaultRequestVersion,
            VersionPolicy = Http.DefaultVersionPolicy,
        };
        message.Headers.TryAddWithoutValidation("Accept", accept);
        if (request.UserAgent.Length > 0)
            message.Headers.TryAddWithoutValidation("User-Agent", request.UserAgent);
        Authorize(message);
        return message;
    }

    private static ApiResponse Decode(HttpAnswer answer)
    {
        if (answer.Code >= 400)
            return new ApiResponse(answer.Code, StatusOf(answer), null, answer.Warnings);
        using var json = JsonDocument.Parse(answer.Body);
        var root = json.RootElement;
        var kind = root.TryGetProperty("kind", out var k) ? k.GetString() ?? "" : "";
        if (!kind.EndsWith("List", StringComparison.Ordinal) || !root.TryGetProperty("items", out var items))
            return new ApiResponse(answer.Code, ModelTypes.Read(root), null, answer.Warnings);
        var apiVersion = root.GetProperty("apiVersion").GetString()!;
        var objects = items.ValueKind == JsonValueKind.Array
            ? items.EnumerateArray().Select(i => ModelTypes.Read(i, apiVersion, kind[..^4])).ToList()
            : [];
        var metadata = root.GetProperty("metadata").Deserialize<V1ListMeta>(ApiJson.Options)!;
        return new ApiResponse(answer.Code, null,
            new ApiList(objects, metadata.ResourceVersion ?? "", metadata.ContinueProperty ?? "", metadata.RemainingItemCount), answer.Warnings);
    }

    private static ApiObject StatusOf(HttpAnswer answer)
    {
        try
        {
            var status = ApiJson.Deserialize<V1Status>(answer.Body.Span);
            if (status.Kind == "Status")
            {
                status.Code ??= answer.Code;
                return new ApiObject(status);
            }
        }
        catch (JsonException)
        {
            // Something between us and the API server answered in words of its own; they go into the message below.
        }

        var text = Encoding.UTF8.GetString(answer.Body.Span).Trim();
        return new ApiObject(ApiError.Status(answer.Code, ((HttpStatusCode)answer.Code).ToString(), text.Length > 0 ? text : $"HTTP {answer.Code}"));
    }

    private static List<string>? WarningsOf(HttpResponseMessage response) => response.Headers.Warning.Count == 0
        ? null
        : [.. response.Headers.Warning.Select(w => w.Text.Length >= 2 && w.Text[0] == '"' ? w.Text[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal) : w.Text)];

    private static bool IsUnreachable(Exception e, CancellationToken callers) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !callers.IsCancellationRequested);

    private static ApiUnreachableException Unreachable(Exception e) => new(
        e is OperationCanceledException ? "the API server did not answer in time" : $"the API server cannot be reached: {(e.InnerException ?? e).Message}", e);
}

/// <summary>An HTTP answer as it came.</summary>
/// <param name="Code">HTTP code.</param>
/// <param name="MediaType">Media type of the body.</param>
/// <param name="Body">The body.</param>
/// <param name="Warnings">Texts of <c>Warning</c> headers.</param>
public sealed record HttpAnswer(int Code, string MediaType, ReadOnlyMemory<byte> Body, IReadOnlyList<string>? Warnings);
