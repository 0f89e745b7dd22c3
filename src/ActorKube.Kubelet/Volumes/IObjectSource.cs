using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.Kubelet.Volumes;

/// <summary>Objects of the API that pods refer to, read fresh.</summary>
internal interface IObjectSource
{
    /// <summary>The ConfigMap, or null when there is none.</summary>
    Task<V1ConfigMap?> ConfigMapAsync(string ns, string name, CancellationToken cancellationToken);

    /// <summary>The Secret, or null when there is none.</summary>
    Task<V1Secret?> SecretAsync(string ns, string name, CancellationToken cancellationToken);

    /// <summary>The claim, or null when there is none.</summary>
    Task<V1PersistentVolumeClaim?> ClaimAsync(string ns, string name, CancellationToken cancellationToken);

    /// <summary>The persistent volume, or null when there is none.</summary>
    Task<V1PersistentVolume?> VolumeAsync(string name, CancellationToken cancellationToken);

    /// <summary>The handler that a RuntimeClass stands for, or null when there is no such class.</summary>
    Task<string?> RuntimeHandlerAsync(string runtimeClass, CancellationToken cancellationToken);

    /// <summary>A token for the pod's service account, bound to the pod. Throws <see cref="ApiException"/> when the server gives none.</summary>
    Task<V1TokenRequestStatus> TokenAsync(V1Pod pod, string? audience, long expirationSeconds, CancellationToken cancellationToken);
}

/// <summary>Reads them through the API client.</summary>
internal sealed class ApiObjectSource(IApiClient api) : IObjectSource
{
    public Task<V1ConfigMap?> ConfigMapAsync(string ns, string name, CancellationToken cancellationToken) =>
        FindAsync(() => api.For<V1ConfigMap>().GetAsync(ns, name, cancellationToken));

    public Task<V1Secret?> SecretAsync(string ns, string name, CancellationToken cancellationToken) =>
        FindAsync(() => api.For<V1Secret>().GetAsync(ns, name, cancellationToken));

    public Task<V1PersistentVolumeClaim?> ClaimAsync(string ns, string name, CancellationToken cancellationToken) =>
        FindAsync(() => api.For<V1PersistentVolumeClaim>().GetAsync(ns, name, cancellationToken));

    public Task<V1PersistentVolume?> VolumeAsync(string name, CancellationToken cancellationToken) =>
        FindAsync(() => api.For<V1PersistentVolume>().GetAsync(null, name, cancellationToken));

    public async Task<string?> RuntimeHandlerAsync(string runtimeClass, CancellationToken cancellationToken) =>
        (await FindAsync(() => api.For<V1RuntimeClass>().GetAsync(null, runtimeClass, cancellationToken)).ConfigureAwait(false))?.Handler;

    public async Task<V1TokenRequestStatus> TokenAsync(V1Pod pod, string? audience, long expirationSeconds, CancellationToken cancellationToken)
    {
        var body = new Authenticationv1TokenRequest
        {
            ApiVersion = "authentication.k8s.io/v1",
            Kind = "TokenRequest",
            Spec = new V1TokenRequestSpec
            {
                Audiences = string.IsNullOrEmpty(audience) ? [] : [audience],
                ExpirationSeconds = expirationSeconds,
                BoundObjectRef = new V1BoundObjectReference { ApiVersion = "v1", Kind = "Pod", Name = pod.Metadata.Name, Uid = pod.Metadata.Uid },
            },
        };
        var request = new ApiRequest
        {
            Verb = "create",
            Resource = "serviceaccounts",
            Namespace = pod.Metadata.NamespaceProperty,
            Name = PodTokens.AccountOf(pod),
            Subresource = "token",
            Body = ApiJson.Serialize(body),
            UserAgent = "kubelet",
        };
        var response = await api.Transport.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.Code >= 400)
            throw new ApiException(response.Object?.Value as V1Status ?? ApiError.Status(response.Code, "Unknown", $"the server answered {response.Code}"));
        var token = ApiJson.Deserialize<Authenticationv1TokenRequest>(response.Object!.Json.Span);
        return token.Status ?? throw new ApiException(ApiError.Status(500, "InternalError", "the server answered without a token"));
    }

    private static async Task<T?> FindAsync<T>(Func<Task<T>> get) where T : class
    {
        try
        {
            return await get().ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }
}
