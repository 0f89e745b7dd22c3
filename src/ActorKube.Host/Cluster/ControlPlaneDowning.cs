using ActorKube.Client.Transport;
using ActorKube.Store;
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
    /// <summary>Nothing waits for it: the store, the scheduler and the controllers follow the lease.</summary>
    public TimeSpan DownRemovalMargin => TimeSpan.Zero;

    /// <inheritdoc/>
    public Props DowningActorProps => Props.Create(() => new ControlPlaneDowningActor(cluster, StoreLease.Of(system)));
}

/// <summary>
/// Looks at which members cannot be reached and, once that has been so for a while, asks who owns the store and does what <see cref="DowningPlan"/> says. Also
/// leaves a cluster that the owner of the store is not in, which a process that was alone for a moment at its start may have begun. Started by the cluster.
/// </summary>
internal sealed class ControlPlaneDowningActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    // Nothing waits for this: rather too long than that a machine under load loses processes that live.
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(5);
    // An owner that gives the store up in vain costs its clients a moment, not a process.
    private static readonly TimeSpan YieldAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan YieldFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StrangeAfter = TimeSpan.FromSeconds(15);

    private readonly Akka.Cluster.Cluster _cluster;
    private readonly StoreLease? _lease;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private string _unreachable = "";
    private int _looks;
    private int _strange;
    private bool _asking;
    private bool _hasYielded;

    public ControlPlaneDowningActor(Akka.Cluster.Cluster cluster, StoreLease? lease)
    {
        (_cluster, _lease) = (cluster, lease);
        Receive<Look>(_ => OnLook());
        Receive<Owner>(owner => OnOwner(owner.Holder));
        Receive<Status.Failure>(failure => OnFailure(failure.Cause));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Look), new Look(), Interval);

    private void OnLook()
    {
        var unreachable = string.Join(',', Unreachable().Select(m => m.UniqueAddress.ToString()).Order(StringComparer.Ordinal));
        (_unreachable, _looks) = (unreachable, unreachable == _unreachable ? _looks + 1 : 0);
        if (unreachable.Length == 0)
            _hasYielded = false;
        if (_asking || _lease is null || _cluster.SelfMember.Status is not (MemberStatus.Up or MemberStatus.WeaklyUp))
            return;
        if (unreachable.Length > 0 && !DowningPlan.DependsOnOwner(Peers()))
            Act(DowningPlan.Decide(Peers(), Self(), null));
        else if (unreachable.Length == 0 || StableFor(YieldAfter))
            Ask();
    }

    private List<Peer> Peers() => Peer.Of(_cluster.State, IsReachable);

    private List<Member> Unreachable() => [.. _cluster.State.Unreachable.Where(m => !IsReachable(m))];

    // Somebody else's word counts only where this process does not look itself: of two that lost each other a third one may see both.
    private bool IsReachable(Member member) => !_cluster.State.Unreachable.Contains(member)
        || (_cluster.FailureDetector.IsMonitoring(member.Address) && _cluster.FailureDetector.IsAvailable(member.Address));

    private bool StableFor(TimeSpan time) => _looks * Interval >= time;

    private new string Self() => _cluster.SelfAddress.ToString();

    private void Ask()
    {
        _asking = true;
        _lease!.ReadAsync().PipeTo(base.Self, base.Self, holder => new Owner(holder), cause => new Status.Failure(cause));
    }

    private void OnOwner(LeaseHolder? holder)
    {
        _asking = false;
        var owner = holder is { IsCurrent: true, Owner.Length: > 0 } ? StoreLease.AddressOf(holder.Owner).ToString() : null;
        var peers = Peers();
        var isStrange = owner is not null && peers.TrueForAll(p => p.Address != owner);
        _strange = isStrange ? _strange + 1 : 0;
        if (_strange * Interval >= StrangeAfter)
            Act(DowningStep.Stop);
        else if (peers.Exists(p => !p.IsReachable))
            Act(DowningPlan.Decide(peers, Self(), owner, _hasYielded));
    }

    // Without the database there is no store to own: ask again at the next look.
    private void OnFailure(Exception cause)
    {
        _asking = false;
        _log.Debug("The database did not say which part of the control plane goes on: {Reason}", cause.Message);
    }

    private void Act(DowningStep step)
    {
        switch (step)
        {
            case DowningStep.Yield when StableFor(YieldAfter):
                _log.Warning("Most of the control plane cannot be reached; its other part may have the store");
                _hasYielded = true;
                Context.ActorSelection(StoreHosting.DoorPath).Tell(new YieldStore(YieldFor));
                break;
            case DowningStep.DownUnreachable when StableFor(StableAfter):
                DownUnreachable();
                break;
            case DowningStep.Stop when _unreachable.Length == 0 || StableFor(StableAfter):
                _log.Error("Another part of the control plane has the store; this process leaves its part");
                _cluster.Down(_cluster.SelfAddress);
                break;
        }
    }

    private void DownUnreachable()
    {
        foreach (var member in Unreachable())
        {
            _log.Warning("{Member} cannot be reached and is taken out of the cluster", member.Address);
            _cluster.Down(member.Address);
        }
    }

    private sealed record Look;

    private sealed record Owner(LeaseHolder? Holder);
}
