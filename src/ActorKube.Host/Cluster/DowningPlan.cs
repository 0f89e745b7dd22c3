using ActorKube.Client.Transport;
using Akka.Cluster;

namespace ActorKube.Host.Cluster;

/// <summary>A member of the cluster, as far as it matters when others cannot be reached.</summary>
/// <param name="Address">Its address; orders members.</param>
/// <param name="IsControlPlane">Whether it may own the store.</param>
/// <param name="IsReachable">Whether it can be reached from here.</param>
public sealed record Peer(string Address, bool IsControlPlane, bool IsReachable)
{
    /// <summary>All members that count.</summary>
    /// <param name="state">The cluster.</param>
    /// <param name="isReachable">Whether a member can be reached from here.</param>
    public static List<Peer> Of(ClusterEvent.CurrentClusterState state, Func<Member, bool> isReachable) =>
        [.. state.Members.Where(m => m.Status is not (MemberStatus.Down or MemberStatus.Removed)).Select(m => new Peer(m.Address.ToString(), m.HasRole(ApiServers.Role), isReachable(m)))];
}

/// <summary>What a process does about members that cannot be reached.</summary>
public enum DowningStep
{
    /// <summary>Nothing: all is well, it is another process' turn, or it must be seen first who owns the store.</summary>
    Wait,

    /// <summary>Carry on without them.</summary>
    DownUnreachable,

    /// <summary>Give the store up, so that a larger part can have it; carry on with it when there is none.</summary>
    Yield,

    /// <summary>Another part of the control plane has the store: stop, and join that part.</summary>
    Stop,
}

/// <summary>
/// Decides who carries on when members of the cluster cannot reach each other. Nodes never decide: without a control plane they are nothing. Of the control
/// plane that part carries on which has the store, and the database says which that is: its owner renews a lease there, and when it cannot, another process takes
/// it. So there is one rule for a process that was killed, one that was frozen and one that was cut off, for two processes as for five. An owner that sees less
/// than half of the others gives the larger part the chance to take the store. Only the owner takes others out, and only whom it cannot reach itself: of two that lost
/// each other but not the owner, nobody has to go. Pure.
/// </summary>
public static class DowningPlan
{
    /// <summary>Whether a control-plane process has to find out who owns the store before it can decide.</summary>
    /// <param name="peers">Every member, this one included.</param>
    public static bool DependsOnOwner(IReadOnlyCollection<Peer> peers) => peers.Any(p => p is { IsControlPlane: true, IsReachable: false });

    /// <summary>The step of a control-plane process.</summary>
    /// <param name="peers">Every member, this one included.</param>
    /// <param name="self">Its address.</param>
    /// <param name="owner">The address of the process that owns the store; null when nobody does for the moment.</param>
    /// <param name="hasYielded">Whether it gave the store up already since it lost the others.</param>
    public static DowningStep Decide(IReadOnlyCollection<Peer> peers, string self, string? owner, bool hasYielded = false)
    {
        if (peers.All(p => p.IsReachable))
            return DowningStep.Wait;
        var rulers = peers.Where(p => p.IsControlPlane).ToList();
        var here = rulers.Where(p => p.IsReachable).Select(p => p.Address).ToList();
        if (here.Count == rulers.Count)
            return here.Min(StringComparer.Ordinal) == self ? DowningStep.DownUnreachable : DowningStep.Wait;
        if (owner is null || rulers.TrueForAll(p => p.Address != owner))
            return DowningStep.Wait;
        if (!here.Contains(owner))
            return DowningStep.Stop;
        if (here.Count * 2 < rulers.Count && !hasYielded)
            return owner == self ? DowningStep.Yield : DowningStep.Wait;
        return owner == self ? DowningStep.DownUnreachable : DowningStep.Wait;
    }

    /// <summary>Whether a node has to leave and join anew: it reaches no control-plane process.</summary>
    /// <param name="peers">Every member, this one included.</param>
    public static bool IsLost(IReadOnlyCollection<Peer> peers) => !peers.Any(p => p is { IsControlPlane: true, IsReachable: true });
}
