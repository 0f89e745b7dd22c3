using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.Client.Tests.Fakes;

/// <summary>
/// An API server in memory: revisions, optimistic concurrency, watches with history, finalizers and deletion policies. No defaults, no validation,
/// no authorization. Names and uids are counted, so a run can be repeated.
/// </summary>
public sealed class FakeApi : IApiTransport
{
    private sealed record Commit(long Revision, string Type, ApiObject Object, ApiObject? Old);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SortedDictionary<string, ApiObject>> _objects = [];
    private readonly Dictionary<string, List<Commit>> _history = [];
    private readonly List<(ApiRequest Request, ChannelWriter<ApiWatchEvent> Writer)> _watches = [];
    private readonly Dictionary<string, long> _compacted = [];
    private long _revision = 100;
    private int _made;
    private int _failures;

    /// <summary>Clock for creation and deletion times.</summary>
    public Func<DateTime> Now { get; set; } = () => new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>Whether a pod on a node waits for its kubelet when deleted, as it does in a real cluster.</summary>
    public bool PodsEndGracefully { get; set; }

    /// <summary>Every request that came, in order.</summary>
    public List<ApiRequest> Requests { get; } = [];

    /// <summary>Looks at each write before it is done; may throw an <see cref="ApiException"/>.</summary>
    public Action<ApiRequest>? Admission { get; set; }

    /// <summary>A client of this API.</summary>
    public ApiClient Client => new(this, "test");

    /// <summary>Lets the next requests fail as if the server could not be reached.</summary>
    public void FailNext(int count) => Interlocked.Exchange(ref _failures, count);

    /// <summary>Ends all watches as if the connection broke.</summary>
    public void BreakWatches()
    {
        lock (_lock)
        {
            foreach (var watch in _watches)
                watch.Writer.TryComplete(new ApiUnreachableException("broken by the test"));
            _watches.Clear();
        }
    }

    /// <summary>Forgets history: watches from older versions get a 410.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            foreach (var (resource, history) in _history)
            {
                history.Clear();
                _compacted[resource] = _revision;
            }
        }
    }

    /// <summary>Sends a bookmark to all watches.</summary>
    public void Bookmark()
    {
        lock (_lock)
        {
            foreach (var (request, writer) in _watches)
            {
                var kind = KindOf(request);
                var mark = (IKubernetesObject<V1ObjectMeta>)Activator.CreateInstance(kind.ClrType!)!;
                (mark.ApiVersion, mark.Kind) = (kind.ApiVersion, kind.Kind);
                mark.Metadata = new V1ObjectMeta { ResourceVersion = Text(_revision) };
                writer.TryWrite(new ApiWatchEvent("BOOKMARK", new ApiObject(mark)));
            }
        }
    }

    /// <summary>How many watches are open.</summary>
    public int OpenWatches
    {
        get { lock (_lock) return _watches.Count; }
    }

    /// <summary>The objects of a kind now.</summary>
    public IReadOnlyList<T> All<T>() where T : class, IKubernetesObject<V1ObjectMeta>
    {
        lock (_lock)
            return [.. Table(KindRegistry.BuiltIn.Of<T>().GroupResource).Values.Select(o => o.As<T>())];
    }

    /// <summary>One object now, or null.</summary>
    public T? Find<T>(string name, string ns = "default") where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var kind = KindRegistry.BuiltIn.Of<T>();
        lock (_lock)
            return Table(kind.GroupResource).GetValueOrDefault(Key(kind.Namespaced ? ns : "", name))?.As<T>();
    }

    /// <summary>Creates an object.</summary>
    public T Add<T>(T value) where T : class, IKubernetesObject<V1ObjectMeta> => Client.For<T>().CreateAsync(ApiJson.Copy(value)).GetAwaiter().GetResult();

    /// <summary>Changes an object, its status included.</summary>
    public T Change<T>(string name, Action<T> change, string ns = "default") where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var value = ApiJson.Copy(Find<T>(name, ns) ?? throw new ArgumentException($"no {typeof(T).Name} {ns}/{name}"));
        change(value);
        lock (_lock)
            return Put(KindRegistry.BuiltIn.Of<T>(), value, "MODIFIED").As<T>();
    }

    /// <summary>Deletes an object at once, whatever holds it.</summary>
    public void Purge<T>(string name, string ns = "default") where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var kind = KindRegistry.BuiltIn.Of<T>();
        lock (_lock)
            Remove(kind, Key(kind.Namespaced ? ns : "", name));
    }

    /// <inheritdoc/>
    public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            Requests.Add(request);
            if (_failures > 0)
            {
                _failures--;
                return Task.FromException<ApiResponse>(new ApiUnreachableException("refused by the test"));
            }

            try
            {
                if (request.Verb is not ("get" or "list"))
                    Admission?.Invoke(request);
                return Task.FromResult(Answer(request));
            }
            catch (ApiException e)
            {
                return Task.FromResult(new ApiResponse(e.Code, new ApiObject(e.Status)));
            }
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ApiWatchEvent> WatchAsync(ApiRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateUnbounded<ApiWatchEvent>();
        var entry = (request, channel.Writer);
        lock (_lock)
        {
            if (_failures > 0)
            {
                _failures--;
                throw new ApiUnreachableException("refused by the test");
            }

            var resource = KindOf(request).GroupResource;
            var from = long.Parse(request.Query.GetValueOrDefault("resourceVersion", "0"), CultureInfo.InvariantCulture);
            if (from < _compacted.GetValueOrDefault(resource))
                channel.Writer.TryWrite(new ApiWatchEvent("ERROR", new ApiObject(ApiError.Expired("too old resource version").Status)));
            foreach (var change in _history.GetValueOrDefault(resource, []).Where(c => c.Revision > from))
                Send(entry, change);
            _watches.Add(entry);
        }

        try
        {
            await foreach (var e in channel.Reader.ReadAllAsync(cancellationToken))
                yield return e;
        }
        finally
        {
            lock (_lock)
                _watches.Remove(entry);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ApiResponse Answer(ApiRequest request)
    {
        var kind = KindOf(request);
        var table = Table(kind.GroupResource);
        var key = Key(request.Namespace, request.Name);
        switch (request.Verb)
        {
            case "list":
                return new ApiResponse(200, null, new ApiList([.. table.Values.Where(o => Selects(request, o))], Text(_revision)));
            case "get":
                return new ApiResponse(200, Existing(kind, table, key, request.Name));
            case "create" when request.Subresource == "binding":
                var bound = ApiJson.Copy(Existing(kind, table, key, request.Name).As<V1Pod>());
                bound.Spec.NodeName = ((V1Binding)request.Object!).Target.Name;
                return new ApiResponse(201, Put(kind, bound, "MODIFIED"));
            case "create":
                return new ApiResponse(201, Create(kind, table, request));
            case "deletecollection":
                var gone = table.Values.Where(o => Selects(request, o)).ToList();
                foreach (var one in gone)
                    Delete(kind, one, null);
                return new ApiResponse(200, null, new ApiList(gone, Text(_revision)));
            case "update" or "patch":
                return new ApiResponse(200, Write(kind, Existing(kind, table, key, request.Name), request));
            case "delete":
                return new ApiResponse(200, Delete(kind, Existing(kind, table, key, request.Name), (V1DeleteOptions?)request.Object));
            default:
                throw new NotSupportedException(request.Verb);
        }
    }

    private ApiObject Create(ResourceKind kind, SortedDictionary<string, ApiObject> table, ApiRequest request)
    {
        var value = (IKubernetesObject<V1ObjectMeta>)ApiJson.Copy(request.Object!);
        value.Metadata ??= new V1ObjectMeta();
        value.Metadata.Name ??= $"{value.Metadata.GenerateName}{++_made:x4}";
        if (kind.Namespaced)
            value.Metadata.NamespaceProperty = request.Namespace;
        if (table.ContainsKey(Key(request.Namespace, value.Metadata.Name)))
            throw ApiError.AlreadyExists(kind, value.Metadata.Name);
        value.Metadata.Uid ??= $"uid-{++_made}";
        value.Metadata.CreationTimestamp ??= Now();
        value.Metadata.Generation ??= 1;
        return Put(kind, value, "ADDED");
    }

    private ApiObject Write(ResourceKind kind, ApiObject existing, ApiRequest request)
    {
        var body = request.Verb == "patch"
            ? Api.Machinery.Patch.ApplyTo(existing.Json.Span, request.ContentType, request.Body.Span, kind.ClrType!)
            : ApiJson.Serialize(request.Object!);
        var value = (IKubernetesObject<V1ObjectMeta>)ApiJson.Deserialize(kind.ClrType!, body);
        var old = (IKubernetesObject<V1ObjectMeta>)ApiJson.Copy(existing.Value);
        if (value.Metadata.ResourceVersion is { } version && version != old.Metadata.ResourceVersion)
            throw ApiError.Conflict(kind, request.Name);
        if (value.Metadata.Uid is { } uid && uid != old.Metadata.Uid)
            throw ApiError.Conflict(kind, request.Name, "Precondition failed: UID");
        var (metadata, spec, status) = (value.Metadata, kind.ClrType!.GetProperty("Spec"), kind.ClrType.GetProperty("Status"));
        if (request.Subresource == "finalize")
        {
            ((V1Namespace)value).Status = ((V1Namespace)old).Status;
            value.Metadata = old.Metadata;
        }
        else if (request.Subresource == "status")
        {
            // As Kubernetes has it: annotations may be written with a status, the rest of the metadata not.
            var annotations = value.Metadata.Annotations;
            value.Metadata = ((IKubernetesObject<V1ObjectMeta>)ApiJson.Copy(existing.Value)).Metadata;
            value.Metadata.Annotations = annotations;
            if (spec is { CanWrite: true })
                spec.SetValue(value, spec.GetValue(old));
        }
        else if (request.Subresource == "" && kind.Has("status") && status is { CanWrite: true })
        {
            status.SetValue(value, status.GetValue(old));
            value.Metadata = metadata;
            if (spec is not null && ApiJson.SerializeToString(spec.GetValue(value) ?? "") != ApiJson.SerializeToString(spec.GetValue(old) ?? ""))
                value.Metadata.Generation = (old.Metadata.Generation ?? 0) + 1;
        }

        (value.Metadata.Uid, value.Metadata.CreationTimestamp, value.Metadata.DeletionTimestamp) =
            (old.Metadata.Uid, old.Metadata.CreationTimestamp, old.Metadata.DeletionTimestamp);
        (value.Metadata.ResourceVersion, old.Metadata.ResourceVersion) = (null, null);
        if (ApiJson.SerializeToString(value) == ApiJson.SerializeToString(old))
            return existing;
        if (value.Metadata.DeletionTimestamp is not null && IsUnheld(value))
            return Remove(kind, Key(request.Namespace, request.Name))!;
        return Put(kind, value, "MODIFIED");
    }

    private ApiObject Delete(ResourceKind kind, ApiObject existing, V1DeleteOptions? options)
    {
        var value = (IKubernetesObject<V1ObjectMeta>)ApiJson.Copy(existing.Value);
        var metadata = value.Metadata;
        if (options?.Preconditions is { } must
            && ((must.Uid is not null && must.Uid != metadata.Uid) || (must.ResourceVersion is not null && must.ResourceVersion != metadata.ResourceVersion)))
            throw ApiError.Conflict(kind, metadata.Name, "Precondition failed");
        metadata.Finalizers = [.. (metadata.Finalizers ?? []).Where(f => f is not ("foregroundDeletion" or "orphan"))];
        if (options?.PropagationPolicy == "Foreground")
            metadata.Finalizers.Add("foregroundDeletion");
        if (options?.PropagationPolicy == "Orphan")
            metadata.Finalizers.Add("orphan");
        var waits = PodsEndGracefully && options?.GracePeriodSeconds != 0 && value is V1Pod { Spec.NodeName.Length: > 0, Status.Phase: not ("Succeeded" or "Failed") };
        if (!waits && IsUnheld(value))
            return Remove(kind, Key(metadata.NamespaceProperty ?? "", metadata.Name))!;
        var grace = value is V1Pod ? options?.GracePeriodSeconds ?? 30 : 0;
        metadata.DeletionTimestamp ??= Now().AddSeconds(grace);
        metadata.DeletionGracePeriodSeconds ??= grace;
        metadata.ResourceVersion = null;
        if (value is V1Namespace ns)
            (ns.Status ??= new V1NamespaceStatus()).Phase = "Terminating";
        return Put(kind, value, "MODIFIED");
    }

    private static bool IsUnheld(IKubernetesObject<V1ObjectMeta> value) =>
        value.Metadata.Finalizers is not { Count: > 0 }
        && !(value is V1Namespace ns && ns.Spec?.Finalizers is { Count: > 0 })
        && !(value is V1Pod { Metadata.DeletionTimestamp: not null, Metadata.DeletionGracePeriodSeconds: > 0, Spec.NodeName.Length: > 0 });

    private ApiObject Put(ResourceKind kind, IKubernetesObject<V1ObjectMeta> value, string type)
    {
        var table = Table(kind.GroupResource);
        var key = Key(value.Metadata.NamespaceProperty ?? "", value.Metadata.Name);
        var old = table.GetValueOrDefault(key);
        (value.ApiVersion, value.Kind, value.Metadata.ResourceVersion) = (kind.ApiVersion, kind.Kind, Text(++_revision));
        var stored = new ApiObject(value);
        table[key] = stored;
        Publish(kind, new Commit(_revision, type, stored, old));
        return stored;
    }

    private ApiObject? Remove(ResourceKind kind, string key)
    {
        if (!Table(kind.GroupResource).Remove(key, out var old))
            return null;
        var last = (IKubernetesObject<V1ObjectMeta>)ApiJson.Copy(old.Value);
        last.Metadata.ResourceVersion = Text(++_revision);
        Publish(kind, new Commit(_revision, "DELETED", new ApiObject(last), old));
        return new ApiObject(last);
    }

    private void Publish(ResourceKind kind, Commit change)
    {
        if (!_history.TryGetValue(kind.GroupResource, out var history))
            _history[kind.GroupResource] = history = [];
        history.Add(change);
        foreach (var watch in _watches.Where(w => KindOf(w.Request) == kind))
            Send(watch, change);
    }

    private static void Send((ApiRequest Request, ChannelWriter<ApiWatchEvent> Writer) watch, Commit change)
    {
        var before = change.Old is not null && Selects(watch.Request, change.Old);
        var after = change.Type != "DELETED" && Selects(watch.Request, change.Object);
        var type = (before, after) switch { (true, true) => "MODIFIED", (false, true) => "ADDED", (true, false) => "DELETED", _ => null };
        if (type is not null)
            watch.Writer.TryWrite(new ApiWatchEvent(type, change.Object));
    }

    private static bool Selects(ApiRequest request, ApiObject value)
    {
        if (request.Namespace.Length > 0 && value.Metadata.NamespaceProperty != request.Namespace)
            return false;
        if (request.Query.TryGetValue("labelSelector", out var labels) && !LabelSelector.Parse(labels).Matches(value.Metadata.Labels))
            return false;
        return !request.Query.TryGetValue("fieldSelector", out var fields)
            || fields.Split(',').All(f => f.Split('=') is var pair && (pair[0] switch
            {
                "metadata.name" => value.Metadata.Name,
                "metadata.namespace" => value.Metadata.NamespaceProperty,
                "spec.nodeName" => value.As<V1Pod>().Spec.NodeName ?? "",
                var other => throw new NotSupportedException(other),
            }) == pair[1]);
    }

    private static ApiObject Existing(ResourceKind kind, SortedDictionary<string, ApiObject> table, string key, string name) =>
        table.GetValueOrDefault(key) ?? throw ApiError.NotFound(kind, name);

    private SortedDictionary<string, ApiObject> Table(string resource)
    {
        if (!_objects.TryGetValue(resource, out var table))
            _objects[resource] = table = new SortedDictionary<string, ApiObject>(StringComparer.Ordinal);
        return table;
    }

    private static ResourceKind KindOf(ApiRequest request) =>
        KindRegistry.BuiltIn.Find(request.Group, request.Version, request.Resource) ?? throw ApiError.NoSuchResource();

    private static string Key(string ns, string name) => $"{ns}/{name}";

    private static string Text(long revision) => revision.ToString(CultureInfo.InvariantCulture);
}
