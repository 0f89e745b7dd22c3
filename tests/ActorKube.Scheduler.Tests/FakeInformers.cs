using ActorKube.Client.Informers;
using Akka.Actor;
using k8s;
using k8s.Models;

namespace ActorKube.Tests;

/// <summary>Informers that a test fills by hand.</summary>
public sealed class FakeInformers : IInformerFactory
{
    private readonly Dictionary<Type, object> _informers = [];

    public IInformer<T> Informer<T>(string? ns = null, string? fieldSelector = null, string? labelSelector = null) where T : class, IKubernetesObject<V1ObjectMeta> => Of<T>();

    public FakeInformer<T> Of<T>() where T : class, IKubernetesObject<V1ObjectMeta>
    {
        lock (_informers)
        {
            return (FakeInformer<T>)(_informers.TryGetValue(typeof(T), out var found) ? found : _informers[typeof(T)] = new FakeInformer<T>());
        }
    }
}

public sealed class FakeInformer<T> : IInformer<T>, ILister<T> where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly SortedDictionary<string, T> _objects = new(StringComparer.Ordinal);
    private readonly List<IActorRef> _subscribers = [];
    private readonly Dictionary<string, Func<T, IEnumerable<string>>> _indexes = [];
    private readonly TaskCompletionSource _synced = new();

    public ILister<T> Lister => this;

    public bool HasSynced => _synced.Task.IsCompleted;

    public Task Synced => _synced.Task;

    public void Sync()
    {
        lock (_objects)
        {
            if (_synced.TrySetResult())
                _subscribers.ForEach(s => s.Tell(new InformerSynced<T>()));
        }
    }

    public void Put(T value)
    {
        lock (_objects)
        {
            var key = Key(value.Metadata.NamespaceProperty, value.Metadata.Name);
            _objects.TryGetValue(key, out var old);
            _objects[key] = value;
            _subscribers.ForEach(s => s.Tell(old is null ? new ResourceAdded<T>(value) : new ResourceUpdated<T>(old, value)));
        }
    }

    public void Delete(string? ns, string name)
    {
        lock (_objects)
        {
            if (_objects.Remove(Key(ns, name), out var old))
                _subscribers.ForEach(s => s.Tell(new ResourceDeleted<T>(old)));
        }
    }

    public void Subscribe(IActorRef subscriber)
    {
        lock (_objects)
        {
            _subscribers.Add(subscriber);
            foreach (var value in _objects.Values)
                subscriber.Tell(new ResourceAdded<T>(value));
            if (HasSynced)
                subscriber.Tell(new InformerSynced<T>());
        }
    }

    public void Unsubscribe(IActorRef subscriber)
    {
        lock (_objects)
            _subscribers.Remove(subscriber);
    }

    public void AddIndex(string name, Func<T, IEnumerable<string>> keys)
    {
        lock (_objects)
            _indexes[name] = keys;
    }

    public T? Get(string? ns, string name)
    {
        lock (_objects)
            return _objects.GetValueOrDefault(Key(ns, name));
    }

    public IReadOnlyCollection<T> List(string? ns = null)
    {
        lock (_objects)
            return [.. _objects.Values.Where(o => string.IsNullOrEmpty(ns) || o.Metadata.NamespaceProperty == ns)];
    }

    public IReadOnlyCollection<T> ByIndex(string name, string key)
    {
        lock (_objects)
            return [.. _objects.Values.Where(o => _indexes[name](o).Contains(key))];
    }

    private static string Key(string? ns, string name) => $"{ns}/{name}";
}
