using System.Collections.Concurrent;
using ActorKube.Client;
using k8s;
using k8s.Models;

namespace ActorKube.Tests;

/// <summary>An API that answers the few writes a test needs and refuses everything else.</summary>
public sealed class FakeApi : IApiClient
{
    /// <summary>Answers <c>CreateSubresourceAsync</c>.</summary>
    public Func<string?, string, string, object, Task> OnCreateSubresource { get; set; } = (_, _, _, _) => Task.CompletedTask;

    /// <summary>Answers <c>DeleteAsync</c>.</summary>
    public Func<string?, string, V1DeleteOptions?, Task> OnDelete { get; set; } = (_, _, _) => throw new NotSupportedException();

    public ConcurrentQueue<(string? Namespace, string Name, string Subresource, string Body)> Patches { get; } = new();

    public IApiTransport Transport => throw new NotSupportedException();

    public IResourceClient<T> For<T>() where T : class, IKubernetesObject<V1ObjectMeta> => new Resource<T>(this);

    private sealed class Resource<T>(FakeApi api) : IResourceClient<T> where T : class, IKubernetesObject<V1ObjectMeta>
    {
        public Task<T> GetAsync(string? ns, string name, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<ResourceList<T>> ListAsync(string? ns = null, ListOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<WatchEvent<T>> WatchAsync(string? ns = null, ListOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<T> CreateAsync(T value, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<T> UpdateAsync(T value, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<T> UpdateStatusAsync(T value, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<T> PatchAsync(string? ns, string name, Patch patch, string subresource = "", CancellationToken cancellationToken = default)
        {
            api.Patches.Enqueue((ns, name, subresource, System.Text.Encoding.UTF8.GetString(patch.Body.Span)));
            return Task.FromResult<T>(null!);
        }

        public Task DeleteAsync(string? ns, string name, V1DeleteOptions? options = null, CancellationToken cancellationToken = default) => api.OnDelete(ns, name, options);

        public Task CreateSubresourceAsync(string? ns, string name, string subresource, object body, CancellationToken cancellationToken = default) =>
            api.OnCreateSubresource(ns, name, subresource, body);
    }
}

/// <summary>Keeps the events.</summary>
public sealed class FakeEvents : IEventRecorder
{
    public BlockingCollection<(string Object, string Type, string Reason, string Message)> Events { get; } = [];

    public void Record(IKubernetesObject<V1ObjectMeta> about, string type, string reason, string message, string? fieldPath = null) =>
        Events.Add((about.Metadata.Name, type, reason, message));

    public (string Object, string Type, string Reason, string Message) Next() =>
        Events.TryTake(out var one, TimeSpan.FromSeconds(10)) ? one : throw new TimeoutException("no event came");
}
