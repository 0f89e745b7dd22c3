using System.Collections.Immutable;
using ActorKube.Kubelet.Probes;
using ActorKube.Kubelet.Status;
using ActorKube.Kubelet.Volumes;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// Leads one pod through its life: holds what is known, asks <see cref="PodLifecycle"/> for the next actions, has them carried out one
/// step at a time, and reports the status. Child of <c>PodsActor</c>, named by the pod's uid; its probes are its children. When it
/// fails it is made anew and finds everything in the runtime.
/// </summary>
internal sealed class PodWorkerActor : ReceiveActor, IWithTimers
{
    /// <summary>The pod changed in the API.</summary>
    public sealed record PodChanged(V1Pod Pod);

    /// <summary>The pod is no longer in the API.</summary>
    public sealed record PodRemoved
    {
        public static PodRemoved Instance { get; } = new();
    }

    /// <summary>Something happened to the pod's containers.</summary>
    public sealed record RuntimeChanged
    {
        public static RuntimeChanged Instance { get; } = new();
    }

    /// <summary>A ConfigMap or Secret that the pod refers to changed.</summary>
    public sealed record ObjectsChanged
    {
        public static ObjectsChanged Instance { get; } = new();
    }

    private sealed record Wake
    {
        public static Wake Instance { get; } = new();
    }

    private sealed record StepDone(RunResult Result);

    // A bug or broken infrastructure: the supervisor is told.
    private sealed record StepBroke(Exception Error);

    // Steps in a row before a pause: a runtime that does not do what it says must not keep a processor busy.
    private const int MaxStepsInARow = 30;

    private readonly PodServices _services;
    private readonly IActorRef _status;
    private readonly PodActionRunner _runner;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly PodProbes _probes;
    private PodState _state;
    private V1PodStatus? _reported;
    private CancellationTokenSource? _running;
    private bool _stopping;
    private bool _runtimeIsStale = true;
    private int _stepsInARow;

    public PodWorkerActor(V1Pod pod, PodServices services, IActorRef status, Rejection? rejection = null)
    {
        _services = services;
        _status = status;
        _runner = new PodActionRunner(services);
        _probes = new PodProbes(Context, services);
        _state = PodState.Of(pod, rejection, services.Settings, Now) with { Allocatable = services.Resources.Allocatable };
        Receive<PodChanged>(Handle);
        Receive<PodRemoved>(_ => Handle(_state with { Removed = true }));
        Receive<RuntimeChanged>(_ =>
        {
            _runtimeIsStale = true;
            Proceed();
        });
        Receive<ObjectsChanged>(_ => Handle(_state with { VolumesStale = true, Containers = PodWaiting.WithoutConfigRetry(_state) }));
        Receive<ProbeActor.Verdict>(verdict => Handle(ProbePlan.Fold(_state, verdict)));
        Receive<ProbeActor.Complaint>(complaint => _probes.Tell(_state, complaint));
        Receive<Wake>(_ => Handle(_state));
        Receive<StepDone>(Handle);
        Receive<StepBroke>(m => throw new InvalidOperationException($"A step of pod {ContainerSpecs.Describe(_state.Pod)} broke", m.Error));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private DateTimeOffset Now => _services.Time.GetUtcNow();

    protected override void PreStart() => Proceed();

    protected override void PostStop()
    {
        _running?.Cancel();
        _running?.Dispose();
    }

    private void Handle(PodChanged message)
    {
        var changed = _state with { Pod = message.Pod, VolumesStale = _state.VolumesStale || VolumePaths.ShowChange(_state.Pod, message.Pod) };
        if (_stopping && PodTermination.Grace(changed) < PodTermination.Grace(_state))
            _running?.Cancel();
        Handle(changed);
    }

    // What is being done no longer matters once the pod is to end.
    private void Handle(PodState changed)
    {
        _state = changed;
        if (_running is not null && !_stopping && _state.Runtime is not null && PodTermination.Decide(_state, Now).End is not null)
            _running.Cancel();
        Proceed();
    }

    private void Handle(StepDone message)
    {
        _running?.Dispose();
        _running = null;
        var adopting = _state.Runtime is null;
        if (message.Result.Runtime is { } runtime)
            _state = _state with { Runtime = runtime };
        else
            _runtimeIsStale = true;
        if (adopting)
            _state = ProbePlan.Adopt(_state, _services.Node.RuntimeName);
        foreach (var failed in message.Result.Facts.OfType<WorkFailed>())
            _log.Warning("Pod {Pod}: {Problem}, trying again", ContainerSpecs.Describe(_state.Pod), failed.What);
        _state = PodFacts.Fold(_state, message.Result.Facts, Now);
        if (message.Result.Facts.OfType<FinalReportSent>().Any())
            _status.Tell(new StatusActor.Report(_state.Pod, Calculate(), Delete: true));
        Proceed();
    }

    private void Proceed()
    {
        if (_running is not null)
        {
            Publish();
            return;
        }

        Timers.Cancel(Wake.Instance);
        var held = PodFacts.WorkHeldBack(_state, Now);
        if (_runtimeIsStale)
        {
            if (held > TimeSpan.Zero)
                WakeAfter(held);
            else
                Run([]);
            return;
        }

        var step = PodLifecycle.Step(_state, Now);
        _state = step.State;
        Publish();
        if (_state.Gone)
        {
            Context.Stop(Self);
        }
        else if (step.Actions.IsEmpty)
        {
            _stepsInARow = 0;
            WakeAfter(step.WakeAfter);
        }
        else if (++_stepsInARow > MaxStepsInARow)
        {
            _stepsInARow = 0;
            _state = PodFacts.Fold(_state, new WorkFailed("too many steps in a row"), Now);
            WakeAfter(PodFacts.WorkHeldBack(_state, Now));
        }
        else
        {
            Run(step.Actions);
            WakeAfter(PodTermination.UntilDeadline(_state, Now));
        }
    }

    private void WakeAfter(TimeSpan? delay)
    {
        if (delay is { } d)
            Timers.StartSingleTimer(Wake.Instance, Wake.Instance, d > TimeSpan.FromMilliseconds(1) ? d : TimeSpan.FromMilliseconds(1));
    }

    private void Run(ImmutableArray<PodAction> actions)
    {
        _runtimeIsStale = false;
        _stopping = _state.End is not null;
        _running = new CancellationTokenSource();
        _runner.RunAsync(_state, actions, _running.Token).PipeTo(Self, Self, result => new StepDone(result), error => new StepBroke(error));
    }

    private V1PodStatus Calculate() => PodStatusCalculator.Calculate(_state, _services.Node, Now);

    private void Publish()
    {
        if (_state.Runtime is null)
            return;
        _probes.Follow(_state);
        if (_state.Removed)
            return;
        var status = Calculate();
        if (PodStatusMerge.Same(status, _reported) && PodStatusMerge.Same(status, _state.Pod.Status))
            return;
        _reported = status;
        _status.Tell(new StatusActor.Report(_state.Pod, status));
    }
}
