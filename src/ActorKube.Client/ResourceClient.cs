using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.Client;

/// <summary>Reads and writes one kind: builds requests, follows pages, turns failure Statuses into <see cref="ApiException"/>.</summary>
internal sealed class ResourceClient<T>(IApiTransport transport, ResourceKind kind, string userAgent) : IResourceClient<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    public async Task<T> GetAsync(string? ns, string name, CancellationToken cancellationToken = default) =>
        (await SendAsync(Request("get", ns, name), cancellationToken)).Object!.As<T>();

    public async Task<ResourceList<T>> ListAsync(string? ns = null, ListOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new ListOptions();
        var onePage = options.Limit is not null;
        var items = new List<T>();
        var next = options with { Limit = options.Limit ?? ApiClient.PageSize };
        while (true)
        {
            var response = await SendAsync(Request("list", ns) with { Query = QueryOf(next) }, cancellationToken);
            var page = response.List!;
            items.EnsureCapacity(items.Count + page.Items.Count);
            foreach (var item in page.Items)
                items.Add(item.As<T>());
            if (onePage || page.Continue.Length == 0)
                return new ResourceList<T>(items, page.ResourceVersion, page.Continue);
            // A continue token already says which version it goes on with; naming one as well is refused.
            next = next with { Continue = page.Continue, ResourceVersion = null };
        }
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync(
        string? ns = null, ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = Request("watch", ns) with { Query = QueryOf(options ?? new ListOptions()) };
        await foreach (var e in transport.WatchAsync(request, cancellationToken).WithCancellation(cancellationToken))
        {
            if (e.Type == "ERROR")
                throw ApiError.From(e.Object.As<V1Status>());
            yield return new WatchEvent<T>(e.Type, e.Object.As<T>());
        }
    }

    public Task<T> CreateAsync(T value, CancellationToken cancellationToken = default) =>
        SendObjectAsync(Request("create", value.Metadata?.NamespaceProperty), value, cancellationToken);

    public Task<T> UpdateAsync(T value, CancellationToken cancellationToken = default) =>
        SendObjectAsync(Request("update", value.Metadata.NamespaceProperty, value.Metadata.Name), value, cancellationToken);

    public Task<T> UpdateStatusAsync(T value, CancellationToken cancellationToken = default) =>
        SendObjectAsync(Request("update", value.Metadata.NamespaceProperty, value.Metadata.Name, "status"), value, cancellationToken);

    public async Task<T> PatchAsync(string? ns, string name, Patch patch, string subresource = "", CancellationToken cancellationToken = default)
    {
        var request = Request("patch", ns, name, subresource) with { ContentType = patch.ContentType, Body = patch.Body };
        return (await SendAsync(request, cancellationToken)).Object!.As<T>();
    }

    public async Task DeleteAsync(string? ns, string name, V1DeleteOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options is not null)
        {
            options.ApiVersion ??= "v1";
            options.Kind ??= "DeleteOptions";
        }

        await SendAsync(Request("delete", ns, name) with { Object = options }, cancellationToken);
    }

    public async Task CreateSubresourceAsync(string? ns, string name, string subresource, object body, CancellationToken cancellationToken = default) =>
        await SendAsync(Request("create", ns, name, subresource) with { Object = body }, cancellationToken);

    private async Task<T> SendObjectAsync(ApiRequest request, T value, CancellationToken cancellationToken)
    {
        value.ApiVersion = kind.ApiVersion;
        value.Kind = kind.Kind;
        return (await SendAsync(request with { Object = value }, cancellationToken)).Object!.As<T>();
    }

    private async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var response = await transport.SendAsync(request, cancellationToken);
        return response.Code < 400 ? response : throw ApiError.From(response.Object!.As<V1Status>());
    }

    private ApiRequest Request(string verb, string? ns, string name = "", string subresource = "") => new()
    {
        Verb = verb,
        Group = kind.Group,
        Version = kind.Version,
        Resource = kind.Resource,
        Namespace = kind.Namespaced ? ns ?? "" : "",
        Name = name,
        Subresource = subresource,
        UserAgent = userAgent,
    };

    private static ImmutableDictionary<string, string> QueryOf(ListOptions options)
    {
        var query = ImmutableDictionary.CreateBuilder<string, string>();
        Add("labelSelector", options.LabelSelector);
        Add("fieldSelector", options.FieldSelector);
        Add("resourceVersion", options.ResourceVersion);
        Add("limit", options.Limit is > 0 ? options.Limit.Value.ToString(CultureInfo.InvariantCulture) : null);
        Add("continue", options.Continue);
        Add("allowWatchBookmarks", options.AllowWatchBookmarks ? "true" : null);
        Add("timeoutSeconds", options.Timeout is { } timeout ? ((long)timeout.TotalSeconds).ToString(CultureInfo.InvariantCulture) : null);
        return query.ToImmutable();

        void Add(string key, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                query[key] = value;
        }
    }
}
