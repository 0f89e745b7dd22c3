using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.Authentication;
using ActorKube.ApiServer.Registry;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>
/// serviceaccounts/token: makes a token of the service account, for a while, for somebody, bound to an object or not. Nothing is stored.
/// Source: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
/// </summary>
internal sealed class TokenRequests(ServiceAccountTokens tokens, AuthenticationSettings settings, ResourceRegistry registry, Identities identities, AdmissionChain admission)
{
    private const string ApiVersion = "authentication.k8s.io/v1";
    private const long DefaultSeconds = 3600;
    private const long MinSeconds = 600;
    private const long MaxSeconds = 1L << 32;

    // What the kubelet asks for where a pod says nothing: an hour and a bit, by which such requests are known.
    private const long PodDefaultSeconds = 3607;
    private static readonly TimeSpan Extended = TimeSpan.FromDays(365);

    private static readonly ResourceKind Kind = new()
    {
        Group = "authentication.k8s.io", Version = "v1", Resource = "tokenrequests", Singular = "tokenrequest", Kind = "TokenRequest", Namespaced = true, Verbs = ["create"],
        ClrType = typeof(Authenticationv1TokenRequest),
    };

    /// <summary>Makes a token.</summary>
    public async Task<ApiResponse> CreateAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var request = (Authenticationv1TokenRequest)BodyDecoder.Decode(context, typeof(Authenticationv1TokenRequest), ApiVersion, "TokenRequest");
        var name = context.Request.Name;
        var state = await Freshness.ConsistentAsync(context.Resource, context.Cancelled).ConfigureAwait(false);
        var account = state.Objects.Find(context.Key)?.Object.As<V1ServiceAccount>() ?? throw ApiError.NotFound(context.Kind, name);
        CheckUrl(context, request.Metadata);
        var spec = request.Spec ??= new V1TokenRequestSpec();
        spec.ExpirationSeconds ??= DefaultSeconds;
        var asked = new AdmissionRequest("CREATE", context.Kind, "token", context.Request.Namespace, name, request, null, context.User, context.DryRun) { Warn = context.Warn };
        await admission.AdmitAsync(asked, context.Cancelled).ConfigureAwait(false);
        Validate(spec, name);
        spec.Audiences = spec.Audiences is { Count: > 0 } audiences ? audiences : [.. settings.ApiAudiences];
        Shorten(context, spec);
        var claims = await ClaimsAsync(context, account, spec).ConfigureAwait(false);
        request.Metadata.CreationTimestamp = context.Timestamp;
        request.Status = new V1TokenRequestStatus { Token = tokens.Sign(claims), ExpirationTimestamp = context.Timestamp.AddSeconds(spec.ExpirationSeconds.Value) };
        return new ApiResponse(201, new ApiObject(request), null, context.Warnings);
    }

    private static void CheckUrl(RequestContext context, V1ObjectMeta metadata)
    {
        if (!string.IsNullOrEmpty(metadata.Name) && metadata.Name != context.Request.Name)
        {
            throw ApiError.BadRequest($"the name of the object ({metadata.Name}) does not match the name on the URL ({context.Request.Name})");
        }

        if (!string.IsNullOrEmpty(metadata.NamespaceProperty) && metadata.NamespaceProperty != context.Request.Namespace)
        {
            throw ApiError.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        (metadata.Name, metadata.NamespaceProperty) = (context.Request.Name, context.Request.Namespace);
    }

    private static void Validate(V1TokenRequestSpec spec, string name)
    {
        var (errors, path) = (new FieldErrors(), FieldPath.Of("spec").Child("expirationSeconds"));
        if (spec.ExpirationSeconds < MinSeconds)
        {
            errors.Invalid(path, spec.ExpirationSeconds, "may not specify a duration less than 10 minutes");
        }

        if (spec.ExpirationSeconds > MaxSeconds)
        {
            errors.Invalid(path, spec.ExpirationSeconds, "may not specify a duration larger than 2^32 seconds");
        }

        if (errors.Count > 0)
        {
            throw ApiError.Invalid(Kind, name, errors);
        }
    }

    private void Shorten(RequestContext context, V1TokenRequestSpec spec)
    {
        var limit = (long)settings.MaxTokenExpiration.TotalSeconds;
        if (limit > 0 && spec.ExpirationSeconds > limit)
        {
            context.Warn($"requested expiration of {spec.ExpirationSeconds} seconds shortened to {limit} seconds");
            spec.ExpirationSeconds = limit;
        }
    }

    private async Task<ServiceAccountClaims> ClaimsAsync(RequestContext context, V1ServiceAccount account, V1TokenRequestSpec spec)
    {
        var now = context.Now.ToUnixTimeSeconds();
        var ns = context.Request.Namespace;
        var claims = new ServiceAccountClaims
        {
            Issuer = settings.Issuer,
            Audiences = [.. spec.Audiences],
            IssuedAt = now,
            NotBefore = now,
            ExpiresAt = now + spec.ExpirationSeconds!.Value,
            Id = identities.Uid(),
            Namespace = ns,
            ServiceAccount = Bound(account),
        };
        if (spec.BoundObjectRef is not { } reference)
        {
            return claims;
        }

        switch (reference.Kind, reference.ApiVersion)
        {
            case ("Pod", "v1"):
                var pod = await FindAsync<V1Pod>(context, $"{ns}/{reference.Name}", reference).ConfigureAwait(false);
                if (pod.Spec.ServiceAccountName != account.Metadata.Name)
                {
                    throw ApiError.BadRequest($"cannot bind token for serviceaccount \"{account.Metadata.Name}\" to pod running with different serviceaccount name.");
                }

                claims = claims with { Pod = Bound(pod), Node = await NodeAsync(context, pod).ConfigureAwait(false) };
                break;
            case ("Secret", "v1"):
                claims = claims with { Secret = Bound(await FindAsync<V1Secret>(context, $"{ns}/{reference.Name}", reference).ConfigureAwait(false)) };
                break;
            case ("Node", "v1"):
                claims = claims with { Node = Bound(await FindAsync<V1Node>(context, reference.Name ?? "", reference).ConfigureAwait(false)) };
                break;
            default:
                var (group, version) = (reference.ApiVersion ?? "").Split('/') is [var g, var v] ? (g, v) : ("", reference.ApiVersion ?? "");
                throw ApiError.BadRequest($"cannot bind token to object of type {group}/{version}, Kind={reference.Kind}");
        }

        return claims.Pod is not null && settings.ExtendTokenExpiration && spec.ExpirationSeconds == PodDefaultSeconds && spec.Audiences.Any(settings.ApiAudiences.Contains)
            ? claims with { ExpiresAt = now + (long)Extended.TotalSeconds, WarnAfter = now + PodDefaultSeconds }
            : claims;
    }

    private async Task<T> FindAsync<T>(RequestContext context, string key, V1BoundObjectReference reference) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var resource = registry.Of<T>();
        var state = await Freshness.ConsistentAsync(resource, context.Cancelled).ConfigureAwait(false);
        var found = state.Objects.Find(key)?.Object.As<T>() ?? throw ApiError.NotFound(resource.Kind, reference.Name ?? "");
        return string.IsNullOrEmpty(reference.Uid) || reference.Uid == found.Metadata.Uid
            ? found
            : throw ApiError.Conflict(resource.Kind, found.Metadata.Name,
                $"the UID in the bound object reference ({reference.Uid}) does not match the UID in record. The object might have been deleted and then recreated");
    }

    // The node of a pod that has one; a node that is not known is told without a uid.
    private async Task<BoundObject?> NodeAsync(RequestContext context, V1Pod pod)
    {
        if (pod.Spec.NodeName is not { Length: > 0 } name)
        {
            return null;
        }

        var nodes = await Freshness.AnyAsync(registry.Of<V1Node>(), context.Cancelled).ConfigureAwait(false);
        return new BoundObject(name, nodes.Objects.Find(name)?.Object.Metadata.Uid ?? "");
    }

    private static BoundObject Bound(IMetadata<V1ObjectMeta> value) => new(value.Metadata.Name, value.Metadata.Uid);
}
