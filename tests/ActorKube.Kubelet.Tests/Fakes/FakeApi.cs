using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.Client.Protocol;
using Akka.Actor;
using k8s;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Fakes;

/// <summary>An API server of dictionaries: versions, conflicts, watches, graceful deletion of pods. Informers read it directly.</summary>
internal sealed class FakeApi : IApiClient, IInformerFactory, IApiTransport
{
    private readonly ConcurrentDictionary<Type, object> _resources = new();
    private long _version;

    public IApiTransport Transport => this;

    /// <summary>What the server gives for a token; null answers 404 as a server without tokens.</summary>
    public string? Token { get; set; } = "token-1";

    public FakeResource<T> Resource<T>() where T : class, IKubernetesObject<V1ObjectMeta> =>
        (FakeResource<T>)_resources.GetOrAdd(typeof(T), _ => new FakeResource<T>(() => Interlocked.Increment(ref _version)));

    public IResourceClient<T> For<T>() where T : class, IKubernetesObject<V1ObjectMeta> => Resource<T>();

    public IInformer<T> Informer<T>(string? ns = null, string? fieldSelector = null, string? labelSelector = null) where T : class, IKubernetesObject<V1ObjectMeta> =>
        new FakeInformer<T>(Resource<T>());

    public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken = default)
    {
        if (request.Subresource != "token" || Token is null)
            return Task.FromResult(new ApiResponse(404, new ApiObject(ApiError.NoSuchResource().Status)));
        var token = ApiJson.Deserialize<Authenticationv1TokenRequest>(request.Body.Span);
        token.Status = new V1TokenRequestStatus { Token = Token, ExpirationTimestamp = Some.Noon.AddHours(1).UtcDateTime };
        return Task.FromResult(new ApiResponse(201, new ApiObject(token)));
    }

    public IAsyncEnumerable<ApiWatchEvent> WatchAsync(ApiRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Objects of one kind.</summary>
internal sealed class FakeResource<T>(Func<long> nextVersion) : IResourceClient<T> where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string, string), T> _objects = [];
    private readonly List<Action<string, T?, T>> _listeners = [];

    /// <summary>Every write, such as <c>status web</c>.</summary>
    public ConcurrentQueue<string> Writes { get; } = new();

    /// <summary>Thrown by the next call that writes.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    public T? Find(string name, string ns = "default")
    {
        lock (_lock)
            return _objects.GetValueOrDefault((ns, name));
    }

    public IReadOnlyCollection<T> All()
    {
        lock (_lock)
            return [.. _objects.Values];
    }

    public T Put(T value) => Write(value, "put", expectVersion: false);

    public T Remove(string name, string ns = "default")
    {
        lock (_lock)
        {
            var value = _objects[(ns, name)];
            _objects.Remove((ns, name));
            Tell("DELETED", null, value);
            return value;
        }
    }

    /// <summary>Tells a listener everything there is, then every change.</summary>
    public IDisposable Listen(Action<string, T?, T> listener, Action? synced = null)
    {
        lock (_lock)
        {
            foreach (var value in _objects.Values)
                listener("ADDED", null, value);
            synced?.Invoke();
            _listeners.Add(listener);
        }

        return new Ending(() =>
        {
            lock (_lock)
                _listeners.Remove(listener);
        });
    }

    public Task<T> GetAsync(string? ns, string name, CancellationToken cancellationToken = default) => Task.FromResult(Find(name, ns ?? "") ?? throw NotFound(name));

    public Task<ResourceList<T>> ListAsync(string? ns = null, ListOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(new ResourceList<T>([.. All().Where(o => Matches(o, ns, options))], nextVersion().ToString(CultureInfo.InvariantCulture)));

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync(string? ns = null, ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateUnbounded<WatchEvent<T>>();
        var since = long.Parse(options?.ResourceVersion ?? "0", CultureInfo.InvariantCulture);
        using var listening = Listen((type, _, value) =>
        {
            if (Matches(value, ns, options) && (type == "DELETED" || long.Parse(value.Metadata.ResourceVersion, CultureInfo.InvariantCulture) > since))
                channel.Writer.TryWrite(new WatchEvent<T>(type, value));
        });
        await foreach (var change in channel.Reader.ReadAllAsync(cancellationToken))
            yield return change;
    }

    public Task<T> CreateAsync(T value, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return _objects.ContainsKey(Key(value))
                ? throw ApiError.AlreadyExists(KindRegistry.BuiltIn.Of<T>(), value.Metadata.Name)
                : Task.FromResult(Write(value, "create", expectVersion: false));
        }
    }

    public Task<T> UpdateAsync(T value, CancellationToken cancellationToken = default) => Task.FromResult(Write(value, "update", expectVersion: true));

    public Task<T> UpdateStatusAsync(T value, CancellationToken cancellationToken = default) => Task.FromResult(Write(value, "status", expectVersion: true));

    public Task<T> PatchAsync(string? ns, string name, ActorKube.Client.Patch patch, string subresource = "", CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task DeleteAsync(string? ns, string name, V1DeleteOptions? options = null, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            Writes.Enqueue($"delete {name}");
            var found = Find(name, ns ?? "") ?? throw NotFound(name);
            if (options?.Preconditions?.Uid is { } uid && uid != found.Metadata.Uid)
                throw ApiError.Conflict(KindRegistry.BuiltIn.Of<T>(), name, "Precondition failed: UID in precondition");
            var grace = options?.GracePeriodSeconds ?? 30;
            if (found is V1Pod pod && grace > 0)
                Write((T)(object)pod.Deleting(grace, Some.Noon), "deleting", expectVersion: false);
            else
                Remove(name, ns ?? "");
        }

        return Task.CompletedTask;
    }

    public Task CreateSubresourceAsync(string? ns, string name, string subresource, object body, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private static (string, string) Key(T value) => (value.Metadata.NamespaceProperty ?? "", value.Metadata.Name);

    private static bool Matches(T value, string? ns, ListOptions? options) =>
        (string.IsNullOrEmpty(ns) || value.Metadata.NamespaceProperty == ns)
        && (options?.FieldSelector is not { } selector || selector == $"metadata.name={value.Metadata.Name}");

    private static ApiException NotFound(string name) => ApiError.NotFound(KindRegistry.BuiltIn.Of<T>(), name);

    private T Write(T value, string what, bool expectVersion)
    {
        if (what != "put" && Failures.TryDequeue(out var failure))
            throw failure;
        lock (_lock)
        {
            var old = _objects.GetValueOrDefault(Key(value));
            if (expectVersion && old is null)
                throw NotFound(value.Metadata.Name);
            if (expectVersion && value.Metadata.ResourceVersion != old!.Metadata.ResourceVersion)
                throw ApiError.Conflict(KindRegistry.BuiltIn.Of<T>(), value.Metadata.Name);
            var written = ApiJson.Copy(value);
            written.Metadata.ResourceVersion = nextVersion().ToString(CultureInfo.InvariantCulture);
            written.Metadata.Uid ??= $"uid-{written.Metadata.Name}";
            _objects[Key(value)] = written;
            Writes.Enqueue($"{what} {value.Metadata.Name}");
            Tell(old is null ? "ADDED" : "MODIFIED", old, written);
            return written;
        }
    }

    private void Tell(string type, T? old, T value)
    {
        foreach (var listener in _listeners.ToList())
            listener(type, old, value);
    }

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}

/// <summary>An informer that is always in step.</summary>
internal sealed class FakeInformer<T>(FakeResource<T> resource) : IInformer<T>, ILister<T> where T : class, IKubernetesObject<V1ObjectMeta>
{
    public ILister<T> Lister => this;

    public bool HasSynced => true;

    public Task Synced => Task.CompletedTask;

    public void Subscribe(IActorRef subscriber) => resource.Listen(
        (type, old, value) => subscriber.Tell(type switch
        {
            "ADDED" => new ResourceAdded<T>(value),
            "DELETED" => new ResourceDeleted<T>(value),
            _ => (object)new ResourceUpdated<T>(old!, value),
        }),
        () => subscriber.Tell(new InformerSynced<T>()));

    public void Unsubscribe(IActorRef subscriber) => throw new NotSupportedException();

    public void AddIndex(string name, Func<T, IEnumerable<string>> keys) => throw new NotSupportedException();

    public T? Get(string? ns, string name) => resource.Find(name, ns ?? "");

    public IReadOnlyCollection<T> List(string? ns = null) => [.. resource.All().Where(o => ns is null || o.Metadata.NamespaceProperty == ns)];

    public IReadOnlyCollection<T> ByIndex(string name, string key) => throw new NotSupportedException();
}

/// <summary>Keeps events.</summary>
internal sealed class FakeEvents : IEventRecorder
{
    public ConcurrentQueue<(string Type, string Reason, string Message, string? FieldPath)> All { get; } = new();

    public IEnumerable<string> Reasons => All.Select(e => e.Reason);

    public void Record(IKubernetesObject<V1ObjectMeta> about, string type, string reason, string message, string? fieldPath = null) =>
        All.Enqueue((type, reason, message, fieldPath));
}
