using System.Collections.Immutable;
using System.Globalization;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>The outcome of one step.</summary>
/// <param name="State">The state with what was decided.</param>
/// <param name="Actions">What to do now, in order. Empty when there is nothing to do until something happens.</param>
/// <param name="WakeAfter">When to step again although nothing happened; null for never.</param>
internal sealed record PodStep(PodState State, ImmutableArray<PodAction> Actions, TimeSpan? WakeAfter);

/// <summary>
/// The life of a pod on its node as one step function: from what is wanted and what the runtime has to the next actions.
/// It touches nothing and waits for nothing, so every rule about starting, restarting and stopping containers is here
/// and in <see cref="PodTermination"/>, and can be read and tested without a machine.
/// Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
/// </summary>
internal static class PodLifecycle
{
    /// <summary>The next step. Once a step gives no actions, stepping again at the same time gives none either.</summary>
    public static PodStep Step(PodState state, DateTimeOffset now)
    {
        if (state.Runtime is null)
            return new PodStep(state, [], null);
        var alive = state.End is null;
        state = PodTermination.Decide(state, now);
        if (alive && state.End?.Reason == PodEndReason.DeadlineExceeded)
            return new PodStep(state, [new Emit("Normal", "DeadlineExceeded", state.End.StatusMessage!)], null);
        var held = PodFacts.WorkHeldBack(state, now);
        if (held > TimeSpan.Zero)
            return new PodStep(state, [], held);
        return state.End is null ? Run(state, now) : PodTermination.Step(state, now);
    }

    private static PodStep Run(PodState state, DateTimeOffset now)
    {
        var plan = new Plan(state, now);
        plan.WakeIn(PodTermination.UntilDeadline(state, now));
        if (!Volumes(plan) || Sandbox(plan) is not { } sandboxId)
            return plan.Done();
        if (InitContainers(plan, sandboxId))
        {
            foreach (var container in state.Pod.Spec.Containers)
                Follow(plan, container, ContainerKind.Regular, sandboxId);
        }

        foreach (var (container, kind) in ContainerSpecs.All(state.Pod))
        {
            if (kind == ContainerKind.Ephemeral)
                Follow(plan, container, kind, sandboxId);
        }

        RemoveOldInstances(plan);
        return plan.Done();
    }

    // True when the volumes are in place and the rest may go on.
    private static bool Volumes(Plan plan)
    {
        var state = plan.State;
        var refreshIn = state.RefreshVolumesAt - plan.Now;
        if (state.VolumesReady && !state.VolumesStale && refreshIn is not { Ticks: <= 0 })
        {
            plan.WakeIn(refreshIn);
            return true;
        }

        var held = PodFacts.VolumesHeldBack(state, plan.Now);
        if (held > TimeSpan.Zero && !state.VolumesStale)
        {
            plan.WakeIn(held);
            return state.VolumesReady;
        }

        plan.State = state with { VolumesStale = false };
        plan.Add(new SetUpVolumes());
        return state.VolumesReady;
    }

    // The id of a sandbox that is ready, or null while there is none.
    private static string? Sandbox(Plan plan)
    {
        var runtime = plan.State.Runtime!;
        var newest = runtime.Sandbox;
        if (newest is { Ready: true } && runtime.Sandboxes.Count(s => s.Ready) == 1)
            return newest.Id;

        if (newest is not null)
        {
            plan.Add(new Emit("Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created."));
            foreach (var sandbox in runtime.Sandboxes.Where(s => s.Ready || runtime.Alive.Any(c => c.SandboxId == s.Id)))
                plan.Add(new StopSandbox(sandbox.Id));
        }

        plan.Add(new CreateSandbox(newest is null ? 0 : newest.Attempt + 1));
        return null;
    }

    /// <summary>
    /// Init containers run one after the other, each to its end; a sidecar only has to be started before the next one's turn.
    /// Once a regular container was created in the sandbox, initialization is over and only sidecars are looked after.
    /// </summary>
    /// <returns>True when the regular containers may run.</returns>
    private static bool InitContainers(Plan plan, string sandboxId)
    {
        var initialized = PodTermination.IsInitialized(plan.State, sandboxId);
        foreach (var container in plan.State.Pod.Spec.InitContainers ?? [])
        {
            var sidecar = ContainerSpecs.IsSidecar(container);
            if (initialized && !sidecar)
                continue;
            var decision = Follow(plan, container, sidecar ? ContainerKind.Sidecar : ContainerKind.Init, sandboxId);
            if (initialized)
                continue;
            var passed = sidecar ? decision is ContainerDecision.Keep or ContainerDecision.Resize && plan.State.IsStarted(container) : decision is ContainerDecision.Done;
            if (!passed)
                return false;
        }

        return true;
    }

    private static ContainerDecision Follow(Plan plan, V1Container container, ContainerKind kind, string sandboxId)
    {
        var decision = ContainerDecision.For(plan.State, container, kind, sandboxId, plan.Now);
        switch (decision)
        {
            case ContainerDecision.Start start:
                Start(plan, container, kind, sandboxId, start.AfterExit);
                break;
            case ContainerDecision.Resize resize:
                plan.Add(new ResizeContainer(container.Name, resize.Instance.Id, resize.Change));
                break;
            case ContainerDecision.HoldBack hold:
                HoldBack(plan, container, kind, hold);
                break;
            case ContainerDecision.Kill kill:
                var grace = kill.Grace ?? PodTermination.SpecGrace(plan.State.Pod);
                plan.State = plan.State.Remember(container.Name, m => m with { MustRestart = kill.MustRestart, Restart = kill.MustRestart ? null : m.Restart })
                    with { KillsBegun = plan.State.KillsBegun.SetItem(kill.Instance.Id, plan.Now) };
                plan.Add(new KillContainers([new ContainerKill(kill.Instance, container, kind, kill.Message, grace, RunHook: true)]));
                break;
        }

        return decision;
    }

    private static void Start(Plan plan, V1Container container, ContainerKind kind, string sandboxId, ContainerInstance? afterExit)
    {
        var memory = plan.State.Memory(container.Name);
        if (afterExit is { HasExited: true } && memory.CountedExit != afterExit.Id)
        {
            // Each exit counts once, however often starting again is tried: the restart after the next exit waits longer.
            var next = plan.State.CrashLoopBackOff.Next(memory.Restart, afterExit.FinishedAt ?? afterExit.CreatedAt, plan.Now);
            plan.State = plan.State.Remember(container.Name, m => m with { Restart = next, CountedExit = afterExit.Id });
        }

        var pullAllowed = memory.Pull is not { } pull || pull.Since + pull.Delay <= plan.Now;
        plan.Add(new StartContainer(container, kind, sandboxId, NextRestartCount(plan.State, container.Name), pullAllowed));
    }

    private static void HoldBack(Plan plan, V1Container container, ContainerKind kind, ContainerDecision.HoldBack hold)
    {
        plan.WakeIn(hold.Remaining);
        if (hold.AfterExit is null)
            return;
        var memory = plan.State.Memory(container.Name);
        var pod = ContainerSpecs.Describe(plan.State.Pod);
        var message = string.Create(CultureInfo.InvariantCulture, $"back-off {Duration.Format(memory.Restart!.Delay)} restarting failed container={container.Name} pod={pod}");
        if (memory.WaitingReason == "CrashLoopBackOff" && memory.WaitingMessage == message)
            return;
        plan.State = plan.State.Remember(container.Name, m => m with { WaitingReason = "CrashLoopBackOff", WaitingMessage = message });
        plan.Add(new Emit("Warning", "BackOff", $"Back-off restarting failed container {container.Name} in pod {pod}", ContainerSpecs.FieldPath(kind, container.Name)));
    }

    // The runtime's count goes on; after a runtime lost its containers (a reboot) the API's does.
    private static int NextRestartCount(PodState state, string name)
    {
        if (state.Runtime!.Latest(name) is { } latest)
            return latest.RestartCount + 1;
        return state.Reported(name) is not { } reported ? 0 : reported.RestartCount + (reported.ContainerID is { Length: > 0 } ? 1 : 0);
    }

    // The newest instance and the ended one before it stay, for `kubectl logs --previous` and lastState.
    private static void RemoveOldInstances(Plan plan)
    {
        var runtime = plan.State.Runtime!;
        foreach (var old in runtime.Containers.GroupBy(c => c.Name).SelectMany(g => g.Skip(2)).Where(c => c.HasExited))
            plan.Add(new RemoveContainer(old));
        foreach (var sandbox in runtime.Sandboxes.Skip(1).Where(s => !s.Ready && runtime.Containers.All(c => c.SandboxId != s.Id)))
            plan.Add(new RemoveSandbox(sandbox.Id));
    }

    private sealed class Plan(PodState state, DateTimeOffset now)
    {
        private readonly ImmutableArray<PodAction>.Builder _actions = ImmutableArray.CreateBuilder<PodAction>();
        private TimeSpan? _wakeAfter;

        public PodState State { get; set; } = state;

        public DateTimeOffset Now { get; } = now;

        public void Add(PodAction action) => _actions.Add(action);

        public void WakeIn(TimeSpan? delay)
        {
            if (delay is { } d && (_wakeAfter is null || d < _wakeAfter))
                _wakeAfter = d;
        }

        public PodStep Done() => new(State, _actions.ToImmutable(), _wakeAfter);
    }
}
