using ActorKube.Scheduler.Plugins;
using ActorKube.Scheduler.Preemption;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>What was decided about one pod.</summary>
/// <param name="Queued">The pod as the queue knows it.</param>
/// <param name="Pod">The pod as it was when it was decided.</param>
/// <param name="Result">The node, or why there is none.</param>
/// <param name="Preemption">Who has to make room; null for a pod that fits, and where nobody can.</param>
public sealed record Decision(QueuedPod Queued, PodInfo Pod, SchedulingResult Result, PreemptionResult? Preemption = null);

/// <summary>
/// The scheduler without its surroundings: takes in what the informers see, decides about one pod after the other, and is told how each
/// binding ended. No clock, no I/O. The actor owns it.
/// </summary>
public sealed class SchedulerState(SchedulerSettings settings)
{
    private readonly HashSet<string> _preempting = [];
    private readonly SchedulingCycle _cycle = new(DefaultPlugins.All, settings.Weights, settings.PercentageOfNodesToScore, settings.Seed);

    /// <summary>Nodes and placed pods.</summary>
    public SchedulerCache Cache { get; } = new();

    /// <summary>Waiting pods.</summary>
    public SchedulingQueue Queue { get; } = new(settings.PodInitialBackoff, settings.PodMaxBackoff, settings.UnschedulableFlushInterval);

    /// <summary>Disruption budgets.</summary>
    public DisruptionBudgets Budgets { get; } = new();

    /// <summary>Waiting pods for which a node is being cleared.</summary>
    public Nominations Nominations { get; } = new();

    /// <summary>Bindings that have not ended yet.</summary>
    public int BindingsInFlight { get; private set; }

    /// <summary>A pod appeared (<paramref name="old"/> is null) or changed.</summary>
    public void PodSeen(V1Pod? old, V1Pod pod, DateTimeOffset now)
    {
        var info = new PodInfo(pod);
        if (old is not null && new PodInfo(old) is var before && before.Uid != info.Uid)
        {
            Drop(before.Uid, now);
            old = null;
        }

        if (pod.Status?.Phase is "Succeeded" or "Failed")
        {
            Drop(info.Uid, now);
        }
        else if (!string.IsNullOrEmpty(pod.Spec.NodeName))
        {
            Placed(old, info, now);
        }
        else if ((pod.Spec.SchedulerName ?? settings.Name) != settings.Name || info.IsTerminating)
        {
            Drop(info.Uid, now);
        }
        else if (!Cache.IsAssumed(info.Uid))
        {
            Nominate(old, info);
            Queue.Put(info, now);
        }
    }

    /// <summary>A pod is gone.</summary>
    public void PodGone(V1Pod pod, DateTimeOffset now) => Drop(new PodInfo(pod).Uid, now);

    /// <summary>A node appeared (<paramref name="old"/> is null) or changed.</summary>
    public void NodeSeen(V1Node? old, V1Node node, DateTimeOffset now)
    {
        Cache.PutNode(node);
        Queue.Move(old is null ? ClusterChange.NodeAdded : ClusterChanges.Between(old, node), now);
    }

    /// <summary>A node is gone.</summary>
    public void NodeGone(V1Node node) => Cache.RemoveNode(node.Metadata.Name);

    /// <summary>A namespace appeared or changed.</summary>
    public void NamespaceSeen(V1Namespace ns, DateTimeOffset now)
    {
        Cache.PutNamespace(ns);
        Queue.Move(ClusterChange.NamespaceLabels, now);
    }

    /// <summary>A claim, volume or storage class appeared or changed.</summary>
    public void VolumeFactSeen(object value, DateTimeOffset now)
    {
        Cache.PutVolumeFact(value);
        Queue.Move(ClusterChange.Volumes, now);
    }

    /// <summary>A namespace is gone.</summary>
    public void NamespaceGone(V1Namespace ns) => Cache.RemoveNamespace(ns.Metadata.Name);

    /// <summary>Whether <see cref="Decide"/> has something to do.</summary>
    public bool HasWork(DateTimeOffset now) => BindingsInFlight < settings.MaxBindingsInFlight && Queue.HasNext(now);

    /// <summary>
    /// Decides about the next pod. One that fits is assumed on its node at once; the caller writes the binding and tells how it ended.
    /// </summary>
    public Decision? Decide(DateTimeOffset now)
    {
        if (!HasWork(now) || Queue.Pop(now) is not { } queued)
        {
            return null;
        }

        var pod = queued.Pod;
        var snapshot = Nominations.SeenBy(pod, Cache.Snapshot());
        PreemptionResult? preemption = null;
        var result = Nominations.NodeOf(pod.Uid) is { } cleared && _cycle.FitsOn(pod, snapshot, cleared)
            ? new SchedulingResult.Fits(cleared, 1, 1)
            : _cycle.Schedule(pod, snapshot);
        switch (result)
        {
            case SchedulingResult.Fits fits:
                Cache.Assume(pod, fits.Node);
                BindingsInFlight++;
                break;
            case SchedulingResult.FitsNowhere nowhere:
                preemption = _preempting.Contains(pod.Uid)
                    ? PreemptionResult.Nothing("not eligible due to a terminating pod on the nominated node.")
                    : Preemptor.Find(pod, snapshot, _cycle, Budgets, Nominations);
                result = nowhere with { Error = nowhere.Error with { Preemption = preemption.Message } };
                if (preemption.Candidate is { } candidate)
                {
                    _preempting.Add(pod.Uid);
                    Nominations.Put(pod, candidate.Node);
                    foreach (var displaced in preemption.Displaced)
                    {
                        Nominations.Remove(displaced.Uid);
                    }
                }

                Queue.Unschedulable(queued, nowhere.Error.HelpedBy, now);
                break;
        }

        return new Decision(queued, pod, result, preemption?.Candidate is null ? null : preemption);
    }

    /// <summary>Those that have to make room for the pod were all told to go; or not all, and the pod tries again.</summary>
    public void PreemptionEnded(PodInfo pod, bool failed, DateTimeOffset now)
    {
        _preempting.Remove(pod.Uid);
        if (failed)
        {
            Queue.Move(ClusterChange.PodRemoved, now);
        }
    }

    /// <summary>The binding is written.</summary>
    public void BindingSucceeded(Decision decision)
    {
        BindingsInFlight--;
        Queue.Remove(decision.Pod.Uid);
    }

    /// <summary>
    /// The binding was not written, or nobody knows. Returns whether the pod waits again: not when it is gone, nor when the API server has
    /// shown it on a node meanwhile.
    /// </summary>
    public bool BindingFailed(Decision decision, bool podIsGone, DateTimeOffset now)
    {
        BindingsInFlight--;
        if (!Cache.Forget(decision.Pod.Uid))
        {
            return false;
        }

        Queue.Move(ClusterChange.PodRemoved, now);
        if (podIsGone)
        {
            Queue.Remove(decision.Pod.Uid);
            return false;
        }

        Queue.Failed(decision.Queued, now);
        return true;
    }

    private void Placed(V1Pod? old, PodInfo info, DateTimeOffset now)
    {
        Queue.Remove(info.Uid);
        Nominations.Remove(info.Uid);
        var change = old is not null && Cache.Contains(info.Uid) && !Cache.IsAssumed(info.Uid)
            ? ClusterChanges.Between(new PodInfo(old), info)
            : ClusterChange.PodAdded;
        Cache.PutPod(info);
        Queue.Move(change, now);
    }

    // A scheduler before this one, or somebody else, may have chosen the node. What this one chose itself is shown a little later, and holds until then.
    private void Nominate(V1Pod? old, PodInfo info)
    {
        if (info.Pod.Status?.NominatedNodeName is { Length: > 0 } node)
        {
            if (old?.Status?.NominatedNodeName != node)
            {
                Nominations.Put(info, node);
            }
        }
        else if (old?.Status?.NominatedNodeName is { Length: > 0 } before && Nominations.NodeOf(info.Uid) == before)
        {
            Nominations.Remove(info.Uid);
        }
    }

    private void Drop(string uid, DateTimeOffset now)
    {
        Queue.Remove(uid);
        Nominations.Remove(uid);
        if (Cache.RemovePod(uid))
        {
            Queue.Move(ClusterChange.PodRemoved, now);
        }
    }
}
