using ActorKube.Client.Informers;
using ActorKube.Kubelet.Status;
using ActorKube.Kubelet.Volumes;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// Knows which pods belong on this node and keeps one <see cref="PodWorkerActor"/> for each; whatever else the runtime has of this
/// node's is an orphan and is removed. Child of <c>KubeletActor</c>, named <c>pod</c>.
/// </summary>
internal sealed class PodsActor : ReceiveActor, IWithTimers
{
    private sealed record LookForOrphans
    {
        public static LookForOrphans Instance { get; } = new();
    }

    private sealed record Found(IReadOnlyCollection<string> Uids);

    private sealed record Cleaned(IReadOnlyCollection<string> Uids);

    private sealed record CleaningFailed(Exception Error, IReadOnlyCollection<string> Uids);

    private sealed record StartAgain(string Uid);

    /// <summary>One pod of this node; <paramref name="Removed"/> says that the API has it no more, <paramref name="Rejected"/> that it never runs.</summary>
    private sealed record Entry(V1Pod Pod, IActorRef Worker, bool Removed, bool Rejected);

    private static readonly TimeSpan OrphanPeriod = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly PodServices _services;
    private readonly IInformer<V1Pod> _informer;
    private readonly IActorRef _status;
    private readonly IActorRef _objects;
    private readonly OrphanCleaner _cleaner;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, Entry> _workers = [];
    private readonly HashSet<string> _cleaning = [];
    private bool _synced;

    public PodsActor(PodServices services, IInformer<V1Pod> informer, IActorRef status, IActorRef objects)
    {
        _services = services;
        _informer = informer;
        _status = status;
        _objects = objects;
        _cleaner = new OrphanCleaner(services);
        Receive<ResourceAdded<V1Pod>>(m => Changed(m.Object));
        Receive<ResourceUpdated<V1Pod>>(m =>
        {
            // A watch that broke may show a deleted pod and its successor of the same name as one change.
            if (m.Old.Metadata.Uid != m.New.Metadata.Uid)
                Removed(m.Old);
            Changed(m.New);
        });
        Receive<ResourceDeleted<V1Pod>>(m => Removed(m.Object));
        Receive<InformerSynced<V1Pod>>(_ =>
        {
            _synced = true;
            Self.Tell(LookForOrphans.Instance);
            Timers.StartPeriodicTimer(LookForOrphans.Instance, LookForOrphans.Instance, OrphanPeriod);
        });
        Receive<PlegActor.PodRuntimeChanged>(Handle);
        Receive<LookForOrphans>(_ => _cleaner.FindAsync(CancellationToken.None).PipeTo(Self, Self, uids => new Found(uids), e => new CleaningFailed(e, [])));
        Receive<Found>(Handle);
        Receive<Cleaned>(m => _cleaning.ExceptWith(m.Uids));
        Receive<CleaningFailed>(m =>
        {
            _cleaning.ExceptWith(m.Uids);
            _log.Warning(m.Error, "Could not remove what is left of deleted pods, trying again");
        });
        Receive<Terminated>(Handle);
        Receive<StartAgain>(m =>
        {
            if (_workers.TryGetValue(m.Uid, out var entry) && entry.Worker.IsNobody())
                Start(entry.Pod, entry.Removed);
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Context.ActorOf(Props.Create(() => new PlegActor(_services.Runtime, _services.Settings.NodeName, _services.Settings.RelistPeriod)), "pleg");
        _informer.Subscribe(Self);
    }

    // A worker that failed is stopped; Terminated makes a new one, which reads everything afresh.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(e =>
    {
        _log.Error(e, "A child of {Parent} failed", Self.Path.Name);
        return Sender.Path.Name == "pleg" ? Directive.Restart : Directive.Stop;
    });

    private void Changed(V1Pod pod)
    {
        var uid = pod.Metadata.Uid;
        if (_workers.TryGetValue(uid, out var entry))
        {
            _workers[uid] = entry with { Pod = pod };
            entry.Worker.Tell(new PodWorkerActor.PodChanged(pod));
            return;
        }

        Start(pod, removed: false);
    }

    // A pod that was taken before, by this kubelet or the one before it, stays.
    private Rejection? Admit(V1Pod pod)
    {
        if (pod.Status?.StartTime is not null || pod.Metadata.DeletionTimestamp is not null || pod.Status?.Phase is "Succeeded" or "Failed")
            return null;
        var others = _workers.Values.Where(w => w is { Removed: false, Rejected: false } && w.Pod.Metadata.Uid != pod.Metadata.Uid).Select(w => w.Pod);
        var rejection = SysctlRules.Check(pod, _services.Settings.AllowedUnsafeSysctls) ?? PodAdmission.Check(pod, others, _services.Resources.Allocatable);
        if (rejection is not null)
            _services.Events.Record(pod, "Warning", rejection.Reason, rejection.Message);
        return rejection;
    }

    private void Start(V1Pod pod, bool removed)
    {
        var uid = pod.Metadata.Uid;
        var rejection = removed ? null : Admit(pod);
        _log.Info("Pod {Pod} belongs on this node", ContainerSpecs.Describe(pod));
        var worker = Context.Watch(Context.ActorOf(Props.Create(() => new PodWorkerActor(pod, _services, _status, rejection)), uid));
        _workers[uid] = new Entry(pod, worker, removed, rejection is not null);
        _objects.Tell(new ReferencedObjectsActor.Follow(worker, pod.Metadata.NamespaceProperty, [.. VolumePaths.References(pod).Distinct()]));
        if (removed)
            worker.Tell(PodWorkerActor.PodRemoved.Instance);
    }

    private void Removed(V1Pod pod)
    {
        var uid = pod.Metadata.Uid;
        _status.Tell(new StatusActor.Forget(uid));
        if (!_workers.TryGetValue(uid, out var entry))
            return;
        _workers[uid] = entry with { Removed = true };
        entry.Worker.Tell(PodWorkerActor.PodRemoved.Instance);
    }

    private void Handle(PlegActor.PodRuntimeChanged message)
    {
        if (_workers.TryGetValue(message.PodUid, out var entry))
            entry.Worker.Tell(PodWorkerActor.RuntimeChanged.Instance);
    }

    private void Handle(Found message)
    {
        if (!_synced)
            return;
        var orphans = message.Uids.Where(uid => !_workers.ContainsKey(uid) && !_cleaning.Contains(uid)).ToList();
        if (orphans.Count == 0)
            return;
        _log.Info("Removing what is left of {Count} pods that are no longer on this node", orphans.Count);
        _cleaning.UnionWith(orphans);
        _cleaner.CleanAsync(orphans, CancellationToken.None).PipeTo(Self, Self, () => new Cleaned(orphans), e => new CleaningFailed(e, orphans));
    }

    private void Handle(Terminated message)
    {
        var uid = message.ActorRef.Path.Name;
        if (!_workers.TryGetValue(uid, out var entry) || !entry.Worker.Equals(message.ActorRef))
            return;
        if (entry.Removed)
        {
            _workers.Remove(uid);
            return;
        }

        _workers[uid] = entry with { Worker = ActorRefs.Nobody };
        Timers.StartSingleTimer(uid, new StartAgain(uid), Pause);
    }
}
