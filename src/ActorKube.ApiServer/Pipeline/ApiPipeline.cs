using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.History;
using ActorKube.ApiServer.ResourceMetrics;
using ActorKube.ApiServer.Monitoring;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.Services;
using ActorKube.Client.Protocol;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>
/// The one way into the API, whether a request came by HTTPS or as an actor message: authorize, decode, admit, default, validate,
/// write or read. The edges authenticate before and encode after.
/// </summary>
public sealed class ApiPipeline
{
    private const int MaxClaimAttempts = 8;

    private readonly ResourceRegistry _registry;
    private readonly IAuthorizer _authorizer;
    private readonly PipelineParts _parts;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    internal ApiPipeline(ResourceRegistry registry, IAuthorizer authorizer, PipelineParts parts, TimeProvider time, ILogger<ApiPipeline> log)
    {
        _registry = registry;
        _authorizer = authorizer;
        _parts = parts;
        _time = time;
        _log = log;
    }

    /// <summary>The kinds as of now.</summary>
    internal KindRegistry Kinds => _registry.Kinds;

    /// <summary>Answers a request other than a watch. A failure of the API is a response with its Status.</summary>
    public async Task<ApiResponse> HandleAsync(ApiRequest request, UserInfo user, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        using var running = RequestMetrics.Begin(request.Verb is "get" or "list");
        var span = RequestTracing.Start(request, user.Name);
        ApiResponse response;
        try
        {
            response = await AnswerAsync(request, user, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException e)
        {
            response = new ApiResponse(e.Code, new ApiObject(e.Status));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            response = Failure(ApiError.Timeout("the client went away"));
        }
        catch (Exception e)
        {
            _log.LogError(e, "{Verb} {Resource} {Namespace}/{Name} failed", request.Verb, request.Resource, request.Namespace, request.Name);
            response = Failure(ApiError.Internal(e.Message, e));
        }

        RequestTracing.End(span, response.Code);
        Count(request, response.Code, _time.GetElapsedTime(started));
        return response;
    }

    // What another server gave away at the same moment is chosen anew, from the request as it came.
    private async ValueTask<ApiResponse> AnswerAsync(ApiRequest request, UserInfo user, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var context = await EnterAsync(request, user, cancellationToken).ConfigureAwait(false);
            try
            {
                return await DispatchAsync(context).ConfigureAwait(false);
            }
            catch (ClaimTakenException e) when (attempt == MaxClaimAttempts || request.Object is not null)
            {
                throw e.AsConflict(context.Kind, request.Name);
            }
            catch (ClaimTakenException)
            {
                await Freshness.ConsistentAsync(context.Resource, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Opens a watch: batches of events, each with at least one. Throws an <see cref="ApiException"/> when the request is refused; the
    /// enumeration throws one when events were lost, and ends when its time is up or the token is cancelled.
    /// </summary>
    public async Task<IAsyncEnumerable<IReadOnlyList<ApiWatchEvent>>> WatchAsync(ApiRequest request, UserInfo user, CancellationToken cancellationToken)
    {
        try
        {
            var context = await EnterAsync(request, user, cancellationToken).ConfigureAwait(false);
            var events = await _parts.Reads.WatchAsync(context).ConfigureAwait(false);
            Count(request, 200, TimeSpan.Zero);
            return events;
        }
        catch (ApiException e)
        {
            Count(request, e.Code, TimeSpan.Zero);
            throw;
        }
    }

    /// <summary>Whether the user may do what the request asks; throws the 403 Status otherwise.</summary>
    internal async ValueTask AuthorizeAsync(AccessRequest access, CancellationToken cancellationToken)
    {
        var decision = await _authorizer.DecideAsync(access, cancellationToken).ConfigureAwait(false);
        if (!decision.Allowed)
        {
            throw Refusal.Of(access, decision.Reason);
        }
    }

    private async ValueTask<RequestContext> EnterAsync(ApiRequest request, UserInfo user, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(Accesses.Of(request, user), cancellationToken).ConfigureAwait(false);
        var kind = _registry.Kinds.Find(request.Group, request.Version, request.Resource) ?? throw ApiError.NoSuchResource();
        CheckVerb(kind, request);
        return new RequestContext
        {
            Request = request,
            User = user,
            Kind = kind,
            Served = kind.IsStored ? _registry.Of(kind) : null,
            Now = _time.GetUtcNow(),
            Cancelled = cancellationToken,
            MayCreate = request is { Verb: "update" or "patch", Subresource.Length: 0 } && !user.IsIn(UserInfo.Masters)
                ? () => AuthorizeAsync(Accesses.Of(request with { Verb = "create" }, user), cancellationToken) : null,
        };
    }

    // Only what exists is counted by name: a client cannot make series by asking for resources that it invents.
    private void Count(ApiRequest request, int code, TimeSpan took)
    {
        if (_registry.Kinds.Find(request.Group, request.Version, request.Resource) is { } kind && (request.Subresource.Length == 0 || kind.Has(request.Subresource)))
        {
            RequestMetrics.End(request, code, took);
        }
    }

    private static void CheckVerb(ResourceKind kind, ApiRequest request)
    {
        if (request.Verb == "create" && kind is CustomResourceKind { IsTerminating: true })
        {
            var refused = ApiError.MethodNotAllowed(kind, request.Verb);
            refused.Status.Message = $"{request.Verb} not allowed while custom resource definition is terminating";
            throw refused;
        }

        if (request.Subresource.Length == 0)
        {
            // Objects that live in namespaces are found in them; only lists go across.
            if (kind.Namespaced && request.Namespace.Length == 0 && request.Verb is not ("list" or "watch"))
            {
                throw request.Name.Length > 0 || kind is CustomResourceKind ? ApiError.NoSuchResource() : ApiError.MethodNotAllowed();
            }

            if (!kind.Allows(request.Verb))
            {
                throw NotAllowed(kind, request.Verb);
            }

            return;
        }

        var subresource = kind.Subresources.FirstOrDefault(s => s.Name == request.Subresource) ?? throw ApiError.NoSuchResource();
        if (!subresource.Verbs.Contains(request.Verb))
        {
            throw NotAllowed(kind, request.Verb);
        }
    }

    // The URLs of built-in resources are each made for their methods; one handler serves those of all custom resources, and names them.
    private static ApiException NotAllowed(ResourceKind kind, string verb) => kind is CustomResourceKind ? ApiError.MethodNotAllowed(kind, verb) : ApiError.MethodNotAllowed();

    private async ValueTask<ApiResponse> DispatchAsync(RequestContext context) => (context.Request.Subresource, context.Request.Verb) switch
    {
        ("", "get") when context.Kind.Resource == "componentstatuses" => _parts.ComponentStatuses.Get(context),
        ("", "list") when context.Kind.Resource == "componentstatuses" => _parts.ComponentStatuses.List(),
        ("", "get") when context.Kind == HistoryKinds.Changes => await _parts.Changes.GetAsync(context, AuthorizeAsync).ConfigureAwait(false),
        ("", "list") when context.Kind == HistoryKinds.Changes => await _parts.Changes.ListAsync(context, AuthorizeAsync).ConfigureAwait(false),
        ("", "get") when context.Kind == MetricsKinds.Nodes || context.Kind == MetricsKinds.Pods => await _parts.Metrics.GetAsync(context).ConfigureAwait(false),
        ("", "list") when context.Kind == MetricsKinds.Nodes || context.Kind == MetricsKinds.Pods => await _parts.Metrics.ListAsync(context).ConfigureAwait(false),
        ("", "get") => await _parts.Reads.GetAsync(context).ConfigureAwait(false),
        ("", "list") => await _parts.Reads.ListAsync(context).ConfigureAwait(false),
        ("", "create") when context.Kind.IsStored => await _parts.Creates.CreateAsync(context).ConfigureAwait(false),
        ("", "create") when context.Kind.Resource == "bindings" => await _parts.Bindings.CreateAsync(PodContext(context)).ConfigureAwait(false),
        ("", "create") => await _parts.Reviews.CreateAsync(context).ConfigureAwait(false),
        ("", "delete") => await _parts.Deletes.DeleteAsync(context).ConfigureAwait(false),
        ("", "deletecollection") => await _parts.Deletes.DeleteCollectionAsync(context).ConfigureAwait(false),
        ("scale", "get") => await Scales.GetAsync(context).ConfigureAwait(false),
        ("scale", "update") => await _parts.Scales.UpdateAsync(context).ConfigureAwait(false),
        ("" or "status" or "finalize" or "approval" or "ephemeralcontainers" or "resize", "patch") when context.IsApply =>
            await _parts.Applies.ApplyAsync(context, AuthorizeAsync).ConfigureAwait(false),
        ("scale", "patch") => await _parts.Scales.PatchAsync(context).ConfigureAwait(false),
        ("token", "create") => await _parts.TokenRequests.CreateAsync(context).ConfigureAwait(false),
        ("binding", "create") => await _parts.Bindings.CreateAsync(context).ConfigureAwait(false),
        ("eviction", "create") => await _parts.Evictions.CreateAsync(context).ConfigureAwait(false),
        ("" or "status" or "finalize" or "approval" or "ephemeralcontainers" or "resize", "update") => await _parts.Updates.UpdateAsync(context).ConfigureAwait(false),
        ("" or "status" or "finalize" or "approval" or "ephemeralcontainers" or "resize", "patch") => await _parts.Updates.PatchAsync(context).ConfigureAwait(false),
        ("status" or "approval" or "ephemeralcontainers" or "resize", "get") => await _parts.Reads.GetAsync(context).ConfigureAwait(false),
        _ => throw ApiError.MethodNotAllowed(context.Kind, context.Request.Verb),
    };

    private RequestContext PodContext(RequestContext context)
    {
        var pods = _registry.Of<k8s.Models.V1Pod>();
        return new RequestContext { Request = context.Request, User = context.User, Kind = pods.Kind, Served = pods, Now = context.Now, Cancelled = context.Cancelled };
    }

    private static ApiResponse Failure(ApiException e) => new(e.Code, new ApiObject(e.Status));
}

/// <summary>The verbs' implementations.</summary>
internal sealed record PipelineParts(
    Reads Reads, Creates Creates, Updates Updates, Applies Applies, Deletes Deletes, Scales Scales, Bindings Bindings, Evictions Evictions, Reviews Reviews, TokenRequests TokenRequests, ComponentStatuses ComponentStatuses, ChangeReads Changes,
    MetricsReads Metrics);
