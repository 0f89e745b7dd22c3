using System.Collections.Immutable;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Probes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Fakes;

/// <summary>
/// The pod life cycle in a world without I/O: carries out actions on a runtime of records, in virtual time, and keeps a transcript.
/// </summary>
internal sealed class PodSimulation
{
    private int _ids;

    public PodSimulation(V1Pod pod)
    {
        State = new PodState { Pod = pod, SeenAt = Some.Noon, Runtime = PodRuntimeStatus.Empty };
    }

    public PodState State { get; set; }

    public DateTimeOffset Now { get; private set; } = Some.Noon;

    /// <summary>What was done, such as <c>start main#0</c>.</summary>
    public List<string> Log { get; } = [];

    /// <summary>Containers that cannot be started, and why.</summary>
    public Dictionary<string, (string Reason, bool PullFailed)> StartFailures { get; } = [];

    public bool VolumesFail { get; set; }

    public bool SandboxFails { get; set; }

    public TimeSpan? WakeAfter { get; private set; }

    public PodRuntimeStatus Runtime => State.Runtime!;

    /// <summary>Steps until there is nothing to do now.</summary>
    public PodSimulation Settle()
    {
        for (var n = 0; n < 200; n++)
        {
            var step = PodLifecycle.Step(State, Now);
            State = step.State;
            WakeAfter = step.WakeAfter;
            if (step.Actions.IsEmpty)
                return this;
            foreach (var action in step.Actions)
            {
                var fact = Do(action);
                State = PodFacts.Fold(State, fact, Now);
            }
        }

        throw new InvalidOperationException("never settles:\n" + string.Join('\n', Log.TakeLast(20)));
    }

    /// <summary>Lets time pass, stepping whenever the life cycle asked to be woken.</summary>
    public PodSimulation Pass(TimeSpan time)
    {
        var end = Now + time;
        Settle();
        while (WakeAfter is { } wake && Now + wake <= end)
        {
            Now += wake > TimeSpan.Zero ? wake : TimeSpan.FromMilliseconds(1);
            Settle();
        }

        Now = end;
        return Settle();
    }

    /// <summary>A container's process ends by itself.</summary>
    public PodSimulation Exit(string name, int code)
    {
        End(Runtime.Latest(name)!.Id, code);
        return this;
    }

    /// <summary>The sandbox dies with everything in it.</summary>
    public PodSimulation LoseSandbox()
    {
        StopSandbox(Runtime.Sandbox!.Id);
        return this;
    }

    public PodSimulation Verdict(string name, ProbeKind kind, bool passed)
    {
        State = ProbePlan.Fold(State, new ProbeActor.Verdict(name, Runtime.Latest(name)!.Id, kind, passed));
        return this;
    }

    public PodSimulation Delete(long grace = 30)
    {
        State = State with { Pod = State.Pod.Deleting(grace, Now) };
        return this;
    }

    private PodFact Do(PodAction action)
    {
        switch (action)
        {
            case SetUpVolumes:
                Log.Add("volumes");
                return VolumesFail ? new VolumesFailed() : new VolumesSetUp(null);
            case CreateSandbox create:
                Log.Add($"sandbox#{create.Attempt}");
                return SandboxFails ? new SandboxFailed() : CreateSandbox(create.Attempt);
            case StopSandbox stop:
                Log.Add("stop sandbox");
                StopSandbox(stop.SandboxId);
                return new WorkDone();
            case RemoveSandbox remove:
                Log.Add("remove sandbox");
                Set(Runtime.Sandboxes.Where(s => s.Id != remove.SandboxId), Runtime.Containers.Where(c => c.SandboxId != remove.SandboxId));
                return new WorkDone();
            case StartContainer start:
                return Start(start);
            case ResizeContainer resize:
                Log.Add($"resize {resize.Name}");
                return new ContainerResized(resize.Name, resize.Resize.Key);
            case KillContainers kill:
                Log.Add("kill " + string.Join('+', kill.Kills.Select(k => k.Instance.Name)));
                foreach (var one in kill.Kills)
                    End(one.Instance.Id, 143);
                return new WorkDone();
            case RemoveContainer remove:
                Log.Add($"remove {remove.Instance.Name}#{remove.Instance.RestartCount}");
                Set(Runtime.Sandboxes, Runtime.Containers.Where(c => c.Id != remove.Instance.Id));
                return new WorkDone();
            case RemoveVolumes:
                Log.Add("remove volumes");
                return new VolumesRemoved();
            case ReportFinal:
                Log.Add("delete from API");
                return new FinalReportSent();
            case RemoveDirectories:
                Log.Add("remove directories");
                return new DirectoriesRemoved();
            case Emit emit:
                Log.Add($"event {emit.Reason}");
                return new WorkDone();
            default:
                throw new ArgumentException($"{action}");
        }
    }

    private SandboxCreated CreateSandbox(uint attempt)
    {
        var sandbox = new SandboxInstance($"s{_ids++}", attempt, true, Now, ["10.0.0.7"]);
        Set(Runtime.Sandboxes.Add(sandbox), Runtime.Containers);
        return new SandboxCreated(sandbox.Id);
    }

    private PodFact Start(StartContainer start)
    {
        if (StartFailures.TryGetValue(start.Container.Name, out var failure))
        {
            Log.Add($"fail {start.Container.Name} {(start.PullAllowed ? "pull" : "held back")}");
            return new ContainerStartFailed(start.Container.Name, failure.Reason, "because", failure.PullFailed && start.PullAllowed);
        }

        Log.Add($"start {start.Container.Name}#{start.RestartCount}");
        var instance = new ContainerInstance
        {
            Id = $"c{_ids++}",
            SandboxId = start.SandboxId,
            Name = start.Container.Name,
            RestartCount = start.RestartCount,
            State = ContainerState.ContainerRunning,
            CreatedAt = Now,
            StartedAt = Now,
            Hash = ContainerSpecs.Hash(start.Container),
        };
        Set(Runtime.Sandboxes, Runtime.Containers.Add(instance));
        return new ContainerStarted(start.Container.Name, instance.Id);
    }

    private void StopSandbox(string id)
    {
        foreach (var container in Runtime.Containers.Where(c => c.SandboxId == id && c.IsRunning))
            End(container.Id, 137);
        Set(Runtime.Sandboxes.Select(s => s.Id == id ? s with { Ready = false } : s), Runtime.Containers);
    }

    private void End(string id, int code) => Set(Runtime.Sandboxes, Runtime.Containers.Select(c =>
        c.Id == id && c.IsRunning ? c with { State = ContainerState.ContainerExited, ExitCode = code, FinishedAt = Now, Reason = code == 0 ? "Completed" : "Error" } : c));

    private void Set(IEnumerable<SandboxInstance> sandboxes, IEnumerable<ContainerInstance> containers) =>
        State = State with { Runtime = PodRuntimeStatus.Ordered(sandboxes.ToImmutableArray(), containers.ToImmutableArray()) };
}
