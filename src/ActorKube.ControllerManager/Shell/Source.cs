using ActorKube.Client;
using ActorKube.Client.Informers;
using Akka.Actor;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Shell;

/// <summary>A kind that a controller watches, and which of its keys a change concerns.</summary>
public abstract class Source
{
    /// <summary>The model class.</summary>
    public abstract Type Kind { get; }

    /// <summary>The informer's messages that belong to this source.</summary>
    internal abstract IReadOnlyList<Type> Messages { get; }

    /// <summary>Whether nothing is decided before all objects of the kind are known.</summary>
    internal virtual bool NeedsSync => true;

    /// <summary>From now on tells the actor of changes.</summary>
    internal abstract void Subscribe(IActorRef subscriber);

    /// <summary>What a message of the informer means; null when it says that all is in.</summary>
    internal abstract SourceChange? Read(object message);

    /// <summary>The object as the cache shows it.</summary>
    internal abstract IKubernetesObject<V1ObjectMeta>? Find(ObjectKey key);

    /// <summary>Watches a kind.</summary>
    /// <param name="informer">Its informer.</param>
    /// <param name="keys">The keys that an object concerns; asked for the old and the new state of each change.</param>
    public static Source Of<T>(IInformer<T> informer, Func<T, IEnumerable<ObjectKey>> keys) where T : class, IKubernetesObject<V1ObjectMeta> =>
        new Typed<T>(informer, (old, value, _) => old is null ? keys(value) : keys(old).Concat(keys(value)));

    /// <summary>Watches a kind.</summary>
    /// <param name="informer">Its informer.</param>
    /// <param name="keys">The keys that a change concerns, from the old state (null when the object is new) and the new or last one.</param>
    public static Source OfChanges<T>(IInformer<T> informer, Func<T?, T, IEnumerable<ObjectKey>> keys) where T : class, IKubernetesObject<V1ObjectMeta> =>
        new Typed<T>(informer, (old, value, _) => keys(old, value));

    /// <summary>Watches a kind for what goes or becomes less; new objects concern nobody.</summary>
    /// <param name="informer">Its informer.</param>
    /// <param name="keys">The keys that a change or deletion concerns, from the old state (null when the object is gone) and the new or last one.</param>
    public static Source OfLosses<T>(IInformer<T> informer, Func<T?, T, IEnumerable<ObjectKey>> keys) where T : class, IKubernetesObject<V1ObjectMeta> =>
        new Typed<T>(informer, (old, value, deleted) => old is not null || deleted ? keys(old, value) : []);

    /// <summary>The objects of the kind are the keys.</summary>
    public static Source Own<T>(IInformer<T> informer) where T : class, IKubernetesObject<V1ObjectMeta> => Of(informer, value => [ObjectKey.Of(value)]);

    private sealed class Typed<T>(IInformer<T> informer, Func<T?, T, bool, IEnumerable<ObjectKey>> keys) : Source where T : class, IKubernetesObject<V1ObjectMeta>
    {
        public override Type Kind => typeof(T);

        internal override IReadOnlyList<Type> Messages { get; } = [typeof(ResourceAdded<T>), typeof(ResourceUpdated<T>), typeof(ResourceDeleted<T>), typeof(InformerSynced<T>)];

        internal override void Subscribe(IActorRef subscriber) => informer.Subscribe(subscriber);

        internal override SourceChange? Read(object message) => message switch
        {
            ResourceAdded<T> added => new SourceChange(added.Object, false, keys(null, added.Object, false)),
            ResourceUpdated<T> updated => new SourceChange(updated.New, false, keys(updated.Old, updated.New, false)),
            ResourceDeleted<T> deleted => new SourceChange(deleted.Object, true, keys(null, deleted.Object, true)),
            InformerSynced<T> => null,
            _ => throw new ArgumentException($"{message.GetType()} is no message of an informer of {typeof(T).Name}"),
        };

        internal override IKubernetesObject<V1ObjectMeta>? Find(ObjectKey key) => informer.Lister.Get(key.Namespace, key.Name);
    }
}

/// <summary>A change that an informer saw.</summary>
/// <param name="Object">The object now, or as it last was.</param>
/// <param name="Deleted">Whether it is gone.</param>
/// <param name="Keys">The keys it concerns.</param>
internal sealed record SourceChange(IKubernetesObject<V1ObjectMeta> Object, bool Deleted, IEnumerable<ObjectKey> Keys);
