using ActorKube.Api.Machinery;
using ActorKube.Client.Informers;
using ActorKube.Scheduler.Preemption;
using Akka.Actor;
using Akka.Event;
using k8s;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>
/// Gives each pod its node. Feeds <see cref="SchedulerState"/> with what the informers see, lets it decide one pod per message, and
/// writes bindings in the background, so that the next pod need not wait. One in a cluster, at <c>/user/scheduler</c>; keeps nothing:
/// a successor learns everything from the API server.
/// </summary>
public sealed class SchedulerActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan FlushCheck = TimeSpan.FromSeconds(30);
    private readonly SchedulerServices _services;
    private readonly SchedulerState _state;
    private readonly CancellationTokenSource _stopped = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<Type> _toSync = [];
    private readonly List<Action> _subscriptions = [];
    private readonly PreemptionRunner _preemptions;
    private bool _nextTold;
    private DateTimeOffset? _wakeUp;

    /// <summary>Starts with an empty state; the informers fill it.</summary>
    public SchedulerActor(SchedulerServices services, SchedulerSettings settings)
    {
        _services = services;
        _state = new SchedulerState(settings);
        _preemptions = new PreemptionRunner(services, settings.Name);
        Watch<V1Namespace>((_, ns) => _state.NamespaceSeen(ns, Now), ns => _state.NamespaceGone(ns));
        Watch<V1Node>((old, node) => _state.NodeSeen(old, node, Now), node => _state.NodeGone(node));
        Watch<V1PodDisruptionBudget>((_, budget) => _state.Budgets.Put(budget), budget => _state.Budgets.Remove(budget));
        Watch<V1StorageClass>((_, value) => _state.VolumeFactSeen(value, Now), _state.Cache.RemoveVolumeFact);
        Watch<V1PersistentVolume>((_, value) => _state.VolumeFactSeen(value, Now), _state.Cache.RemoveVolumeFact);
        Watch<V1PersistentVolumeClaim>((_, value) => _state.VolumeFactSeen(value, Now), _state.Cache.RemoveVolumeFact);
        Watch<V1Pod>((old, pod) => _state.PodSeen(old, pod, Now), pod => _state.PodGone(pod, Now));
        Take<FlushQueue>(_ => _state.Queue.Flush(Now));
        Take<DecideNext>(OnDecideNext);
        Take<Bound>(OnBound);
        Take<BindFailed>(OnBindFailed);
        Take<Preempted>(OnPreempted);
        Receive<StatusWritten>(OnStatusWritten);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private DateTimeOffset Now => _services.Time.GetUtcNow();

    /// <summary>How to start one.</summary>
    public static Props Props(SchedulerServices services, SchedulerSettings settings) =>
        Akka.Actor.Props.Create(() => new SchedulerActor(services, settings));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _subscriptions.ForEach(subscribe => subscribe());
        Timers.StartPeriodicTimer(nameof(FlushQueue), FlushQueue.Instance, FlushCheck);
    }

    /// <inheritdoc/>
    protected override void PostStop() => _stopped.Cancel();

    private void Watch<T>(Action<T?, T> seen, Action<T> gone) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        _toSync.Add(typeof(T));
        _subscriptions.Add(() => _services.Informers.Informer<T>().Subscribe(Self));
        Take<ResourceAdded<T>>(e => seen(null, e.Object));
        Take<ResourceUpdated<T>>(e => seen(e.Old, e.New));
        Take<ResourceDeleted<T>>(e => gone(e.Object));
        Take<InformerSynced<T>>(_ => OnSynced(typeof(T)));
    }

    /// <summary>After everything that is taken in there may be a pod to decide about.</summary>
    private void Take<T>(Action<T> handler) => Receive<T>(message =>
    {
        handler(message);
        GoOn();
    });

    private void GoOn()
    {
        if (_nextTold || _toSync.Count > 0)
        {
            return;
        }

        var now = Now;
        if (_state.HasWork(now))
        {
            _nextTold = true;
            Self.Tell(DecideNext.Instance);
        }
        else if (_state.Queue.NextBackoff(now) is { } wait && _wakeUp != now + wait)
        {
            _wakeUp = now + wait;
            Timers.StartSingleTimer(nameof(_wakeUp), DecideNext.Instance, wait + TimeSpan.FromMilliseconds(1));
        }
    }

    private void OnSynced(Type kind)
    {
        if (_toSync.Remove(kind) && _toSync.Count == 0)
        {
            _log.Info("Scheduling: {Nodes} nodes, {Placed} pods placed, {Waiting} waiting", _state.Cache.Snapshot().Nodes.Length, _state.Cache.PodCount, _state.Queue.Count);
        }
    }

    private void OnDecideNext(DecideNext message)
    {
        _nextTold = false;
        if (_toSync.Count > 0 || _state.Decide(Now) is not { } decision)
        {
            return;
        }

        var pod = decision.Pod;
        switch (decision.Result)
        {
            case SchedulingResult.Fits fits:
                _log.Debug("Pod {Namespace}/{Pod} goes to {Node}: {Feasible} of {Evaluated} nodes fit", pod.Namespace, pod.Name, fits.Node, fits.Feasible, fits.Evaluated);
                _services.Api.For<V1Pod>()
                    .CreateSubresourceAsync(pod.Namespace, pod.Name, "binding", PodWrites.Binding(pod.Pod, fits.Node), _stopped.Token)
                    .PipeTo(Self, success: () => new Bound(decision, fits.Node), failure: e => new BindFailed(decision, e));
                break;
            case SchedulingResult.FitsNowhere nowhere:
                Explain(pod, "Unschedulable", nowhere.Error.Message, decision.Preemption?.Candidate?.Node);
                if (decision.Preemption is { } preemption)
                {
                    _log.Info("Pod {Namespace}/{Pod} takes the place of {Victims} pods on {Node}", pod.Namespace, pod.Name, preemption.Candidate!.Victims.Count, preemption.Candidate.Node);
                    _preemptions.RunAsync(pod, preemption, _stopped.Token)
                        .PipeTo(Self, success: failures => new Preempted(pod, failures), failure: e => new Preempted(pod, [e]));
                }

                break;
        }
    }

    private void OnBound(Bound bound)
    {
        _state.BindingSucceeded(bound.Decision);
        var pod = bound.Decision.Pod;
        _services.Events.Record(pod.Pod, "Normal", "Scheduled", $"Successfully assigned {pod.Namespace}/{pod.Name} to {bound.Node}");
    }

    private void OnBindFailed(BindFailed failed)
    {
        var pod = failed.Decision.Pod;
        if (_state.BindingFailed(failed.Decision, failed.Error is ApiException { IsNotFound: true }, Now))
        {
            _log.Warning(failed.Error, "Binding pod {Namespace}/{Pod} failed and will be tried again", pod.Namespace, pod.Name);
            Explain(pod, "SchedulerError", $"binding rejected: {failed.Error.Message}");
        }
    }

    private void OnPreempted(Preempted preempted)
    {
        _state.PreemptionEnded(preempted.Pod, preempted.Failures.Count > 0, Now);
        foreach (var failure in preempted.Failures.Where(f => f is not OperationCanceledException))
        {
            _log.Warning(failure, "Making room for pod {Namespace}/{Pod} failed", preempted.Pod.Namespace, preempted.Pod.Name);
        }
    }

    private void Explain(PodInfo pod, string reason, string message, string? nominatedNode = null)
    {
        _services.Events.Record(pod.Pod, "Warning", "FailedScheduling", message);
        if (PodWrites.NotScheduled(pod.Pod, reason, message, Now, nominatedNode) is { } patch)
        {
            _services.Api.For<V1Pod>().PatchAsync(pod.Namespace, pod.Name, patch, "status", _stopped.Token)
                .PipeTo(Self, success: _ => new StatusWritten(pod, null), failure: e => new StatusWritten(pod, e));
        }
    }

    private void OnStatusWritten(StatusWritten written)
    {
        // The next failed attempt writes it again; a pod that is gone needs none.
        if (written.Error is not null and not ApiException { IsNotFound: true } and not OperationCanceledException)
        {
            _log.Warning(written.Error, "Writing the PodScheduled condition of pod {Namespace}/{Pod} failed", written.Pod.Namespace, written.Pod.Name);
        }
    }

    private sealed record DecideNext
    {
        public static DecideNext Instance { get; } = new();
    }

    private sealed record FlushQueue
    {
        public static FlushQueue Instance { get; } = new();
    }

    private sealed record Bound(Decision Decision, string Node);

    private sealed record BindFailed(Decision Decision, Exception Error);

    private sealed record Preempted(PodInfo Pod, IReadOnlyList<Exception> Failures);

    private sealed record StatusWritten(PodInfo Pod, Exception? Error);
}
