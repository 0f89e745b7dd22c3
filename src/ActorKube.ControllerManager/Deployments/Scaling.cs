using k8s.Models;

namespace ActorKube.ControllerManager.Deployments;

/// <summary>How many pods each ReplicaSet of a Deployment should want. Only arithmetic.</summary>
internal static class Scaling
{
    /// <summary>
    /// The size the current ReplicaSet may grow to in a rolling update: as far as surge allows. Wanted 10, surge 3, all together 11, itself 4: at most 2 more, so 6.
    /// </summary>
    public static int NewSize(DeploymentView view)
    {
        if (!view.IsRolling)
            return view.Replicas;
        var size = view.New is { } current ? DeploymentView.Size(current) : 0;
        var room = view.Replicas + view.MaxSurge - view.TotalPods;
        return room <= 0 ? size : size + Math.Min(room, view.Replicas - size);
    }

    /// <summary>
    /// How a rolling update takes pods away from old ReplicaSets: first those that are not available anyway, then as many as availability leaves room for,
    /// the oldest ReplicaSet first. Wanted 10, unavailable 2, available 9: at most one.
    /// </summary>
    /// <param name="view">The Deployment.</param>
    /// <param name="keep">How many pods the old ReplicaSets must keep together at least.</param>
    public static IReadOnlyDictionary<V1ReplicaSet, int> ShrinkOld(DeploymentView view, int keep = 0)
    {
        var sizes = new Dictionary<V1ReplicaSet, int>(ReferenceEqualityComparer.Instance);
        if (view.ActiveOld.Count == 0)
            return sizes;
        var minAvailable = view.Replicas - view.MaxUnavailable;
        // New pods that are not available yet may turn out never to be: they count as if the old ones had to stay for them.
        var newUnavailable = view.New is { } current ? DeploymentView.Size(current) - view.SurelyAvailable(current) : 0;
        var mostAtAll = view.ActiveOld.Sum(DeploymentView.Size) - keep;
        var budget = Math.Min(mostAtAll, view.TotalSize - minAvailable - newUnavailable);
        if (budget <= 0)
            return sizes;

        var taken = 0;
        foreach (var old in view.ActiveOld)
        {
            var take = Math.Min(budget - taken, view.SurelyUnavailable(old));
            if (take > 0)
                sizes[old] = DeploymentView.Size(old) - take;
            taken += Math.Max(0, take);
        }

        var spare = Math.Min(mostAtAll - taken, view.All.Sum(view.SurelyAvailable) - minAvailable);
        foreach (var old in view.ActiveOld)
        {
            var size = sizes.GetValueOrDefault(old, DeploymentView.Size(old));
            var take = Math.Min(spare, size);
            if (take <= 0)
                continue;
            sizes[old] = size - take;
            spare -= take;
        }

        return sizes;
    }

    /// <summary>
    /// Sizes after the Deployment was scaled in the middle of a rollout, or while paused: the change is spread in proportion, so that no version is favoured.
    /// From 10 to 15 with 8 old and 5 new (surge 3): 18 in all, 11 old and 7 new.
    /// </summary>
    public static IReadOnlyDictionary<V1ReplicaSet, int> Proportional(DeploymentView view)
    {
        var sizes = new Dictionary<V1ReplicaSet, int>(ReferenceEqualityComparer.Instance);
        var active = view.All.Where(r => DeploymentView.Size(r) > 0).ToList();
        if (active.Count <= 1)
        {
            if ((active.FirstOrDefault() ?? view.New ?? view.Old.LastOrDefault()) is { } only)
                sizes[only] = view.Replicas;
            return sizes;
        }

        if (view.New is { } current && IsSaturated(view, current))
        {
            foreach (var old in view.ActiveOld)
                sizes[old] = 0;
            return sizes;
        }

        if (!view.IsRolling)
            return sizes;
        var allowed = view.Replicas > 0 ? view.Replicas + view.MaxSurge : 0;
        var toAdd = allowed - active.Sum(DeploymentView.Size);
        var ordered = (toAdd > 0 ? active.OrderByDescending(DeploymentView.Size).ThenByDescending(r => r.Metadata.CreationTimestamp)
            : active.OrderByDescending(DeploymentView.Size).ThenBy(r => r.Metadata.CreationTimestamp)).ToList();
        var added = 0;
        foreach (var replicaSet in ordered)
        {
            var share = Share(view, replicaSet, toAdd, added);
            added += share;
            sizes[replicaSet] = DeploymentView.Size(replicaSet) + share;
        }

        // What rounding left over goes to the largest.
        sizes[ordered[0]] = Math.Max(0, sizes[ordered[0]] + toAdd - added);
        return sizes;
    }

    /// <summary>Whether the Deployment was scaled since the sizes of its ReplicaSets were chosen.</summary>
    public static bool WasScaled(DeploymentView view) =>
        view.All.Any(r => DeploymentView.Size(r) > 0 && Revisions.Number(r, Revisions.DesiredReplicas) is { } desired && desired != view.Replicas);

    private static bool IsSaturated(DeploymentView view, V1ReplicaSet replicaSet) =>
        DeploymentView.Size(replicaSet) == view.Replicas
        && Revisions.Number(replicaSet, Revisions.DesiredReplicas) == view.Replicas
        && replicaSet.Status?.AvailableReplicas == view.Replicas;

    private static int Share(DeploymentView view, V1ReplicaSet replicaSet, int toAdd, int added)
    {
        var size = DeploymentView.Size(replicaSet);
        if (size == 0 || toAdd == 0 || toAdd == added)
            return 0;
        var share = view.Replicas == 0 ? -size : Fraction(view, replicaSet, size);
        return toAdd > 0 ? Math.Min(share, toAdd - added) : Math.Max(share, toAdd - added);
    }

    private static int Fraction(DeploymentView view, V1ReplicaSet replicaSet, int size)
    {
        var before = Revisions.Number(replicaSet, Revisions.MaxReplicas) ?? view.Deployment.Status?.Replicas ?? 0;
        return before == 0 ? 0 : (int)Math.Round(size * (double)(view.Replicas + view.MaxSurge) / before, MidpointRounding.AwayFromZero) - size;
    }
}
