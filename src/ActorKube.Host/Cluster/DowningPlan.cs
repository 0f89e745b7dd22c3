namespace ActorKube.Host.Cluster;

/// <summary>A member of the cluster, as far as it matters when others cannot be reached.</summary>
/// <param name="Address">Its address; orders members.</param>
/// <param name="IsControlPlane">Whether it may own the store.</param>
/// <param name="IsReachable">Whether it can be reached from here.</param>
public sealed record Peer(string Address, bool IsControlPlane, bool IsReachable);

/// <summary>What a control-plane process does about members that cannot be reached.</summary>
public enum DowningStep
{
    /// <summary>Nothing: all is well, or it is another process' turn.</summary>
    Wait,

    /// <summary>Carry on without them: no control-plane process is among them.</summary>
    DownUnreachable,

    /// <summary>Ask the database which part of the control plane goes on.</summary>
    AskLease,

    /// <summary>The same, a little later than a larger part would.</summary>
    AskLeaseLater,
}

/// <summary>
/// Decides who carries on when members of the cluster cannot reach each other. Nodes never decide: without a control plane they are nothing. Between control
/// planes the database decides, and the larger part asks first. With two of them there is no larger part, and one killed leaves one that must go on, which is
/// why counting heads will not do. Pure.
/// </summary>
public static class DowningPlan
{
    /// <summary>The step of one process.</summary>
    /// <param name="peers">Every member, this one included.</param>
    /// <param name="self">Its address.</param>
    public static DowningStep Decide(IReadOnlyCollection<Peer> peers, string self)
    {
        if (peers.All(p => p.IsReachable))
            return DowningStep.Wait;
        var rulers = peers.Where(p => p.IsControlPlane).ToList();
        var here = rulers.Where(p => p.IsReachable).ToList();
        if (here.Count == 0 || here.Min(p => p.Address, StringComparer.Ordinal) != self)
            return DowningStep.Wait;
        if (here.Count == rulers.Count)
            return DowningStep.DownUnreachable;
        return here.Count * 2 < rulers.Count ? DowningStep.AskLeaseLater : DowningStep.AskLease;
    }

    private static string? Min(this IEnumerable<Peer> peers, Func<Peer, string> address, StringComparer comparer) => peers.Select(address).Min(comparer);
}
