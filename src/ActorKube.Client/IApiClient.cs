using ActorKube.Api.Machinery;
using k8s;
using k8s.Models;

namespace ActorKube.Client;

/// <summary>What every component, and anybody's custom controller, is written against.</summary>
public interface IApiClient
{
    /// <summary>The transport underneath, for requests that the typed methods do not cover.</summary>
    IApiTransport Transport { get; }

    /// <summary>Objects of one kind.</summary>
    IResourceClient<T> For<T>() where T : class, IKubernetesObject<V1ObjectMeta>;
}

/// <summary>
/// Reads and writes objects of one kind. <c>ns</c> is null or empty for cluster-scoped kinds and for all namespaces.
/// Objects that come back are shared with others and must not be changed: copy first (<see cref="ApiJson.Copy{T}"/>).
/// A failure throws <see cref="ApiException"/> with the Status.
/// </summary>
public interface IResourceClient<T> where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>One object.</summary>
    Task<T> GetAsync(string? ns, string name, CancellationToken cancellationToken = default);

    /// <summary>Objects, all pages of them unless <see cref="ListOptions.Limit"/> is set.</summary>
    Task<ResourceList<T>> ListAsync(string? ns = null, ListOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Changes from a resource version on.</summary>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync(string? ns = null, ListOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Creates an object in the namespace its metadata names. The caller gives the object away.</summary>
    Task<T> CreateAsync(T value, CancellationToken cancellationToken = default);

    /// <summary>Replaces an object; its resourceVersion, when set, must be current. The caller gives the object away.</summary>
    Task<T> UpdateAsync(T value, CancellationToken cancellationToken = default);

    /// <summary>Replaces an object's status.</summary>
    Task<T> UpdateStatusAsync(T value, CancellationToken cancellationToken = default);

    /// <summary>Patches an object or a subresource of it.</summary>
    Task<T> PatchAsync(string? ns, string name, Patch patch, string subresource = "", CancellationToken cancellationToken = default);

    /// <summary>Deletes an object. Returns normally also when deletion only began (grace period, finalizers).</summary>
    Task DeleteAsync(string? ns, string name, V1DeleteOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Creates the body on a subresource, such as a Binding on <c>pods/binding</c>.</summary>
    Task CreateSubresourceAsync(string? ns, string name, string subresource, object body, CancellationToken cancellationToken = default);
}

/// <summary>What a list or watch selects. See https://kubernetes.io/docs/reference/using-api/api-concepts/</summary>
public sealed record ListOptions
{
    /// <summary>Label selector in its text form.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Field selector in its text form.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Where to start or how fresh to be.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Page size; null for everything.</summary>
    public int? Limit { get; init; }

    /// <summary>Token of the page before.</summary>
    public string? Continue { get; init; }

    /// <summary>Whether a watch sends bookmarks.</summary>
    public bool AllowWatchBookmarks { get; init; }

    /// <summary>How long a watch stays open.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>A list of objects.</summary>
public sealed record ResourceList<T>(IReadOnlyList<T> Items, string ResourceVersion, string Continue = "");

/// <summary>One event of a watch: <c>ADDED</c>, <c>MODIFIED</c>, <c>DELETED</c> or <c>BOOKMARK</c>. An ERROR event is thrown as <see cref="ApiException"/>.</summary>
public sealed record WatchEvent<T>(string Type, T Object);

/// <summary>A patch body and its type.</summary>
public sealed record Patch(string ContentType, ReadOnlyMemory<byte> Body)
{
    /// <summary>RFC 7386.</summary>
    public static Patch Merge(object body) => new("application/merge-patch+json", Utf8(body));

    /// <summary>Kubernetes' own merge, which knows the keys of lists.</summary>
    public static Patch Strategic(object body) => new("application/strategic-merge-patch+json", Utf8(body));

    /// <summary>RFC 6902.</summary>
    public static Patch Json(object body) => new("application/json-patch+json", Utf8(body));

    private static byte[] Utf8(object body) => body switch
    {
        string text => System.Text.Encoding.UTF8.GetBytes(text),
        System.Text.Json.Nodes.JsonNode node => System.Text.Encoding.UTF8.GetBytes(node.ToJsonString()),
        _ => ApiJson.Serialize(body),
    };
}
