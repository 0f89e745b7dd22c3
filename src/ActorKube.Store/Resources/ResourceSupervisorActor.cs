using ActorKube.Store.Protocol;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.Store.Resources;

/// <summary>
/// One resource type. Owns the persistent actor that holds its objects: starts it again after the journal failed, at growing intervals, and
/// tells its subscribers to subscribe again from what they have (<see cref="StoreMoved"/>), so that their watchers notice nothing. Meanwhile a question waits, but a write is refused at once: done
/// late, when nobody waits for it any more, it would do harm. Supervised by <see cref="StoreActor"/>.
/// </summary>
internal sealed class ResourceSupervisorActor : ReceiveActor, IWithTimers, IWithUnboundedStash
{
    private readonly string _resource;
    private readonly StoreSettings _settings;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<IActorRef> _subscribers = [];
    private IActorRef _objects = ActorRefs.Nobody;
    private int _failures;
    private bool _isSuccessor;

    public ResourceSupervisorActor(string resource, StoreSettings settings)
    {
        _resource = resource;
        _settings = settings;
        Running();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    public static Props Props(string resource, StoreSettings settings) =>
        Akka.Actor.Props.Create(() => new ResourceSupervisorActor(resource, settings));

    protected override void PreStart() => Start();

    protected override SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.StoppingStrategy;

    private void Running()
    {
        Receive<Subscribe>(subscribe =>
        {
            Remember(subscribe.Subscriber);
            _objects.Forward(subscribe);
        });
        Receive<Unsubscribe>(unsubscribe =>
        {
            Forget(unsubscribe.Subscriber);
            _objects.Forward(unsubscribe);
        });
        Receive<IStoreMessage>(message => _objects.Forward(message));
        Receive<Close>(_ =>
        {
            Become(Closing);
            _objects.Tell(Close.Instance);
        });
        Receive<Terminated>(t => t.ActorRef.Equals(_objects), _ => BackOff());
        Receive<Terminated>(t =>
        {
            _subscribers.Remove(t.ActorRef);
            _objects.Tell(new Unsubscribe(_resource, t.ActorRef));
        });
        Receive<Recovered>(_ => OnRecovered());
        Receive<GoneWell>(_ => _failures = 0);
    }

    private void Closing()
    {
        Receive<IStoreMessage>(message => _objects.Forward(message));
        Receive<Terminated>(t => t.ActorRef.Equals(_objects), _ => Context.Stop(Self));
    }

    private void BackingOff()
    {
        Receive<Subscribe>(subscribe => Remember(subscribe.Subscriber));
        Receive<Unsubscribe>(unsubscribe => Forget(unsubscribe.Subscriber));
        Receive<GetRevision>(_ => Stash.Stash());
        Receive<Close>(_ => Context.Stop(Self));
        Receive<IStoreMessage>(_ => Sender.Tell(new NotAttempted($"the store of {_resource} is starting again after a failure")));
        Receive<Terminated>(t => _subscribers.Remove(t.ActorRef));
        Receive<StartAgain>(_ =>
        {
            Become(Running);
            Start();
            Stash.UnstashAll();
        });
    }

    private void Start()
    {
        _objects = Context.Watch(Context.ActorOf(ResourceStoreActor.Props(_resource, _settings)));
        Timers.StartSingleTimer(nameof(GoneWell), new GoneWell(), _settings.MaxBackoff);
    }

    // The actor before this one knew the subscribers; this one knows those that subscribed since.
    private void OnRecovered()
    {
        if (!_isSuccessor)
            return;
        foreach (var subscriber in _subscribers)
            subscriber.Tell(StoreMoved.Instance);
    }

    private void BackOff()
    {
        _isSuccessor = true;
        var delay = Backoff.Delay(_failures++, _settings.MinBackoff, _settings.MaxBackoff);
        _log.Warning("The store of {Resource} failed {Failures} times in a row; it starts again in {Delay}", _resource, _failures, delay);
        Timers.Cancel(nameof(GoneWell));
        Timers.StartSingleTimer(nameof(StartAgain), new StartAgain(), delay);
        Become(BackingOff);
    }

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

    /// <summary>From the persistent actor, once it has replayed the journal.</summary>
    internal sealed record Recovered
    {
        /// <summary>The message.</summary>
        public static Recovered Instance { get; } = new();
    }

    private sealed record StartAgain;

    private sealed record GoneWell;
}
