namespace ActorKube.ControllerManager.Garbage;

/// <summary>What the collector does about one object.</summary>
internal abstract record GarbageAction
{
    /// <summary>Nothing.</summary>
    public sealed record None : GarbageAction;

    /// <summary>Asks the API server whether an owner exists that no informer has shown.</summary>
    public sealed record Verify : GarbageAction;

    /// <summary>Deletes the object.</summary>
    public sealed record Delete(string PropagationPolicy) : GarbageAction;

    /// <summary>Takes owners off the object, which stays.</summary>
    public sealed record ReleaseFrom(IReadOnlyList<string> OwnerUids) : GarbageAction;

    /// <summary>Takes an owner off its dependents.</summary>
    public sealed record ReleaseDependents(IReadOnlyList<OwnerNode> Dependents) : GarbageAction;

    /// <summary>Takes a finalizer off the object, which then goes.</summary>
    public sealed record Unhold(string Finalizer) : GarbageAction;
}

/// <summary>
/// Whether an object is garbage. Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/
/// </summary>
internal static class GarbageDecision
{
    /// <summary>Decides about one object of the graph.</summary>
    public static GarbageAction Of(OwnerNode node, OwnerGraph graph)
    {
        if (node.IsVirtual)
            return node.Kind is null ? new GarbageAction.None() : new GarbageAction.Verify();
        if (node.Orphans)
            return node.Dependents.Count > 0 ? new GarbageAction.ReleaseDependents([.. node.Dependents]) : new GarbageAction.Unhold("orphan");
        if (node.WaitsForDependents)
            return node.Dependents.Any(d => Blocks(d, node)) ? new GarbageAction.None() : new GarbageAction.Unhold("foregroundDeletion");
        if (node.IsBeingDeleted || node.Owners.Count == 0)
            return new GarbageAction.None();
        return OfOwners(node, graph);
    }

    private static GarbageAction OfOwners(OwnerNode node, OwnerGraph graph)
    {
        var gone = new List<string>();
        var waiting = new List<string>();
        var solid = false;
        foreach (var reference in node.Owners)
        {
            var owner = graph.Find(reference.Uid);
            // An owner in a namespace cannot own a cluster-scoped object; such a reference says nothing. Nor does one in another namespace.
            var misplaced = owner is { IsVirtual: false, Namespace.Length: > 0 } && owner.Namespace != node.Namespace;
            if (owner is null && graph.IsAbsent(reference.Uid) || misplaced && node.Namespace.Length > 0)
                gone.Add(reference.Uid);
            else if (owner is { WaitsForDependents: true })
                waiting.Add(reference.Uid);
            else
                solid = true;
        }

        if (solid)
            return gone.Count + waiting.Count == 0 ? new GarbageAction.None() : new GarbageAction.ReleaseFrom([.. gone, .. waiting]);
        // While an owner waits, the object's own dependents go before it too, except in a circle, which would wait for ever.
        return waiting.Count > 0 && node.Dependents.Count > 0 && !node.Dependents.Any(d => d.WaitsForDependents)
            ? new GarbageAction.Delete("Foreground")
            : new GarbageAction.Delete("Background");
    }

    private static bool Blocks(OwnerNode dependent, OwnerNode owner) => dependent.Owners.Any(o => o.Uid == owner.Uid && o.BlockOwnerDeletion == true);
}
