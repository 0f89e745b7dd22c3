using Akka.Actor;
using Akka.Cluster;

namespace ActorKube.Client.Transport;

/// <summary>Where API servers may be found, the best first. Asked again at every attempt to connect.</summary>
public abstract class ApiServers
{
    /// <summary>The path of every API server actor within its process.</summary>
    public const string Path = "/user/apiserver";

    /// <summary>The role of the processes that run an API server.</summary>
    public const string Role = "control-plane";

    /// <summary>The API server of this very process.</summary>
    public static ApiServers Local { get; } = new LocalServers();

    /// <summary>The API server of this process where it is a control-plane member, and those of all other reachable members.</summary>
    public static ApiServers InCluster { get; } = new ClusterServers();

    /// <summary>API servers at fixed actor system addresses.</summary>
    public static ApiServers At(params IReadOnlyList<Address> addresses) => new FixedServers(addresses);

    /// <summary>The candidates now; empty when none is known yet.</summary>
    public abstract IReadOnlyList<ActorSelection> Find(ActorSystem system);

    private sealed class LocalServers : ApiServers
    {
        public override IReadOnlyList<ActorSelection> Find(ActorSystem system) => [system.ActorSelection(Path)];
    }

    private sealed class FixedServers(IReadOnlyList<Address> addresses) : ApiServers
    {
        public override IReadOnlyList<ActorSelection> Find(ActorSystem system) =>
            [.. addresses.Select(a => system.ActorSelection(new RootActorPath(a) + Path))];
    }

    private sealed class ClusterServers : ApiServers
    {
        public override IReadOnlyList<ActorSelection> Find(ActorSystem system)
        {
            var cluster = Cluster.Get(system);
            var state = cluster.State;
            return [.. state.Members
                .Where(m => m.HasRole(Role) && m.Status is MemberStatus.Up or MemberStatus.WeaklyUp && !state.Unreachable.Contains(m))
                .OrderByDescending(m => m.UniqueAddress == cluster.SelfUniqueAddress)
                .Select(m => m.UniqueAddress == cluster.SelfUniqueAddress
                    ? system.ActorSelection(Path)
                    : system.ActorSelection(new RootActorPath(m.Address) + Path))];
        }
    }
}
