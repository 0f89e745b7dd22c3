namespace ActorKube.Scheduler;

/// <summary>Why a node does not fit, in the words that people read in the FailedScheduling event.</summary>
/// <param name="Reasons">At least one; each is counted over all nodes.</param>
public sealed record Rejection(params IReadOnlyList<string> Reasons);

/// <summary>One rule of scheduling. Stateless; what it needs per pod it puts into a <see cref="PodCheck"/>.</summary>
public abstract class SchedulerPlugin
{
    /// <summary>The name Kubernetes gives the rule.</summary>
    public abstract string Name { get; }

    /// <summary>Changes after which a pod that this rule kept off a node may fit.</summary>
    public abstract ClusterChange HelpedBy { get; }

    /// <summary>The rule applied to one pod, or null when it has nothing to say about that pod.</summary>
    public abstract PodCheck? For(PodInfo pod, Snapshot snapshot);
}

/// <summary>One rule applied to one pod in one snapshot.</summary>
public abstract class PodCheck
{
    /// <summary>The highest score.</summary>
    public const long MaxScore = 100;

    /// <summary>The only nodes that can fit, where the rule knows them without looking at each; null for all.</summary>
    public virtual IReadOnlySet<string>? OnlyNodes => null;

    /// <summary>Why no node can fit, whichever it is; null when it depends on the node.</summary>
    public virtual string? RejectsAll => null;

    /// <summary>Whether the rule scores.</summary>
    public virtual bool Scores => false;

    /// <summary>Null when the node fits.</summary>
    public virtual Rejection? Filter(NodeInfo node) => null;

    /// <summary>Whether a node that this rule rejects could fit once pods have left it. A taint stays, whoever leaves.</summary>
    public virtual bool HelpedByPreemption(NodeInfo node) => true;

    /// <summary>Fills in how good each fitting node is, from 0 to <see cref="MaxScore"/>.</summary>
    public virtual void Score(ReadOnlySpan<NodeInfo> nodes, Span<long> scores)
    {
    }

    /// <summary>Stretches raw scores so that the highest is <see cref="MaxScore"/>; reversed, the highest becomes 0.</summary>
    protected static void Normalize(Span<long> scores, bool reverse = false)
    {
        long max = 0;
        foreach (var score in scores)
        {
            max = Math.Max(max, score);
        }

        foreach (ref var score in scores)
        {
            var scaled = max == 0 ? 0 : MaxScore * score / max;
            score = reverse ? MaxScore - scaled : scaled;
        }
    }
}
