using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Common;

/// <summary>Owner references. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/</summary>
internal static class Ownership
{
    /// <summary>The index of objects by the uid of their controller; objects without one are under <see cref="Nobody"/> and their namespace.</summary>
    public const string ByController = "controller";

    /// <summary>The one owner that controls the object, or null.</summary>
    public static V1OwnerReference? ControllerOf(IMetadata<V1ObjectMeta> value) => value.Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true);

    /// <summary>Whether <paramref name="owner"/> controls the object.</summary>
    public static bool IsControlledBy(IMetadata<V1ObjectMeta> value, IMetadata<V1ObjectMeta> owner) => ControllerOf(value)?.Uid is { } uid && uid == owner.Metadata.Uid;

    /// <summary>A reference that makes <paramref name="owner"/> the controller.</summary>
    public static V1OwnerReference Reference<T>(T owner) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var kind = KindRegistry.BuiltIn.Of<T>();
        return new V1OwnerReference
        {
            ApiVersion = kind.ApiVersion,
            Kind = kind.Kind,
            Name = owner.Metadata.Name,
            Uid = owner.Metadata.Uid,
            Controller = true,
            BlockOwnerDeletion = true,
        };
    }

    /// <summary>The key of the object's controller, when that is a <typeparamref name="TOwner"/>.</summary>
    public static IEnumerable<ObjectKey> OwnerOf<TOwner>(IMetadata<V1ObjectMeta> value) where TOwner : class, IKubernetesObject<V1ObjectMeta> =>
        ControllerOf(value) is { } owner && owner.Kind == KindRegistry.BuiltIn.Of<TOwner>().Kind ? [new ObjectKey(value.Metadata.NamespaceProperty, owner.Name)] : [];

    /// <summary>The owners that a change of the object concerns: its controller; for an orphan, every one of its namespace that might adopt it.</summary>
    /// <param name="value">The object.</param>
    /// <param name="owners">All that may own it.</param>
    /// <param name="selector">What an owner adopts; null for nothing.</param>
    public static IEnumerable<ObjectKey> OwnersOf<TOwner>(IMetadata<V1ObjectMeta> value, ILister<TOwner> owners, Func<TOwner, LabelSelector?> selector)
        where TOwner : class, IKubernetesObject<V1ObjectMeta> => ControllerOf(value) is not null
        ? OwnerOf<TOwner>(value)
        : owners.List(value.Metadata.NamespaceProperty).Where(o => selector(o)?.Matches(value.Metadata.Labels) == true).Select(o => ObjectKey.Of(o));

    /// <summary>The key of orphans of a namespace in <see cref="ByController"/>.</summary>
    public static string Nobody(string ns) => $"nobody/{ns}";

    /// <summary>Indexes objects by their controller.</summary>
    public static void AddIndex<T>(IInformer<T> informer) where T : class, IKubernetesObject<V1ObjectMeta> =>
        informer.AddIndex(ByController, value => [ControllerOf(value)?.Uid ?? Nobody(value.Metadata.NamespaceProperty ?? "")]);

    /// <summary>The objects an owner controls and the orphans it may adopt: all that its claims can concern.</summary>
    public static IEnumerable<T> Candidates<T>(ILister<T> lister, IMetadata<V1ObjectMeta> owner) =>
        lister.ByIndex(ByController, owner.Metadata.Uid).Concat(lister.ByIndex(ByController, Nobody(owner.Metadata.NamespaceProperty ?? "")));
}
