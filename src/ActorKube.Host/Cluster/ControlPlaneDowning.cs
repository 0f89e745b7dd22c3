using ActorKube.Client.Transport;
using ActorKube.Store.Cluster;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace ActorKube.Host.Cluster;

/// <summary>Akka's way to the <see cref="ControlPlaneDowningActor"/>, named in the configuration of control planes with several processes.</summary>
/// <param name="system">The actor system.</param>
/// <param name="cluster">The cluster.</param>
public sealed class ControlPlaneDowning(ActorSystem system, Akka.Cluster.Cluster cluster) : IDowningProvider
{
    /// <summary>How long the store's next owner waits after the last one was declared dead: as long as that one may take to notice.</summary>
    public TimeSpan DownRemovalMargin => TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public Props DowningActorProps => Props.Create(() => new ControlPlaneDowningActor(cluster, StoreLease.Of(system)));
}

/// <summary>Looks at which members cannot be reached and, once that has been so for a while, does what <see cref="DowningPlan"/> says. Started by the cluster.</summary>
internal sealed class ControlPlaneDowningActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan SmallerPartDelay = TimeSpan.FromSeconds(2);
    // Longer than the other part can take to ask, shorter than it takes the winner to fail in its turn and to be missed.
    private static readonly TimeSpan LeaseLifetime = TimeSpan.FromSeconds(10);

    private readonly Akka.Cluster.Cluster _cluster;
    private readonly StoreLease? _lease;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private string _unreachable = "";
    private int _looks;
    private bool _asking;

    public ControlPlaneDowningActor(Akka.Cluster.Cluster cluster, StoreLease? lease)
    {
        (_cluster, _lease) = (cluster, lease);
        Receive<Look>(_ => OnLook());
        Receive<LeaseTaken>(answer => Decided(answer.IsOurs));
        Receive<Status.Failure>(failure => Failed(failure.Cause));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Look), new Look(), Interval);

    private void OnLook()
    {
        var state = _cluster.State;
        var unreachable = string.Join(',', state.Unreachable.Select(m => m.UniqueAddress.ToString()).Order(StringComparer.Ordinal));
        (_unreachable, _looks) = (unreachable, unreachable == _unreachable ? _looks + 1 : 0);
        if (unreachable.Length == 0 || _asking)
            return;
        switch (DowningPlan.Decide(Peers(state), _cluster.SelfAddress.ToString()))
        {
            case DowningStep.DownUnreachable when StableFor(StableAfter):
                DownUnreachable();
                break;
            case DowningStep.AskLease when StableFor(StableAfter):
            case DowningStep.AskLeaseLater when StableFor(StableAfter + SmallerPartDelay):
                Ask();
                break;
        }
    }

    private bool StableFor(TimeSpan time) => _looks * Interval >= time;

    private static List<Peer> Peers(ClusterEvent.CurrentClusterState state) =>
        [.. state.Members.Select(m => new Peer(m.Address.ToString(), m.HasRole(ApiServers.Role), !state.Unreachable.Contains(m)))];

    private void Ask()
    {
        if (_lease is null)
            return;
        _asking = true;
        _lease.TryTakeAsync(_cluster.SelfUniqueAddress.ToString(), LeaseLifetime).PipeTo(Self, Self, taken => new LeaseTaken(taken));
    }

    private void Decided(bool isOurs)
    {
        _asking = false;
        if (isOurs)
        {
            DownUnreachable();
            return;
        }

        _log.Error("Another part of the control plane goes on; this part stops");
        foreach (var member in _cluster.State.Members.Where(m => m.HasRole(ApiServers.Role) && !_cluster.State.Unreachable.Contains(m) && m.UniqueAddress != _cluster.SelfUniqueAddress))
            _cluster.Down(member.Address);
        _cluster.Down(_cluster.SelfAddress);
    }

    // Without the database there is no store to own: ask again at the next look.
    private void Failed(Exception cause)
    {
        _asking = false;
        _log.Warning("The database did not say which part of the control plane goes on: {Reason}", cause.Message);
    }

    private void DownUnreachable()
    {
        foreach (var member in _cluster.State.Unreachable)
        {
            _log.Warning("{Member} cannot be reached and is taken out of the cluster", member.Address);
            _cluster.Down(member.Address);
        }
    }

    private sealed record Look;

    private sealed record LeaseTaken(bool IsOurs);
}
