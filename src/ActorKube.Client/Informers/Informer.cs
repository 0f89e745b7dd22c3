using Akka.Actor;
using k8s;
using k8s.Models;

namespace ActorKube.Client.Informers;

/// <summary>The face of an informer and what outlives its actor's restarts: the cache and who listens.</summary>
internal sealed class Informer<T>(IActorRef group, int number) : IInformer<T> where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Number => number;

    public InformerCache<T> Cache { get; } = new();

    /// <summary>Touched by the informer's actor only.</summary>
    public HashSet<IActorRef> Subscribers { get; } = [];

    public ILister<T> Lister => Cache;

    public bool HasSynced => _synced.Task.IsCompleted;

    public Task Synced => _synced.Task;

    public void Subscribe(IActorRef subscriber) => group.Tell(new InformerGroupActor.To(number, new InformerActor<T>.Subscribe(subscriber)));

    public void Unsubscribe(IActorRef subscriber) => group.Tell(new InformerGroupActor.To(number, new InformerActor<T>.Unsubscribe(subscriber)));

    public void AddIndex(string name, Func<T, IEnumerable<string>> keys) => Cache.AddIndex(name, keys);

    public void SetSynced() => _synced.TrySetResult();
}
