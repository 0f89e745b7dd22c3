using ActorKube.Api.Machinery;
using Akka.Actor;
using k8s;
using k8s.Models;

namespace ActorKube.Client.Informers;

/// <summary>Makes informers; two requests for the same kind, namespace and selectors share one.</summary>
public interface IInformerFactory
{
    /// <summary>
    /// The informer of a kind. It starts at once and keeps itself going: list, watch, and again after a failure.
    /// </summary>
    /// <param name="ns">Only this namespace; null for all.</param>
    /// <param name="fieldSelector">Such as <c>spec.nodeName=n1</c>.</param>
    /// <param name="labelSelector">In text form.</param>
    IInformer<T> Informer<T>(string? ns = null, string? fieldSelector = null, string? labelSelector = null) where T : class, IKubernetesObject<V1ObjectMeta>;
}

/// <summary>A local copy of all objects of a kind, kept current by a watch.</summary>
public interface IInformer<T> where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Reads the copy; safe from any thread.</summary>
    ILister<T> Lister { get; }

    /// <summary>Whether the first list is in.</summary>
    bool HasSynced { get; }

    /// <summary>Completes when the first list is in.</summary>
    Task Synced { get; }

    /// <summary>
    /// From now on tells the actor of each change: first <see cref="ResourceAdded{T}"/> for every object already there, then
    /// <see cref="InformerSynced{T}"/> once the first list is in, then changes as they come. The lister already shows a change when it is told.
    /// </summary>
    void Subscribe(IActorRef subscriber);

    /// <summary>Ends <see cref="Subscribe"/>. A subscriber that dies is dropped by itself.</summary>
    void Unsubscribe(IActorRef subscriber);

    /// <summary>Adds an index before or after start: <see cref="ILister{T}.ByIndex"/> then finds objects by the keys the function gives.</summary>
    void AddIndex(string name, Func<T, IEnumerable<string>> keys);
}

/// <summary>Reads an informer's objects. They are shared: read only.</summary>
public interface ILister<T>
{
    /// <summary>One object, or null.</summary>
    T? Get(string? ns, string name);

    /// <summary>All objects, or those of a namespace.</summary>
    IReadOnlyCollection<T> List(string? ns = null);

    /// <summary>Objects whose index function gives the key; empty when there are none.</summary>
    IReadOnlyCollection<T> ByIndex(string name, string key);
}

/// <summary>A change that an informer saw.</summary>
public abstract record ResourceEvent<T>;

/// <summary>An object appeared.</summary>
public sealed record ResourceAdded<T>(T Object) : ResourceEvent<T>;

/// <summary>An object changed.</summary>
public sealed record ResourceUpdated<T>(T Old, T New) : ResourceEvent<T>;

/// <summary>An object is gone; this is how it last was.</summary>
public sealed record ResourceDeleted<T>(T Object) : ResourceEvent<T>;

/// <summary>Everything that was there at the start has been told.</summary>
public sealed record InformerSynced<T> : ResourceEvent<T>;
