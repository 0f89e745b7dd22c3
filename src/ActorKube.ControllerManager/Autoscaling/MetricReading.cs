namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>What one pod uses.</summary>
/// <param name="Milli">Thousandths.</param>
/// <param name="Time">When it was measured.</param>
/// <param name="Window">The time up to then over which it was measured.</param>
internal sealed record PodMetric(long Milli, DateTimeOffset Time, TimeSpan Window);

/// <summary>What was read of one metric.</summary>
internal abstract record MetricReading
{
    /// <summary>Values by pod.</summary>
    public sealed record OfPods(IReadOnlyDictionary<string, PodMetric> Pods) : MetricReading;

    /// <summary>One value, or the sum of several, in thousandths.</summary>
    public sealed record Total(long Milli) : MetricReading;

    /// <summary>Nothing could be read.</summary>
    public sealed record Failed(string Message) : MetricReading;
}
