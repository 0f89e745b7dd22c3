using System.Security.Cryptography;
using ActorKube.Store.Resources;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace ActorKube.Store.Cluster;

/// <summary>
/// In every control-plane process: asks the database who owns the store (<see cref="StoreLease"/>) and runs the store while it is this process. The store is a
/// child whose name nobody can guess, and who proves that it is of the control plane is told of it: members of the cluster that run nodes cannot write past the
/// API. Says on the event stream when the owner changed (<see cref="StoreOwnerChanged"/>).
/// </summary>
internal sealed class StoreDoorActor : ReceiveActor, IWithTimers
{
    private const int NameBytes = 16;

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly StoreSettings _settings;
    private readonly byte[] _proof;
    private readonly StoreLease _lease;
    private readonly StoreOwnership _ownership;
    private readonly TimeProvider _time;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly string _self;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<IActorRef> _awaitRelease = [];
    private LeaseHolder? _holder;
    private IActorRef _store = ActorRefs.Nobody;
    private bool _asking;
    private bool _failed;
    private bool _releasing;
    private long _yieldsUntil = long.MinValue;

    public StoreDoorActor(StoreSettings settings, byte[] proof, StoreLease lease, StoreOwnership ownership, TimeProvider time)
    {
        (_settings, _proof, _lease, _ownership, _time) = (settings, proof, lease, ownership, time);
        _self = StoreLease.NameOf(_cluster.SelfUniqueAddress);
        Receive<Look>(_ => OnLook());
        Receive<Held>(OnHeld);
        Receive<Status.Failure>(failure => OnFailure(failure.Cause));
        Receive<OpenStore>(OnOpen);
        Receive<Terminated>(_ => OnClosed());
        Receive<YieldStore>(OnYield);
        Receive<ReleaseStore>(_ => OnRelease());
        Receive<CloseOverdue>(_ => Context.Stop(_store));
        Receive<Released>(_ => OnReleased());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(StoreSettings settings, byte[] proof, StoreLease lease, StoreOwnership ownership, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new StoreDoorActor(settings, proof, lease, ownership, time));

    // A store that ended is another one for those who hold its reference.
    protected override SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Look), new Look(), TimeSpan.Zero, _settings.LeaseInterval);

    protected override void PostStop() => _ownership.End();

    private bool OwnsStore => _holder?.Owner == _self;

    // Who has not joined yet, or leaves, cannot be reached by the others for long.
    private bool MayOwn => _cluster.SelfMember.Status is MemberStatus.Up or MemberStatus.WeaklyUp && _time.GetTimestamp() >= _yieldsUntil;

    private void OnLook()
    {
        if (_asking || _releasing)
            return;
        _asking = true;
        var asked = _time.GetTimestamp();
        var question = MayOwn ? _lease.TakeAsync(_self, _settings.LeaseLifetime) : _lease.ReadAsync();
        question.PipeTo(Self, Self, holder => new Held(holder, asked), cause => new Status.Failure(cause));
    }

    private void OnHeld(Held held)
    {
        _asking = false;
        if (_failed)
            _log.Info("The database answers again");
        _failed = false;
        if (_releasing || held.Holder is not { } holder)
            return;
        var isNews = holder.Epoch != _holder?.Epoch || holder.Owner != _holder.Owner;
        if (holder.Owner == _self && holder.IsCurrent && MayOwn)
        {
            // A store of an earlier epoch must be gone before another one reads the journal.
            if (isNews && !_store.IsNobody())
                Abandon();
            else
                Own(holder, held.Asked);
        }
        else if (!_store.IsNobody())
        {
            Abandon();
        }

        if (!isNews)
            return;
        _holder = holder;
        Context.System.EventStream.Publish(new StoreOwnerChanged(holder.Epoch));
    }

    private void Abandon()
    {
        _ownership.End();
        Context.Stop(_store);
    }

    private void Own(LeaseHolder holder, long asked)
    {
        _ownership.Confirm(holder.Epoch, asked, _settings.LeaseLifetime);
        if (!_store.IsNobody())
            return;
        var name = $"{StoreActor.Name}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NameBytes))}";
        _store = Context.Watch(Context.ActorOf(StoreActor.Props(_settings, () => _ownership.IsCertain), name));
        _log.Info("This process owns the store now, the {Epoch}. owner", holder.Epoch);
    }

    private void OnFailure(Exception cause)
    {
        _asking = false;
        if (!_failed)
            _log.Warning("The database does not say who owns the store: {Reason}", cause.Message);
        _failed = true;
    }

    private void OnOpen(OpenStore open)
    {
        if (!CryptographicOperations.FixedTimeEquals(open.Proof.Span, _proof))
            _log.Warning("{Sender} asked for the store without being of the control plane", Sender);
        else if (OwnsStore && !_releasing && !_store.IsNobody() && _ownership.IsCertain)
            Sender.Tell(new StoreOpened(_store, _ownership.Epoch));
        else if (!OwnsStore && _holder is { Owner.Length: > 0 } other && Sender.Path.Address.HasLocalScope)
            Context.ActorSelection(new RootActorPath(StoreLease.AddressOf(other.Owner)) / Self.Path.Elements).Tell(open, Sender);
    }

    private void OnYield(YieldStore yield)
    {
        _yieldsUntil = _time.GetTimestamp() + (long)(yield.For.TotalSeconds * _time.TimestampFrequency);
        if (OwnsStore)
            BeginRelease();
    }

    private void OnRelease()
    {
        _yieldsUntil = long.MaxValue;
        _awaitRelease.Add(Sender);
        BeginRelease();
    }

    private void BeginRelease()
    {
        if (_releasing)
            return;
        _releasing = true;
        if (_store.IsNobody())
        {
            OnClosed();
            return;
        }

        _store.Tell(Close.Instance);
        Timers.StartSingleTimer(nameof(CloseOverdue), new CloseOverdue(), CloseLimit);
    }

    private void OnClosed()
    {
        _store = ActorRefs.Nobody;
        Timers.Cancel(nameof(CloseOverdue));
        if (!_releasing)
        {
            Self.Tell(new Look());
            return;
        }

        _ownership.End();
        _lease.ReleaseAsync(_self).PipeTo(Self, Self, () => new Released(), _ => new Released()); // else it ends by itself
    }

    private void OnReleased()
    {
        _releasing = false;
        _holder = null;
        foreach (var waiting in _awaitRelease)
            waiting.Tell(Akka.Done.Instance);
        _awaitRelease.Clear();
    }

    private sealed record Look;

    private sealed record CloseOverdue;

    private sealed record Released;

    private sealed record Held(LeaseHolder? Holder, long Asked);
}
