using ActorKube.Store.Cluster;
using Akka.Actor;
using Akka.DependencyInjection;
using Akka.Event;
using Akka.Hosting;

namespace ActorKube.Host.Cluster;

/// <summary>
/// In every process of a control plane with several: runs an actor of which there should be one, on the process that owns the store. So it follows the store as
/// quickly as the store moves, and needs no decision of its own. A process that does not know yet that it lost the store may run its actor a moment longer; what
/// that one writes goes by its own process' store, which refuses, and once it is told of the new owner the actor stops.
/// </summary>
internal sealed class BesideStoreActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Func<bool> _ownsStore;
    private readonly Props _child;
    private readonly string _name;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IActorRef _running = ActorRefs.Nobody;
    private bool _stopping;

    public BesideStoreActor(Func<bool> ownsStore, Props child, string name)
    {
        (_ownsStore, _child, _name) = (ownsStore, child, name);
        Receive<Look>(_ => OnLook());
        Receive<StoreOwnerChanged>(_ => OnLook());
        Receive<Terminated>(_ => OnStopped());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Func<bool> ownsStore, Props child, string name) => Akka.Actor.Props.Create(() => new BesideStoreActor(ownsStore, child, name));

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(StoreOwnerChanged));
        Timers.StartPeriodicTimer(nameof(Look), new Look(), Interval);
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private void OnLook()
    {
        var owns = _ownsStore();
        if (owns && _running.IsNobody())
        {
            _log.Info("The {Name} runs here now", _name);
            _running = Context.Watch(Context.ActorOf(_child, _name));
        }
        else if (!owns && !_running.IsNobody() && !_stopping)
        {
            _log.Info("The {Name} no longer runs here", _name);
            _stopping = true;
            Context.Stop(_running);
        }
    }

    private void OnStopped()
    {
        (_running, _stopping) = (ActorRefs.Nobody, false);
        OnLook();
    }

    private sealed record Look;
}

/// <summary>Puts <see cref="BesideStoreActor"/> into processes.</summary>
internal static class BesideStore
{
    /// <summary>Puts an actor into a process.</summary>
    /// <param name="name">Its name, and that of its parent under <c>/user</c>.</param>
    /// <param name="child">How to make it.</param>
    public static Action<ActorSystem, IActorRegistry, IDependencyResolver> Starter(string name, Func<ActorSystem, IDependencyResolver, Props> child) => (system, _, resolver) =>
    {
        var ownership = StoreOwnership.Of(system) ?? throw new InvalidOperationException("the store of this process is not one of several");
        system.ActorOf(BesideStoreActor.Props(() => ownership.IsHeld, child(system, resolver), name), name);
    };
}
