using System.Collections.Concurrent;
using System.Diagnostics;
using Prometheus;

namespace ActorKube.ApiServer.Admission;

/// <summary>How long admission takes, under Kubernetes' name.</summary>
internal static class AdmissionMetrics
{
    private static readonly Histogram Duration = Metrics.CreateHistogram(
        "apiserver_admission_step_admission_duration_seconds",
        "Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type (validate or admit).",
        new HistogramConfiguration { LabelNames = ["type", "operation", "rejected"], Buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5] });

    private static readonly ConcurrentDictionary<(string Type, string Operation, bool Rejected), Histogram.Child> Known = [];

    /// <summary>Measures a step that began at <paramref name="started"/>, by <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public static void Took(string type, string operation, bool rejected, long started)
    {
        if (!Known.TryGetValue((type, operation, rejected), out var series))
        {
            series = Known.GetOrAdd((type, operation, rejected), k => Duration.WithLabels(k.Type, k.Operation, k.Rejected ? "true" : "false"));
        }

        series.Observe(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }
}
