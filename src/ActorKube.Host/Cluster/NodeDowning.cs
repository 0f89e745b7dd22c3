using ActorKube.Client.Transport;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace ActorKube.Host.Cluster;

/// <summary>Akka's way to the <see cref="NodeDowningActor"/>, named in the configuration of nodes.</summary>
public sealed class NodeDowning : IDowningProvider
{
    private readonly Akka.Cluster.Cluster _cluster;

    /// <summary>Called by the cluster, with these parameters.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="cluster">The cluster.</param>
    public NodeDowning(ActorSystem system, Akka.Cluster.Cluster cluster) => _cluster = cluster;

    /// <summary>A node runs nothing that another process waits for.</summary>
    public TimeSpan DownRemovalMargin => TimeSpan.Zero;

    /// <inheritdoc/>
    public Props DowningActorProps => Props.Create(() => new NodeDowningActor(_cluster));
}

/// <summary>
/// A node takes nobody out of the cluster: who carries on is the control plane's decision. One that reaches no control-plane process for a while leaves, and joins
/// anew. Started by the cluster.
/// </summary>
internal sealed class NodeDowningActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(3);

    private readonly Akka.Cluster.Cluster _cluster;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private int _looks;

    public NodeDowningActor(Akka.Cluster.Cluster cluster)
    {
        _cluster = cluster;
        Receive<Look>(_ => OnLook());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Look), new Look(), Interval);

    private void OnLook()
    {
        var isMember = _cluster.SelfMember.Status is MemberStatus.Up or MemberStatus.WeaklyUp or MemberStatus.Joining;
        _looks = isMember && DowningPlan.IsLost(Peer.Of(_cluster.State, m => !_cluster.State.Unreachable.Contains(m)))
            ? _looks + 1
            : 0;
        if (_looks * Interval < StableAfter)
            return;
        _log.Warning("No control-plane process can be reached; this node leaves the cluster and joins anew");
        _cluster.Down(_cluster.SelfAddress);
    }

    private sealed record Look;
}
