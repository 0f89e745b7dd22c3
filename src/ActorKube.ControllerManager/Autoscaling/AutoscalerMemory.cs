using System.Collections.Immutable;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>A number of replicas and when it was recommended, or by how many replicas it was changed and when.</summary>
internal readonly record struct Dated(int Count, DateTimeOffset Time);

/// <summary>What the controller remembers of an autoscaler: what it recommended, before it was limited, and what it did. Immutable; a controller that starts anew begins without.</summary>
internal sealed record AutoscalerMemory
{
    /// <summary>Nothing yet.</summary>
    public static AutoscalerMemory Empty { get; } = new();

    /// <summary>Recommendations, the oldest first.</summary>
    public ImmutableArray<Dated> Recommendations { get; init; } = [];

    /// <summary>By how many replicas there came to be more.</summary>
    public ImmutableArray<Dated> Ups { get; init; } = [];

    /// <summary>By how many replicas there came to be less.</summary>
    public ImmutableArray<Dated> Downs { get; init; } = [];

    /// <summary>Begins with what there is, so that whatever had been recommended before is not undone at once.</summary>
    public AutoscalerMemory Begin(int current, DateTimeOffset now) => Recommendations.IsEmpty ? this with { Recommendations = [new Dated(current, now)] } : this;

    /// <summary>Adds a recommendation and forgets those that count for nothing any more.</summary>
    public AutoscalerMemory Recommend(int replicas, TimeSpan longest, DateTimeOffset now) =>
        this with { Recommendations = [.. Recommendations.Where(r => r.Time >= now - longest), new Dated(replicas, now)] };

    /// <summary>Notes a change, which limits further ones where the autoscaler has policies.</summary>
    public AutoscalerMemory Rescaled(V2HorizontalPodAutoscalerBehavior? behavior, int from, int to, DateTimeOffset now)
    {
        if (behavior is null)
            return this;
        return to > from
            ? this with { Ups = Add(Ups, to - from, behavior, now) }
            : this with { Downs = Add(Downs, from - to, behavior, now) };
    }

    /// <summary>By how many replicas there came to be more within the last seconds, less those by which there came to be less.</summary>
    public int ChangeWithin(int seconds, DateTimeOffset now) => Sum(Ups, seconds, now) - Sum(Downs, seconds, now);

    private static int Sum(ImmutableArray<Dated> changes, int seconds, DateTimeOffset now) => changes.Where(c => c.Time > now.AddSeconds(-seconds)).Sum(c => c.Count);

    private static ImmutableArray<Dated> Add(ImmutableArray<Dated> changes, int count, V2HorizontalPodAutoscalerBehavior behavior, DateTimeOffset now)
    {
        var longest = (behavior.ScaleUp?.Policies ?? []).Concat(behavior.ScaleDown?.Policies ?? []).Select(p => p.PeriodSeconds).DefaultIfEmpty().Max();
        return [.. changes.Where(c => c.Time >= now.AddSeconds(-longest)), new Dated(count, now)];
    }
}
