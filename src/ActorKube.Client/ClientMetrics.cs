using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ActorKube.Client;

/// <summary>
/// What clients and controllers measure, under Kubernetes' names. Whoever publishes it listens to the meter <see cref="MeterName"/>; while nobody does,
/// measuring costs next to nothing.
/// </summary>
public static class ClientMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "ActorKube.Client";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Requests = Meter.CreateCounter<long>("rest_client_requests_total", null, "Number of HTTP requests, partitioned by status code, method, and host.");
    private static readonly Histogram<double> RequestDuration = Meter.CreateHistogram<double>("rest_client_request_duration_seconds", null, "Request latency in seconds. Broken down by verb, and host.");

    internal static UpDownCounter<long> QueueDepth { get; } = Meter.CreateUpDownCounter<long>("workqueue_depth", null, "Current depth of workqueue");

    internal static Counter<long> QueueAdds { get; } = Meter.CreateCounter<long>("workqueue_adds_total", null, "Total number of adds handled by workqueue");

    internal static Counter<long> QueueRetries { get; } = Meter.CreateCounter<long>("workqueue_retries_total", null, "Total number of retries handled by workqueue");

    internal static Histogram<double> QueueDuration { get; } =
        Meter.CreateHistogram<double>("workqueue_queue_duration_seconds", null, "How long in seconds an item stays in workqueue before being requested.");

    internal static Histogram<double> WorkDuration { get; } =
        Meter.CreateHistogram<double>("workqueue_work_duration_seconds", null, "How long in seconds processing an item from workqueue takes.");

    /// <summary>Counts a request to an API server.</summary>
    /// <param name="code">The answer's HTTP code; 0 when there was none.</param>
    /// <param name="method">HTTP method.</param>
    /// <param name="host">Host and port.</param>
    /// <param name="started">When it was sent, by <see cref="Stopwatch.GetTimestamp"/>.</param>
    public static void Request(int code, string method, string host, long started)
    {
        if (Requests.Enabled)
        {
            Requests.Add(1, new("code", code == 0 ? "<error>" : code.ToString(System.Globalization.CultureInfo.InvariantCulture)), new("method", method), new("host", host));
            RequestDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new("verb", method), new("host", host));
        }
    }
}

/// <summary>Measures one work queue: how much waits, how long it waits and how long the work takes. Used by the queue's owner only.</summary>
/// <typeparam name="TKey">The queue's keys.</typeparam>
public sealed class WorkQueueMetrics<TKey>(string name, TimeProvider time) where TKey : notnull
{
    private readonly KeyValuePair<string, object?> _name = new("name", name);
    private readonly Dictionary<TKey, long> _waiting = [];
    private readonly Dictionary<TKey, long> _working = [];

    internal void Added(TKey key)
    {
        ClientMetrics.QueueAdds.Add(1, _name);
        ClientMetrics.QueueDepth.Add(1, _name);
        _waiting[key] = time.GetTimestamp();
    }

    internal void Taken(TKey key)
    {
        ClientMetrics.QueueDepth.Add(-1, _name);
        if (_waiting.Remove(key, out var since))
            ClientMetrics.QueueDuration.Record(time.GetElapsedTime(since).TotalSeconds, _name);
        _working[key] = time.GetTimestamp();
    }

    internal void Done(TKey key)
    {
        if (_working.Remove(key, out var since))
            ClientMetrics.WorkDuration.Record(time.GetElapsedTime(since).TotalSeconds, _name);
    }

    internal void Retried() => ClientMetrics.QueueRetries.Add(1, _name);
}
