using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Common;

/// <summary>
/// Which objects belong to an owner with a label selector: it adopts matching orphans and lets go of those that no longer match. It never touches what
/// another controller owns.
/// </summary>
/// <param name="Owned">What belongs to the owner, adopted ones included.</param>
/// <param name="Actions">Adoptions and releases.</param>
internal sealed record Claims<T>(IReadOnlyList<T> Owned, IReadOnlyList<PlannedAction> Actions) where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Sorts the candidates; the order of <paramref name="candidates"/> does not matter.</summary>
    public static Claims<T> Of<TOwner>(TOwner owner, LabelSelector selector, IEnumerable<T> candidates) where TOwner : class, IKubernetesObject<V1ObjectMeta>
    {
        var owned = new List<T>();
        var actions = new List<PlannedAction>();
        var ownerGoes = owner.Metadata.DeletionTimestamp is not null;
        foreach (var value in candidates.Where(c => c.Metadata.NamespaceProperty == owner.Metadata.NamespaceProperty).OrderBy(c => c.Metadata.Name, StringComparer.Ordinal))
        {
            var matches = selector.Matches(value.Metadata.Labels);
            if (Ownership.IsControlledBy(value, owner))
            {
                if (matches)
                    owned.Add(value);
                else if (!ownerGoes)
                    actions.Add(SetOwners(value, (value.Metadata.OwnerReferences ?? []).Where(o => o.Uid != owner.Metadata.Uid)));
            }
            else if (Ownership.ControllerOf(value) is null && matches && !ownerGoes && value.Metadata.DeletionTimestamp is null)
            {
                owned.Add(value);
                actions.Add(SetOwners(value, (value.Metadata.OwnerReferences ?? []).Append(Ownership.Reference(owner))));
            }
        }

        return new Claims<T>(owned, actions);
    }

    private static Merge SetOwners(T value, IEnumerable<V1OwnerReference> owners) =>
        new(value, MergeBody.Metadata(value.Metadata, ("ownerReferences", MergeBody.List(owners))));
}
