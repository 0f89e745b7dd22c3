using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>
/// One pull's conversation with one registry: the distribution API v2 (https://github.com/opencontainers/distribution-spec), anonymous, with basic
/// authentication, or with bearer tokens that a token server hands out. Expected failures are <see cref="ContainerRuntimeException"/> in containerd's words.
/// </summary>
internal sealed class RegistryClient : IDisposable
{
    private static readonly string[] ManifestTypes = [MediaTypes.OciIndex, MediaTypes.DockerIndex, MediaTypes.OciManifest, MediaTypes.DockerManifest];
    private readonly ImageReference _reference;
    private readonly RegistryOptions _options;
    private readonly RegistryCredentials _credentials;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _authorizing = new(1);
    private string _scheme;
    private AuthenticationHeaderValue? _authorization;

    public RegistryClient(ImageReference reference, AuthConfig? auth, RegistryOptions options)
    {
        _reference = reference;
        _options = options;
        _credentials = RegistryCredentials.From(auth);
        var insecure = options.IsInsecure(reference.RegistryHost);
        _scheme = insecure ? "http" : "https";
        var handler = new SocketsHttpHandler { ConnectTimeout = options.ConnectTimeout, AutomaticDecompression = DecompressionMethods.None };
        if (insecure)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("actorkube");
        _authorization = _credentials.RegistryToken is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
    }

    /// <summary>A manifest or index by tag or digest, with its media type and the digest of its bytes.</summary>
    public async Task<(OciDescriptor Descriptor, byte[] Content)> GetManifestAsync(string selector, CancellationToken cancellationToken)
    {
        return await RetryAsync(async (_, token) =>
        {
            using var response = await SendAsync("manifests", selector, ManifestTypes, token).ConfigureAwait(false);
            var content = await response.Content.ReadAsByteArrayAsync(token).ConfigureAwait(false);
            var digest = BlobStore.DigestOf(content);
            if (ImageReference.IsDigest(selector) && digest != selector)
                throw new ContainerRuntimeException($"the registry's manifest {selector} has the digest {digest}");
            var mediaType = response.Content.Headers.ContentType?.MediaType;
            return (new OciDescriptor { MediaType = mediaType, Digest = digest, Size = content.Length }, content);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Downloads a blob into the store; its digest and size are checked there.</summary>
    public async Task GetBlobAsync(OciDescriptor blob, BlobStore store, CancellationToken cancellationToken)
    {
        await RetryAsync(async (progress, token) =>
        {
            using var response = await SendAsync("blobs", blob.Digest, [], token).ConfigureAwait(false);
            await using var content = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
            await store.WriteAsync(content, blob.Digest, blob.Size, progress, token).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _http.Dispose();
        _authorizing.Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(string kind, string selector, string[] accept, CancellationToken cancellationToken)
    {
        for (var round = 0; ; round++)
        {
            var sentWith = _authorization;
            var uri = $"{_scheme}://{_reference.RegistryHost}/v2/{_reference.Path}/{kind}/{selector}";
            using var request = new HttpRequestMessage(HttpMethod.Get, uri);
            request.Headers.Authorization = sentWith;
            foreach (var type in accept)
                request.Headers.Accept.ParseAdd(type);
            HttpResponseMessage response;
            try
            {
                response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            }
            catch (HttpRequestException e) when (_scheme == "http" && e.HttpRequestError is HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded)
            {
                _scheme = "https";
                continue;
            }
            catch (HttpRequestException e)
            {
                throw new TransientRegistryException($"failed to do request: Get \"{uri}\": {Deepest(e)}", e);
            }
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
            {
                // A TLS server answers plain HTTP with 400 and says so.
                if (response.StatusCode == HttpStatusCode.BadRequest && _scheme == "http" && round == 0)
                {
                    _scheme = "https";
                    continue;
                }
                if (response.StatusCode == HttpStatusCode.Unauthorized && round < 3)
                {
                    await AuthorizeAsync(response, sentWith, cancellationToken).ConfigureAwait(false);
                    continue;
                }
                throw await FailureAsync(response, uri, kind, selector, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Answers the registry's challenge; downloads that run in parallel share the answer.</summary>
    private async Task AuthorizeAsync(HttpResponseMessage response, AuthenticationHeaderValue? sentWith, CancellationToken cancellationToken)
    {
        await _authorizing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!ReferenceEquals(sentWith, _authorization))
                return;
            var challenges = response.Headers.WwwAuthenticate;
            if (challenges.FirstOrDefault(c => c.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)) is { } bearer)
                _authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(ChallengeParameters.Parse(bearer.Parameter ?? ""), cancellationToken).ConfigureAwait(false));
            else if (challenges.Any(c => c.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)) && _credentials.Basic is { } basic && sentWith is null)
                _authorization = basic;
            else
                throw new ContainerRuntimeException(sentWith is null ? "no basic auth credentials" : "authorization failed: the registry refused the user name or password");
        }
        finally
        {
            _authorizing.Release();
        }
    }

    private async Task<string> TokenAsync(IReadOnlyDictionary<string, string> challenge, CancellationToken cancellationToken)
    {
        if (!challenge.TryGetValue("realm", out var realm) || !Uri.TryCreate(realm, UriKind.Absolute, out var server))
            throw new ContainerRuntimeException("failed to authorize: the registry's challenge names no token server");
        var scope = challenge.GetValueOrDefault("scope") ?? $"repository:{_reference.Path}:pull";
        using var request = new HttpRequestMessage();
        if (_credentials.IdentityToken is { } identity)
        {
            request.Method = HttpMethod.Post;
            request.RequestUri = server;
            request.Content = new FormUrlEncodedContent([
                new("grant_type", "refresh_token"), new("refresh_token", identity), new("client_id", "actorkube"),
                new("service", challenge.GetValueOrDefault("service") ?? ""), new("scope", scope)]);
        }
        else
        {
            var query = $"scope={Uri.EscapeDataString(scope)}";
            if (challenge.TryGetValue("service", out var service))
                query += $"&service={Uri.EscapeDataString(service)}";
            request.RequestUri = new UriBuilder(server) { Query = server.Query.Length > 1 ? $"{server.Query[1..]}&{query}" : query }.Uri;
            request.Headers.Authorization = _credentials.Basic;
        }
        var kind = _credentials.Basic is null && _credentials.IdentityToken is null ? "anonymous" : "oauth";
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw new ContainerRuntimeException($"failed to authorize: failed to fetch {kind} token: unexpected status from {request.Method} request to {request.RequestUri}: {(int)response.StatusCode} {response.ReasonPhrase}");
            using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            foreach (var name in (string[])["token", "access_token"])
            {
                if (json.RootElement.TryGetProperty(name, out var token) && token.GetString() is { Length: > 0 } text)
                    return text;
            }
            throw new ContainerRuntimeException($"failed to authorize: failed to fetch {kind} token: the token server's answer holds none");
        }
        catch (HttpRequestException e)
        {
            throw new TransientRegistryException($"failed to authorize: failed to fetch {kind} token: Get \"{server}\": {Deepest(e)}", e);
        }
    }

    private async Task<Exception> FailureAsync(HttpResponseMessage response, string uri, string kind, string selector, CancellationToken cancellationToken)
    {
        var status = $"unexpected status from GET request to {uri}: {(int)response.StatusCode} {response.ReasonPhrase}";
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound:
                return new ContainerRuntimeException(kind == "manifests" ? $"{_reference}: not found" : $"{selector}: not found", ContainerRuntimeError.NotFound);
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                return new ContainerRuntimeException("pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed");
            case HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError:
                return new TransientRegistryException(status, null);
            default:
                var body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
                return new ContainerRuntimeException(body.Length is > 0 and < 512 ? $"{status}: {body.Trim()}" : status);
        }
    }

    /// <summary>Tries a few times. The attempt gets a token that is cancelled when it reports no progress for too long.</summary>
    private async Task<T> RetryAsync<T>(Func<Action, CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        var delay = _options.RetryDelay;
        for (var i = 1; ; i++)
        {
            using var stall = new CancellationTokenSource(_options.StallTimeout, _options.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellationToken);
            try
            {
                return await attempt(() => stall.CancelAfter(_options.StallTimeout), either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                if (i >= _options.Attempts)
                    throw new ContainerRuntimeException($"the registry {_reference.RegistryHost} sent nothing for {_options.StallTimeout}", ContainerRuntimeError.Timeout);
            }
            catch (Exception e) when (e is TransientRegistryException or IOException or HttpRequestException or InvalidDataException)
            {
                // Nobody listens at all: waiting helps little, and the kubelet tries again anyway.
                if (i >= _options.Attempts || e.InnerException is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError })
                    throw new ContainerRuntimeException(e.Message, inner: e);
            }
            await Task.Delay(delay, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            delay *= 2;
        }
    }

    private static string Deepest(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return e.Message;
    }

    /// <summary>A failure that another try may not meet.</summary>
    private sealed class TransientRegistryException(string message, Exception? inner) : Exception(message, inner);
}
