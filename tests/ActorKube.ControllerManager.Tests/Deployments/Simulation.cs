using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Tests.Fakes;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Deployments;
using ActorKube.ControllerManager.ReplicaSets;
using ActorKube.ControllerManager.Rollbacks;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Deployments;

/// <summary>
/// One Deployment with its reconcilers and fake pods in one loop: no actors, a clock of its own, every step chosen by a seed. Pods start, become ready and end in their own time.
/// </summary>
internal sealed class Simulation
{
    private readonly Random _random;
    private readonly PlanRunner _runner;
    private readonly NameSuffixes _names;
    private readonly HashSet<string> _broken = [];
    private readonly HashSet<string> _crashing = [];
    private readonly Dictionary<string, PlanFailure?> _failures = [];

    public Simulation(int seed)
    {
        _random = new Random(seed);
        _names = new NameSuffixes(seed);
        _runner = new PlanRunner(Api, Events, "test");
        Api.PodsEndGracefully = true;
        Api.Now = () => Now.UtcDateTime;
    }

    public FakeApi Api { get; } = new();

    public HeardEvents Events { get; } = new();

    public DateTimeOffset Now { get; private set; } = Some.Now;

    public V1Deployment Deployment => Api.Find<V1Deployment>("web")!;

    public IReadOnlyList<V1Pod> Active => [.. Api.All<V1Pod>().Where(PodFacts.IsActive)];

    /// <summary>Pods of this image never become ready.</summary>
    public void Break(string image) => _broken.Add(image);

    /// <summary>Pods of this image become ready, and then their container ends again and again.</summary>
    public void Crash(string image) => _crashing.Add(image);

    /// <summary>Whether the rollback controller runs as well.</summary>
    public bool RollsBack { get; init; }

    /// <summary>Moves the clock.</summary>
    public void Wait(TimeSpan time) => Now += time;

    /// <summary>Steps by chance until nothing is left to do; checks after each.</summary>
    public void Run(Action check, int atMost = 5000)
    {
        for (var i = 0; i < atMost; i++)
        {
            var did = Step();
            check();
            if (!did && IsAtRest(check))
                return;
        }

        throw new InvalidOperationException("it never comes to rest");
    }

    /// <summary>Steps a few times.</summary>
    public void Some_steps(int count, Action check)
    {
        for (var i = 0; i < count; i++)
        {
            Step();
            check();
        }
    }

    private bool Step()
    {
        Now += TimeSpan.FromMilliseconds(_random.Next(500));
        switch (_random.Next(RollsBack ? 5 : 4))
        {
            case 4:
                return RollBack();
            case 0:
                return Deploy();
            case 1:
                var sets = Api.All<V1ReplicaSet>();
                return sets.Count > 0 && Replicate(sets[_random.Next(sets.Count)]);
            default:
                var pods = Api.All<V1Pod>();
                return pods.Count > 0 && Kubelet(pods[_random.Next(pods.Count)]);
        }
    }

    // Asks everybody; who still has something to do does it.
    private bool IsAtRest(Action check)
    {
        if (Api.All<V1Pod>().Any(Kubelet) || Api.All<V1ReplicaSet>().Any(Replicate) || Deploy() || (RollsBack && RollBack()))
        {
            check();
            return false;
        }

        return true;
    }

    private bool Deploy() =>
        Do("deployment", c => DeploymentReconciler.Reconcile(Deployment, Api.All<V1ReplicaSet>(), Api.All<V1Pod>(), n => Api.Find<V1ReplicaSet>(n) is not null, c));

    private bool RollBack() => Do("rollback", c => DeploymentRollbackController.RolloutOf(
            Deployment, Api.All<V1ReplicaSet>(), r => Api.All<V1Pod>().Where(p => Ownership.IsControlledBy(p, r)), c.Now) is { } rollout
        ? RollbackReconciler.Reconcile(rollout, c, (_, _) => throw new InvalidOperationException("no HTTP here"))
        : Plan.Nothing);

    private bool Replicate(V1ReplicaSet set) =>
        Do(set.Metadata.Name, c => ReplicaSetReconciler.Reconcile(set, Api.All<V1Pod>(), Api.All<V1Pod>().Where(PodFacts.IsActive), c));

    private bool Do(string key, Func<ReconcileContext, Plan> reconcile)
    {
        var plan = reconcile(new ReconcileContext(Now, _names, _failures.GetValueOrDefault(key)));
        if (plan.Actions.Count == 0)
            return false;
        var outcome = _runner.RunAsync(plan).GetAwaiter().GetResult();
        _failures[key] = outcome.Error is ApiException { IsConflict: true } ? null : outcome.Failure;
        return true;
    }

    // Scheduler and kubelet of a pod in one: each call takes it one state further.
    private bool Kubelet(V1Pod pod)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            Api.Purge<V1Pod>(pod.Metadata.Name);
            return true;
        }

        if (pod.Spec.NodeName is null)
        {
            Api.Change<V1Pod>(pod.Metadata.Name, p => p.On($"n{_random.Next(3)}").Status = new V1PodStatus { Phase = "Pending" });
            return true;
        }

        if (PodFacts.IsReady(pod) && _crashing.Contains(pod.Spec.Containers[0].Image) && (pod.Status.ContainerStatuses?[0].RestartCount ?? 0) is var restarts and < 6)
        {
            Api.Change<V1Pod>(pod.Metadata.Name, p => p.Status.ContainerStatuses =
            [
                new V1ContainerStatus { Name = "main", RestartCount = restarts + 1, LastState = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 1, Reason = "Error" } } },
            ]);
            return true;
        }

        if (PodFacts.IsReady(pod) || _broken.Contains(pod.Spec.Containers[0].Image))
            return false;
        Api.Change<V1Pod>(pod.Metadata.Name, p => p.Ready(Now));
        return true;
    }
}
