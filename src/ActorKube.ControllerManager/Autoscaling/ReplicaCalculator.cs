using ActorKube.ControllerManager.Common;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>How far usage may be from its target in either direction, as a part of it.</summary>
internal sealed record Tolerances(double Down, double Up)
{
    /// <summary>Whether usage over target is near enough to one.</summary>
    public bool Allow(double ratio) => 1.0 - Down <= ratio && ratio <= 1.0 + Up;
}

/// <summary>A number of replicas, or why there is none.</summary>
/// <param name="Replicas">How many.</param>
/// <param name="Milli">The average, or the value, that led to it, in thousandths.</param>
/// <param name="Percent">The same as a percentage of what is requested, where that is the target.</param>
/// <param name="Error">In Kubernetes' words why nothing can be said; null when it can.</param>
internal sealed record Calculation(int Replicas, long Milli, int? Percent = null, string? Error = null)
{
    /// <summary>Nothing can be said.</summary>
    public static Calculation Failed(string error) => new(0, 0, null, error);
}

/// <summary>
/// How many replicas bring a metric to its target: usage over target, times the pods that count, rounded up; nothing when it is near enough. Pure.
/// Example: 3 pods at 200 % of a target of 50 % each: ceil(3 × 4) = 12.
/// Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
/// </summary>
internal sealed class ReplicaCalculator(IReadOnlyList<V1Pod> pods, Tolerances tolerances, AutoscalerSettings settings, DateTimeOffset now)
{
    private const string NoPods = "no pods returned by selector while calculating replica count";
    private const string NoMetrics = "did not receive metrics for targeted pods (pods might be unready)";

    /// <summary>For a target that is a percentage of what is requested.</summary>
    public Calculation ByUtilization(int current, int target, string resource, string container, IReadOnlyDictionary<string, PodMetric> metrics)
    {
        if (pods.Count == 0)
            return Calculation.Failed(NoPods);
        var groups = PodGroups.Of(pods, metrics, resource == "cpu", settings, now);
        var counted = Counted(metrics, groups);
        if (counted.Count == 0)
            return Calculation.Failed(NoMetrics);
        var (requests, error) = PodRequests.Of(pods, resource, container);
        if (error is not null)
            return Calculation.Failed(error);
        if (Utilization(counted, requests) is not { } found)
            return Calculation.Failed("no metrics returned matched known pods");
        // On the way down a missing pod counts as using all that it requests, or the target where that is more.
        var replicas = Replicas(
            current, groups, counted, found.Percent / (double)target, pod => requests.GetValueOrDefault(pod) * Math.Max(100, target) / 100,
            values => Utilization(values, requests) is { } again ? again.Percent / (double)target : 1.0);
        return new Calculation(replicas, found.Average, found.Percent);
    }

    /// <summary>For a target that is an average per pod.</summary>
    public Calculation ByAverage(int current, long target, bool isCpu, IReadOnlyDictionary<string, PodMetric> metrics)
    {
        if (pods.Count == 0)
            return Calculation.Failed(NoPods);
        var groups = PodGroups.Of(pods, metrics, isCpu, settings, now);
        var counted = Counted(metrics, groups);
        if (counted.Count == 0)
            return Calculation.Failed(NoMetrics);
        var average = Average(counted);
        return new Calculation(Replicas(current, groups, counted, average / (double)target, _ => target, values => Average(values) / (double)target), average);
    }

    /// <summary>For one value that is not the pods' own, such as the length of a queue.</summary>
    public Calculation ByValue(int current, long target, long value)
    {
        var ratio = value / (double)target;
        // Nothing runs: then the ratio alone tells how many, and none where the value is nothing.
        if (current == 0)
            return new Calculation(Up(ratio), value);
        if (tolerances.Allow(ratio))
            return new Calculation(current, value);
        if (pods.Count == 0)
            return Calculation.Failed($"unable to calculate ready pods: {NoPods}");
        return new Calculation(Up(ratio * pods.Count(p => p.Status?.Phase == "Running" && PodFacts.IsReady(p))), value);
    }

    /// <summary>For one value of which each pod is to have so much.</summary>
    public Calculation ByValuePerPod(int running, long target, long value)
    {
        var ratio = value / ((double)target * running);
        var replicas = tolerances.Allow(ratio) ? running : Up(value / (double)target);
        return new Calculation(replicas, running == 0 ? 0 : (long)Math.Ceiling(value / (double)running));
    }

    private int Replicas(int current, PodGroups groups, Dictionary<string, long> counted, double ratio, Func<string, long> missingOnTheWayDown, Func<Dictionary<string, long>, double> again)
    {
        var startsUnready = groups.Unready.Count > 0 && ratio > 1.0;
        if (!startsUnready && groups.Missing.Count == 0)
            return tolerances.Allow(ratio) ? current : Up(ratio * groups.Ready);

        // Cautiously: what is not known dampens the change in either direction.
        var values = new Dictionary<string, long>(counted, StringComparer.Ordinal);
        foreach (var pod in groups.Missing.Where(_ => ratio != 1.0))
            values[pod] = ratio < 1.0 ? missingOnTheWayDown(pod) : 0;
        foreach (var pod in groups.Unready.Where(_ => startsUnready))
            values[pod] = 0;
        var next = again(values);
        if (tolerances.Allow(next) || (ratio < 1.0 && next > 1.0) || (ratio > 1.0 && next < 1.0))
            return current;
        var replicas = Up(next * values.Count);
        return (next < 1.0 && replicas > current) || (next > 1.0 && replicas < current) ? current : replicas;
    }

    private static Dictionary<string, long> Counted(IReadOnlyDictionary<string, PodMetric> metrics, PodGroups groups) =>
        metrics.Where(m => !groups.Ignored.Contains(m.Key) && !groups.Unready.Contains(m.Key)).ToDictionary(m => m.Key, m => m.Value.Milli, StringComparer.Ordinal);

    private static (int Percent, long Average)? Utilization(Dictionary<string, long> values, Dictionary<string, long> requests)
    {
        var (used, requested, count) = ((Int128)0, (Int128)0, 0);
        foreach (var (pod, value) in values)
        {
            // What is measured of pods that are not the target's counts for nothing.
            if (!requests.TryGetValue(pod, out var request))
                continue;
            (used, requested, count) = (used + value, requested + request, count + 1);
        }

        return requested == 0 ? null : ((int)Int128.Min(used * 100 / requested, int.MaxValue), (long)(used / count));
    }

    private static long Average(Dictionary<string, long> values) => (long)(values.Values.Aggregate((Int128)0, (sum, v) => sum + v) / values.Count);

    private static int Up(double replicas) => replicas >= int.MaxValue ? int.MaxValue : (int)Math.Ceiling(replicas);
}
