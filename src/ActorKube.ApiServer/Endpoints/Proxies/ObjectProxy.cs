using System.Net;
using System.Net.Security;
using System.Text;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.Client.Protocol;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace ActorKube.ApiServer.Endpoints.Proxies;

/// <summary>
/// pods/proxy and services/proxy: any HTTP request, upgrades included, passed on to what runs in the cluster.
/// Source: https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
/// </summary>
internal sealed class ObjectProxy : IDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private readonly ApiPipeline _pipeline;
    private readonly ResourceRegistry _registry;
    private readonly AdmissionChain _admission;
    private readonly HttpMessageInvoker _http;
    private uint _turn;

    /// <summary>A proxy for requests that the pipeline allows.</summary>
    public ObjectProxy(ApiPipeline pipeline, ResourceRegistry registry, AdmissionChain admission)
    {
        _admission = admission;
        _pipeline = pipeline;
        _registry = registry;
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            // Certificates in pods are their owners' own; Kubernetes does not check them here either.
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        });
    }

    /// <summary>Whether the subresource is a proxy to an object.</summary>
    public static bool Serves(ResourceKind kind, string subresource) => subresource == "proxy" && (kind.ClrType == typeof(V1Pod) || kind.ClrType == typeof(V1Service));

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Passes the request on.</summary>
    /// <param name="http">The request.</param>
    /// <param name="request">What it asks.</param>
    /// <param name="path">What its URL names.</param>
    /// <param name="user">Who asks.</param>
    public async Task ForwardAsync(HttpContext http, ApiRequest request, ApiPath path, UserInfo user)
    {
        await AllowAsync(request, user, http.RequestAborted).ConfigureAwait(false);
        var raw = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var (prefix, rest) = path.SplitBehindSubresource(raw);
        if (rest.Length == 0 && (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)))
        {
            http.Response.StatusCode = StatusCodes.Status301MovedPermanently;
            http.Response.Headers.Location = $"{prefix}/{http.Request.QueryString}";
            return;
        }

        var target = await TargetAsync(request, http.RequestAborted).ConfigureAwait(false);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        var url = new Uri($"{target.Url}{(rest.Length == 0 ? "/" : rest)}{http.Request.QueryString}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var forwarder = http.RequestServices.GetRequiredService<IHttpForwarder>();
        var error = await forwarder.SendAsync(
            http, target.Url, _http, new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromDays(1), Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower },
            new ProxyTransformer(url, prefix)).ConfigureAwait(false);
        if (error != ForwarderError.None && !http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            var cause = http.GetForwarderErrorFeature()?.Exception;
            http.Response.Clear();
            throw ApiError.Unavailable($"error trying to reach service: {cause?.InnerException?.Message ?? cause?.Message ?? error.ToString()}");
        }
    }

    /// <summary>
    /// A GET of a component that is connected by actor messages: the path follows the subresource, <c>proxy/healthz</c>. The answer has the code, and a Status whose message is
    /// the beginning of what a failure said.
    /// </summary>
    /// <param name="request">What it asks.</param>
    /// <param name="user">Who asks.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<ApiResponse> GetAsync(ApiRequest request, UserInfo user, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(AnswerTimeout);
        try
        {
            var plain = request with { Subresource = "proxy" };
            await AllowAsync(plain, user, timeout.Token).ConfigureAwait(false);
            var target = await TargetAsync(plain, timeout.Token).ConfigureAwait(false);
            using var message = new HttpRequestMessage(HttpMethod.Get, $"{target.Url}{(request.Subresource.Length > plain.Subresource.Length ? request.Subresource[plain.Subresource.Length..] : "/")}");
            using var answer = await _http.SendAsync(message, timeout.Token).ConfigureAwait(false);
            var code = (int)answer.StatusCode;
            return new ApiResponse(code, new ApiObject(code < 400 ? new V1Status { Status = "Success", Code = code } : ApiError.Status(code, answer.StatusCode.ToString(), await BeginningAsync(answer, timeout.Token).ConfigureAwait(false))));
        }
        catch (ApiException e)
        {
            return new ApiResponse(e.Code, new ApiObject(e.Status));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            var refusal = ApiError.Unavailable($"error trying to reach service: {(e is OperationCanceledException ? "no answer in time" : e.Message)}");
            return new ApiResponse(refusal.Code, new ApiObject(refusal.Status));
        }
    }

    private static async Task<string> BeginningAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var buffer = new byte[256];
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return Encoding.UTF8.GetString(buffer, 0, length).Trim();
    }

    private async Task AllowAsync(ApiRequest request, UserInfo user, CancellationToken cancellationToken)
    {
        await _pipeline.AuthorizeAsync(Accesses.Of(request, user), cancellationToken).ConfigureAwait(false);
        var kind = _registry.Kinds.Find(request.Group, request.Version, request.Resource) ?? throw ApiError.NoSuchResource();
        await _admission.AdmitAsync(new AdmissionRequest("CONNECT", kind, request.Subresource, request.Namespace, request.Name, null, null, user, false), cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<ProxyTarget> TargetAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (!ProxyName.TryParse(request.Name, out var name))
        {
            throw ApiError.BadRequest($"invalid {(request.Resource == "pods" ? "pod" : "service")} request \"{request.Name}\"");
        }

        if (request.Resource == "pods")
        {
            var pod = await FindAsync<V1Pod>(request.Namespace, name.Name, cancellationToken).ConfigureAwait(false);
            var node = (await Freshness.AnyAsync(_registry.Of<V1Node>(), cancellationToken).ConfigureAwait(false)).Objects.Find(pod.Spec.NodeName ?? "")?.Object.As<V1Node>();
            return ProxyTarget.Of(name, pod, node?.Status?.NodeInfo?.ContainerRuntimeVersion?.StartsWith("process://", StringComparison.Ordinal) == true);
        }

        var service = await FindAsync<V1Service>(request.Namespace, name.Name, cancellationToken).ConfigureAwait(false);
        var slices = (await Freshness.ConsistentAsync(_registry.Of<V1EndpointSlice>(), cancellationToken).ConfigureAwait(false)).Objects.Range($"{request.Namespace}/")
            .Select(o => o.Object.As<V1EndpointSlice>())
            .Where(s => s.Metadata.Labels is { } labels && labels.TryGetValue("kubernetes.io/service-name", out var owner) && owner == name.Name);
        return ProxyTarget.Of(name, service, slices, Interlocked.Increment(ref _turn));
    }

    private async ValueTask<T> FindAsync<T>(string ns, string name, CancellationToken cancellationToken)
    {
        var resource = _registry.Of<T>();
        var state = await Freshness.ConsistentAsync(resource, cancellationToken).ConfigureAwait(false);
        return state.Objects.Find(resource.Key(ns, name)) is { } found ? found.Object.As<T>() : throw ApiError.NotFound(resource.Kind, name);
    }
}
