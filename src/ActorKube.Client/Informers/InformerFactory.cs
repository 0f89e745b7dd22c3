using Akka.Actor;
using k8s;
using k8s.Models;

namespace ActorKube.Client.Informers;

/// <summary>Informers of one component, all under one actor, which stops them with it. Safe from any thread.</summary>
public sealed class InformerFactory : IInformerFactory
{
    private readonly IApiClient _client;
    private readonly InformerOptions _options;
    private readonly IActorRef _group;
    private readonly Lock _lock = new();
    private readonly Dictionary<(Type, string, string, string), object> _informers = [];

    /// <summary>Makes the factory.</summary>
    /// <param name="parent">The system, or the context of the component's actor; the informers die with it.</param>
    /// <param name="client">Reads the objects.</param>
    /// <param name="options">Time-outs.</param>
    /// <param name="name">The group actor's name.</param>
    public InformerFactory(IActorRefFactory parent, IApiClient client, InformerOptions? options = null, string? name = null)
    {
        _client = client;
        _options = options ?? new InformerOptions();
        _group = parent.ActorOf(Props.Create(() => new InformerGroupActor()), name);
    }

    /// <inheritdoc/>
    public IInformer<T> Informer<T>(string? ns = null, string? fieldSelector = null, string? labelSelector = null) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        lock (_lock)
        {
            var key = (typeof(T), ns ?? "", fieldSelector ?? "", labelSelector ?? "");
            if (_informers.TryGetValue(key, out var existing))
                return (IInformer<T>)existing;
            var informer = new Informer<T>(_group, _informers.Count + 1);
            var listing = new ListOptions { FieldSelector = fieldSelector, LabelSelector = labelSelector };
            var (client, options) = (_client, _options);
            _group.Tell(new InformerGroupActor.Start(
                informer.Number, $"{typeof(T).Name}-{informer.Number}", Props.Create(() => new InformerActor<T>(informer, client, ns, listing, options))));
            _informers.Add(key, informer);
            return informer;
        }
    }
}
