using System.Collections.Immutable;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authentication;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.Backup;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.Endpoints.Proxies;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Protobuf;
using ActorKube.Client.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>The HTTPS edge: who calls, what the URL means, and how the answer is written. What happens in between is the pipeline's.</summary>
internal sealed class HttpEdge(
    ApiPipeline pipeline, RequestAuthenticator authenticator, ResponseWriter responses, WatchWriter watches, Discovery discovery, Health health,
    PlainEndpoints plain, BackupEndpoint backups, IssuerDiscovery issuer, NodeProxy nodes, ObjectProxy objects, Identities identities, ApiServerSettings settings, ILogger<HttpEdge> log)
{
    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        http.Response.Headers["Audit-Id"] = identities.Uid();
        http.Response.Headers.CacheControl = "no-cache, private";
        try
        {
            await RouteAsync(http).ConfigureAwait(false);
        }
        catch (ApiException e)
        {
            await FailAsync(http, e).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e)
        {
            await FailAsync(http, e.StatusCode == 413 ? ApiError.TooLarge(settings.MaxRequestBody) : ApiError.BadRequest(e.Message)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client is gone; there is nobody to answer.
        }
        catch (IOException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The same, noticed while writing.
        }
        catch (Exception e)
        {
            log.LogError(e, "{Method} {Path} failed", http.Request.Method, http.Request.Path.Value);
            await FailAsync(http, ApiError.Internal(e.Message, e)).ConfigureAwait(false);
        }
    }

    private async Task RouteAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        var caller = await authenticator.AuthenticateAsync(http).ConfigureAwait(false) ?? throw ApiError.Unauthorized();
        var user = await Impersonation.UserAsync(http.Request.Headers, caller, access => pipeline.AuthorizeAsync(access, http.RequestAborted)).ConfigureAwait(false);
        if (ApiPath.TryParse(path, out var target))
        {
            await ResourceAsync(http, target, user).ConfigureAwait(false);
            return;
        }

        await pipeline.AuthorizeAsync(new AccessRequest(user, http.Request.Method.ToLowerInvariant(), "", "", "", "", "", "", path), http.RequestAborted).ConfigureAwait(false);
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            throw ApiError.MethodNotAllowed();
        }

        if (!await health.TryAnswerAsync(http, path).ConfigureAwait(false)
            && !await discovery.TryAnswerAsync(http, path).ConfigureAwait(false)
            && !await plain.TryAnswerAsync(http, path).ConfigureAwait(false)
            && !await backups.TryAnswerAsync(http, path).ConfigureAwait(false)
            && !await issuer.TryAnswerAsync(http, path).ConfigureAwait(false))
        {
            throw ApiError.NoSuchResource();
        }
    }

    private async Task ResourceAsync(HttpContext http, ApiPath target, UserInfo user)
    {
        var kind = pipeline.Kinds.Find(target.Group, target.Version, target.Resource);
        var proxied = kind is not null && ObjectProxy.Serves(kind, target.Subresource);
        var verb = target.Verb(http.Request.Method, IsWatch(http)) ?? (proxied ? "" : null)
            ?? throw ApiError.MethodNotAllowed();
        if (kind is null || (target.Rest.Length > 0 && target.Subresource != "proxy") || (target.Namespace.Length > 0 && !kind.Namespaced))
        {
            // Whether something exists is told to those only who might use it.
            await pipeline.AuthorizeAsync(new AccessRequest(user, verb, target.Group, target.Version, target.Resource, target.Subresource, target.Namespace, target.Name), http.RequestAborted).ConfigureAwait(false);
            throw ApiError.NoSuchResource();
        }

        if (kind is CustomResourceKind { DeprecationWarning: { } deprecated })
        {
            ResponseWriter.AddWarning(http, deprecated);
        }

        var request = new ApiRequest
        {
            Verb = verb,
            Group = target.Group,
            Version = target.Version,
            Resource = target.Resource,
            Namespace = target.Namespace,
            Name = target.Name,
            Subresource = target.Subresource,
            Query = Query(http),
            ContentType = http.Request.ContentType ?? "",
            UserAgent = http.Request.Headers.UserAgent.ToString(),
        };
        if (NodeProxy.Serves(kind, target.Subresource))
        {
            await RequestMetrics.ConnectAsync(request, () => nodes.ForwardAsync(http, request, user, target), () => http.Response.StatusCode).ConfigureAwait(false);
            return;
        }

        if (proxied)
        {
            await RequestMetrics.ConnectAsync(request, () => objects.ForwardAsync(http, request, target, user), () => http.Response.StatusCode).ConfigureAwait(false);
            return;
        }

        var format = ResponseFormat.Negotiate(http.Request.Headers.Accept, ProtobufWriter.Knows(kind.ClrType), verb == "watch", HasRows(kind, verb, target.Subresource));
        if (verb == "watch")
        {
            var events = await pipeline.WatchAsync(request, user, http.RequestAborted).ConfigureAwait(false);
            await watches.WriteAsync(http, events, format, kind).ConfigureAwait(false);
            return;
        }

        if (verb is not ("get" or "list"))
        {
            var body = await ReadBodyAsync(http).ConfigureAwait(false);
            request = request with { Body = body.Span.StartsWith("k8s\0"u8) ? body : JsonMending.Mend(body) };
        }

        var response = await pipeline.HandleAsync(request, user, http.RequestAborted).ConfigureAwait(false);
        await responses.WriteAsync(http, response, format, kind).ConfigureAwait(false);
    }

    private async Task FailAsync(HttpContext http, ApiException error)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        await responses.WriteErrorAsync(http, error).ConfigureAwait(false);
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext http)
    {
        if (http.Request.ContentLength is { } length)
        {
            if (length > settings.MaxRequestBody)
            {
                // The rest is still on its way: let the server take it in, or the client is cut off before it reads the answer.
                if (http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
                {
                    limit.MaxRequestBodySize = null;
                }

                throw ApiError.TooLarge(settings.MaxRequestBody);
            }

            if (length == 0)
            {
                return ReadOnlyMemory<byte>.Empty;
            }

            var exact = new byte[length];
            await http.Request.Body.ReadExactlyAsync(exact, http.RequestAborted).ConfigureAwait(false);
            return exact;
        }

        using var buffer = new MemoryStream();
        await http.Request.Body.CopyToAsync(buffer, http.RequestAborted).ConfigureAwait(false);
        return buffer.ToArray();
    }

    // Reviews, bindings, evictions and tokens are answers, not objects.
    private static bool HasRows(ResourceKind kind, string verb, string subresource) =>
        verb is "get" or "list" or "watch" || (kind.IsStored && subresource is not ("binding" or "eviction" or "token"));

    private static bool IsWatch(HttpContext http) => http.Request.Query.TryGetValue("watch", out var flag) && ListOptions.IsTrue(flag.ToString());

    private static ImmutableDictionary<string, string> Query(HttpContext http)
    {
        if (http.Request.Query.Count == 0)
        {
            return ImmutableDictionary<string, string>.Empty;
        }

        var query = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (name, values) in http.Request.Query)
        {
            query[name] = values.Count > 0 ? values[0] ?? "" : "";
        }

        return query.ToImmutable();
    }
}
