using System.Reflection;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Quotas;
using Akka.Actor;
using Akka.Event;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Garbage;

/// <summary>
/// Deletes what its owners left behind. Watches all kinds, keeps the <see cref="OwnerGraph"/>, and looks at each object that a change concerns. It has a shell of its own
/// because its keys are uids of all kinds. Supervised by the <see cref="ControllerManagerActor"/>.
/// </summary>
internal sealed class GarbageCollectorActor : ReceiveActor, IWithTimers
{
    private sealed record Looked(string Uid, GarbageOutcome Outcome);
    private sealed record Failed(string Uid, Exception Error);
    private sealed record Wake { public static readonly Wake Now = new(); }
    private sealed record BeginAnyway { public static readonly BeginAnyway Now = new(); }

    // An owner that no informer has shown is asked for by name, so beginning without a kind that never comes in is safe.
    private static readonly TimeSpan LongestWaitForAllKinds = TimeSpan.FromSeconds(30);

    private readonly GarbageWrites _writes;
    private readonly TimeProvider _time;
    private readonly int _concurrency;
    private readonly OwnerGraph _graph = new();
    private readonly WorkQueue<string> _queue = new();
    private readonly Dictionary<Type, Action<object>> _handlers = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, (ResourceKind Kind, IActorRef Watch)> _custom = [];
    private readonly Dictionary<string, IReadOnlyList<ResourceKind>> _defined = [];
    private readonly IApiTransport _transport;
    private readonly CustomObjects _customs;
    private int _unsynced;

    public GarbageCollectorActor(ControllerManagerServices services, int concurrency, CustomObjects customs)
    {
        _customs = customs;
        _transport = services.ApiOf("garbage-collector").Transport;
        _writes = new GarbageWrites(_transport);
        _time = services.Time;
        _concurrency = concurrency;

        Receive<Looked>(Handle);
        Receive<Failed>(Handle);
        Receive<Wake>(_ => Work());
        Receive<BeginAnyway>(_ =>
        {
            if (_unsynced > 0)
                _log.Warning("{Count} kinds are not listed yet; collecting garbage without waiting for them", _unsynced);
            _unsynced = 0;
            Work();
        });
        Receive<CustomKindWatchActor.Known>(m => IsWatched(m.Kind), m => _customs.Listed(m.Kind.GroupResource));
        Receive<CustomKindWatchActor.Seen>(m =>
        {
            if (IsWatched(m.Kind))
                _customs.Seen(m.Kind.GroupResource, m.Metadata.Uid, m.Metadata.NamespaceProperty);
            LookAt(_graph.Observe(m.Kind, m.Metadata));
            Work();
        });
        Receive<CustomKindWatchActor.Gone>(m =>
        {
            _customs.Gone(m.Kind.GroupResource, m.Uid);
            LookAt(_graph.Remove(m.Uid));
            Work();
        });
        Receive<object>(m => _handlers.ContainsKey(m.GetType()), m =>
        {
            _handlers[m.GetType()](m);
            Work();
        });

        var watch = typeof(GarbageCollectorActor).GetMethod(nameof(WatchKind), BindingFlags.Instance | BindingFlags.NonPublic)!;
        foreach (var kind in Collected)
            watch.MakeGenericMethod(kind.ClrType!).Invoke(this, [kind, services.Informers]);
        FollowDefinitions();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Events have no owners, come in floods and go by themselves.</summary>
    internal static IReadOnlyList<ResourceKind> Collected { get; } =
    [
        .. KindRegistry.BuiltIn.All
            .Where(k => k.IsStored && k.ClrType is not null && k.Allows("watch") && k.Allows("delete") && k.Resource != "events")
            .DistinctBy(k => k.GroupResource),
    ];

    protected override void PreStart() => Timers.StartSingleTimer("begin", BeginAnyway.Now, LongestWaitForAllKinds);

    private void WatchKind<T>(ResourceKind kind, IInformerFactory informers) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        _unsynced++;
        _handlers[typeof(ResourceAdded<T>)] = m => LookAt(_graph.Observe(kind, ((ResourceAdded<T>)m).Object.Metadata));
        _handlers[typeof(ResourceUpdated<T>)] = m => LookAt(_graph.Observe(kind, ((ResourceUpdated<T>)m).New.Metadata));
        _handlers[typeof(ResourceDeleted<T>)] = m => LookAt(_graph.Remove(((ResourceDeleted<T>)m).Object.Metadata.Uid));
        _handlers[typeof(InformerSynced<T>)] = _ => _unsynced = Math.Max(0, _unsynced - 1);
        informers.Informer<T>().Subscribe(Self);
    }

    // Custom kinds come and go with their definitions, which are watched like everything else.
    private void FollowDefinitions()
    {
        var (added, updated, deleted) = (_handlers[typeof(ResourceAdded<V1CustomResourceDefinition>)], _handlers[typeof(ResourceUpdated<V1CustomResourceDefinition>)], _handlers[typeof(ResourceDeleted<V1CustomResourceDefinition>)]);
        _handlers[typeof(ResourceAdded<V1CustomResourceDefinition>)] = m =>
        {
            added(m);
            Define(((ResourceAdded<V1CustomResourceDefinition>)m).Object);
        };
        _handlers[typeof(ResourceUpdated<V1CustomResourceDefinition>)] = m =>
        {
            updated(m);
            Define(((ResourceUpdated<V1CustomResourceDefinition>)m).New);
        };
        _handlers[typeof(ResourceDeleted<V1CustomResourceDefinition>)] = m =>
        {
            deleted(m);
            Undefine(((ResourceDeleted<V1CustomResourceDefinition>)m).Object.Metadata.Name);
            Know();
        };
    }

    private void Define(V1CustomResourceDefinition definition)
    {
        var name = definition.Metadata.Name;
        var kinds = CustomKinds.IsTrue(definition, "Established") ? CustomKinds.Served(definition) : [];
        _defined[name] = kinds;
        if (kinds.Count == 0 || (_custom.TryGetValue(name, out var watched) && kinds.All(k => k.Version != watched.Kind.Version)))
            StopWatching(name);
        if (kinds.Count > 0 && !_custom.ContainsKey(name))
            _custom[name] = (kinds[0], Context.ActorOf(Props.Create(() => new CustomKindWatchActor(_transport, kinds[0]))));
        Know();
    }

    private void Undefine(string name)
    {
        _defined.Remove(name);
        StopWatching(name);
        _customs.Listed(name);
    }

    private void StopWatching(string name)
    {
        if (_custom.Remove(name, out var watched))
        {
            Context.Stop(watched.Watch);
            _customs.Forget(watched.Kind.GroupResource);
        }
    }

    // What a stopped watch still had to tell is not noted: another one lists its kind, or the kind is gone.
    private bool IsWatched(ResourceKind kind) => _custom.TryGetValue(kind.GroupResource, out var watched) && watched.Watch.Equals(Sender);

    private void Know() => LookAt(_graph.SetKinds(KindRegistry.WithCustom(_defined.Values.SelectMany(k => k))));

    private void LookAt(IEnumerable<string> uids)
    {
        foreach (var uid in uids)
            _queue.Add(uid);
    }

    private void Work()
    {
        if (_unsynced > 0)
            return;
        var now = _time.GetUtcNow();
        while (_queue.InFlight < _concurrency && _queue.TryTake(now, out var uid))
            Look(uid);
        if (_queue.NextDue is { } due)
            Timers.StartSingleTimer("due", Wake.Now, due > now ? due - now : TimeSpan.FromMilliseconds(1));
    }

    private void Look(string uid)
    {
        var action = _graph.Find(uid) is { } node ? GarbageDecision.Of(node, _graph) : new GarbageAction.None();
        if (action is GarbageAction.None)
        {
            _queue.Forget(uid);
            _queue.Done(uid);
            return;
        }

        var target = GarbageWrites.Target.Of(_graph.Find(uid)!);
        var dependents = action is GarbageAction.ReleaseDependents release ? release.Dependents.Select(GarbageWrites.Target.Of).ToList() : [];
        if (action is not GarbageAction.Verify)
            _log.Debug("{Object}: {Action}", $"{target.Kind.GroupResource} {target.Namespace}/{target.Name}", action.GetType().Name);
        _writes.RunAsync(target, action, dependents).PipeTo(Self, success: outcome => new Looked(uid, outcome), failure: e => new Failed(uid, e));
    }

    private void Handle(Looked looked)
    {
        _queue.Forget(looked.Uid);
        _queue.Done(looked.Uid);
        foreach (var gone in looked.Outcome.Gone)
            LookAt(_graph.Remove(gone));
        Work();
    }

    private void Handle(Failed failed)
    {
        if (failed.Error is ApiException { IsConflict: true })
            _log.Debug("{Uid}: {Reason}", failed.Uid, failed.Error.Message);
        else if (failed.Error is ApiException or ApiUnreachableException)
            _log.Warning("Collecting garbage failed: {Reason}; it will be tried again", failed.Error.Message);
        else
            _log.Error(failed.Error, "Collecting {Uid} threw", failed.Uid);
        _queue.AddFailed(failed.Uid, _time.GetUtcNow());
        _queue.Done(failed.Uid);
        Work();
    }
}
