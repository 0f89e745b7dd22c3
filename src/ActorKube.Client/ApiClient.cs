using System.Collections.Concurrent;
using ActorKube.Api.Kinds;
using k8s;
using k8s.Models;

namespace ActorKube.Client;

/// <summary>The typed client over any transport.</summary>
/// <param name="transport">Carries the requests; the caller disposes of it.</param>
/// <param name="userAgent">The client's name for itself, which is also its field manager.</param>
public sealed class ApiClient(IApiTransport transport, string userAgent) : IApiClient
{
    /// <summary>How many objects a page of a list holds unless the caller says otherwise, as in Kubernetes' own clients.</summary>
    internal const int PageSize = 500;

    private readonly ConcurrentDictionary<Type, object> _resources = new();

    /// <inheritdoc/>
    public IApiTransport Transport => transport;

    /// <inheritdoc/>
    public IResourceClient<T> For<T>() where T : class, IKubernetesObject<V1ObjectMeta> =>
        (IResourceClient<T>)_resources.GetOrAdd(typeof(T), _ => new ResourceClient<T>(transport, KindRegistry.BuiltIn.Of<T>(), userAgent));
}
