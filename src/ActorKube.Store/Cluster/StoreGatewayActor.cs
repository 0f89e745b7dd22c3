using ActorKube.Store.Protocol;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.Store.Cluster;

/// <summary>
/// The store for one process of a control plane with several: passes messages to the process that owns the store. While there is no owner, questions and writes
/// wait for the next one, as long as somebody can still wait for them. Writers whose messages the lost owner may have had are told that the outcome is unknown;
/// subscribers are told to subscribe again.
/// </summary>
internal sealed class StoreGatewayActor : ReceiveActor, IWithTimers
{
    private const int MaxRemembered = 4096;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly IActorRef _door;
    private readonly byte[] _proof;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Queue<IActorRef> _writers = new();
    private readonly Queue<(IStoreMessage Message, IActorRef Sender, long Since)> _questions = new();
    private readonly Queue<(IStoreMessage Message, IActorRef Sender, long Since)> _waiting = new();
    private readonly HashSet<IActorRef> _subscribers = [];
    private IActorRef _store = ActorRefs.Nobody;
    private long _epoch;

    public StoreGatewayActor(IActorRef door, byte[] proof, TimeProvider time)
    {
        (_door, _proof, _time) = (door, proof, time);
        Searching();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(IActorRef door, byte[] proof, TimeProvider time) => Akka.Actor.Props.Create(() => new StoreGatewayActor(door, proof, time));

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(StoreOwnerChanged));
        Search();
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private void Searching()
    {
        Receive<Knock>(_ =>
        {
            _door.Tell(new OpenStore(_proof));
            RefuseWhoWaitedTooLong();
        });
        Receive<StoreOpened>(opened => opened.Epoch >= _epoch, Opened); // else it is from a process that does not know yet that it is no longer the owner
        Receive<StoreOpened>(_ => { });
        Receive<StoreOwnerChanged>(changed => _epoch = changed.Epoch);
        Receive<Subscribe>(subscribe => Remember(subscribe.Subscriber)); // told to come again once there is an owner
        Receive<Unsubscribe>(unsubscribe => Forget(unsubscribe.Subscriber));
        Receive<IStoreMessage>(message => _waiting.Enqueue((message, Sender, _time.GetTimestamp())));
        Receive<Terminated>(t => _subscribers.Remove(t.ActorRef));
    }

    private void Serving()
    {
        Receive<Subscribe>(subscribe =>
        {
            Remember(subscribe.Subscriber);
            _store.Forward(subscribe);
        });
        Receive<Unsubscribe>(unsubscribe =>
        {
            Forget(unsubscribe.Subscriber);
            _store.Forward(unsubscribe);
        });
        Receive<GetRevision>(Ask);
        Receive<IStoreMessage>(Write);
        Receive<Terminated>(t => t.ActorRef.Equals(_store), _ => Lost());
        Receive<Terminated>(t => _subscribers.Remove(t.ActorRef));
        Receive<StoreOpened>(_ => { });
        Receive<StoreOwnerChanged>(changed =>
        {
            if (changed.Epoch <= _epoch)
                return;
            _epoch = changed.Epoch;
            Lost();
        });
    }

    private void Write(IStoreMessage message)
    {
        if (_writers.Count == MaxRemembered)
            _writers.Dequeue();
        _writers.Enqueue(Sender);
        _store.Forward(message);
    }

    private void Ask(GetRevision question)
    {
        if (_questions.Count == MaxRemembered)
            _questions.Dequeue();
        _questions.Enqueue((question, Sender, _time.GetTimestamp()));
        _store.Forward(question);
    }

    private void Opened(StoreOpened opened)
    {
        (_store, _epoch) = (Context.Watch(opened.Store), opened.Epoch);
        _log.Info("The store is at {Store}", _store.Path.Address);
        Timers.Cancel(nameof(Knock));
        Become(Serving);
        foreach (var subscriber in _subscribers)
            subscriber.Tell(StoreMoved.Instance);
        RefuseWhoWaitedTooLong();
        while (_waiting.TryDequeue(out var waiting))
            Self.Tell(waiting.Message, waiting.Sender);
    }

    // Who asked too long ago no longer listens; a write done for nobody would do harm.
    private void RefuseWhoWaitedTooLong()
    {
        while (_waiting.TryPeek(out var waiting) && _time.GetElapsedTime(waiting.Since) >= Patience)
        {
            _waiting.Dequeue();
            waiting.Sender.Tell(new NotAttempted("no process owns it"));
        }
    }

    private void Lost()
    {
        _log.Warning("The store is no longer at {Store}", _store.Path.Address);
        Context.Unwatch(_store);
        while (_writers.TryDequeue(out var writer))
            writer.Tell(new OutcomeUnknown("the process that owned the store is gone, or was for too long"));
        // The next owner is asked again: for whoever had an answer, a second one is nothing.
        while (_questions.TryDequeue(out var question))
        {
            if (_time.GetElapsedTime(question.Since) < Patience)
                _waiting.Enqueue(question);
        }

        _store = ActorRefs.Nobody;
        Become(Searching);
        Search();
    }

    private void Search() => Timers.StartPeriodicTimer(nameof(Knock), new Knock(), TimeSpan.Zero, Retry);

    private void Remember(IActorRef subscriber)
    {
        if (_subscribers.Add(subscriber))
            Context.Watch(subscriber);
    }

    private void Forget(IActorRef subscriber)
    {
        if (_subscribers.Remove(subscriber))
            Context.Unwatch(subscriber);
    }

    private sealed record Knock;
}
