using Akka.Actor;
using k8s.Models;

namespace ActorKube.Kubelet.Probes;

/// <summary>
/// Runs one probe of one running container and tells its parent, the pod worker, whenever the verdict changes. It lives as long as
/// that instance of the container runs.
/// </summary>
internal sealed class ProbeActor : ReceiveActor, IWithTimers
{
    /// <summary>What to probe.</summary>
    /// <param name="Kind">Which of the container's probes.</param>
    /// <param name="Probe">The probe.</param>
    /// <param name="Target">The container.</param>
    /// <param name="StartedAt">When the container started, from which the initial delay counts.</param>
    public sealed record Assignment(ProbeKind Kind, V1Probe Probe, ProbeTarget Target, DateTimeOffset StartedAt);

    /// <summary>To the parent: the verdict on a container changed.</summary>
    public sealed record Verdict(string Container, string ContainerId, ProbeKind Kind, bool Passed);

    /// <summary>To the parent: one probe failed or could not be carried out; people should see it.</summary>
    public sealed record Complaint(string Container, ProbeKind Kind, ProbeResult Result);

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }

    private sealed record Probed(ProbeResult Result);

    private readonly Assignment _assignment;
    private readonly IProber _prober;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopped = new();
    private ProbeState _state;
    private bool _busy;

    public ProbeActor(Assignment assignment, IProber prober, TimeProvider time)
    {
        _assignment = assignment;
        _prober = prober;
        _time = time;
        _state = ProbeState.Initial(assignment.Kind);
        Receive<Tick>(_ => Handle());
        Receive<Probed>(Handle);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        var delay = _assignment.StartedAt + ProbeState.InitialDelay(_assignment.Probe) - _time.GetUtcNow();
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, delay > TimeSpan.Zero ? delay : TimeSpan.Zero, ProbeState.Period(_assignment.Probe));
    }

    protected override void PostStop()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private void Handle()
    {
        // A probe slower than its period is not started twice.
        if (_busy)
            return;
        _busy = true;
        _prober.ProbeAsync(_assignment.Probe, _assignment.Target, _stopped.Token)
            .PipeTo(Self, Self, result => new Probed(result), error => new Probed(ProbeResult.Unknown(error.Message)));
    }

    private void Handle(Probed message)
    {
        _busy = false;
        var (container, id) = (_assignment.Target.Container.Name, _assignment.Target.ContainerId);
        if (!message.Result.Passed)
            Context.Parent.Tell(new Complaint(container, _assignment.Kind, message.Result));
        var before = _state.Passed;
        _state = _state.Next(message.Result.Outcome, _assignment.Probe);
        if (_state.Passed is { } passed && passed != before)
            Context.Parent.Tell(new Verdict(container, id, _assignment.Kind, passed));
        if (_state.IsDecided(_assignment.Kind))
            Timers.CancelAll();
    }
}
