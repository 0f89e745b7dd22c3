using System.Collections.Concurrent;
using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.Client.Protocol;
using Prometheus;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>The request series of <c>/metrics</c>, under Kubernetes' names.</summary>
internal static class RequestMetrics
{
    private const string Component = "apiserver";

    private static readonly Counter Total = Metrics.CreateCounter(
        "apiserver_request_total", "Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.",
        "verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component", "code");

    private static readonly Histogram Duration = Metrics.CreateHistogram(
        "apiserver_request_duration_seconds", "Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.",
        new HistogramConfiguration
        {
            LabelNames = ["verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component"],
            Buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 30, 60],
        });

    private static readonly Gauge Inflight = Metrics.CreateGauge(
        "apiserver_current_inflight_requests", "Maximal number of currently used inflight request limit of this apiserver per request kind in last second.", "request_kind");

    private static readonly Gauge LongRunning = Metrics.CreateGauge(
        "apiserver_longrunning_requests", "Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.",
        "verb", "group", "version", "resource", "subresource", "scope", "component");

    private static readonly Counter WatchEvents = Metrics.CreateCounter("apiserver_watch_events_total", "Number of events sent in watch clients", "group", "version", "resource");

    private static readonly Gauge.Child ReadOnly = Inflight.WithLabels("readOnly");
    private static readonly Gauge.Child Mutating = Inflight.WithLabels("mutating");

    // Looking labels up costs more than counting: a request's series are looked up together, and once.
    private static readonly ConcurrentDictionary<SeriesKey, Series> Known = [];

    /// <summary>Counts a request as running until the result is disposed.</summary>
    public static IDisposable Begin(bool readOnly) => (readOnly ? ReadOnly : Mutating).TrackInProgress();

    /// <summary>Counts a watch as running until the result is disposed.</summary>
    public static WatchMeter BeginWatch(string group, string version, string resource) =>
        new(LongRunning.WithLabels("WATCH", group, version, resource, "", "cluster", Component), WatchEvents.WithLabels(group, version, resource));

    /// <summary>Counts a connection to a pod, a node or a Service as running until it ends, and then as a request.</summary>
    public static async Task ConnectAsync(ApiRequest request, Func<Task> serve, Func<int> code)
    {
        using var running = LongRunning.WithLabels("CONNECT", request.Group, request.Version, request.Resource, request.Subresource, "resource", Component).TrackInProgress();
        try
        {
            await serve().ConfigureAwait(false);
            Count(code());
        }
        catch (ApiException e)
        {
            Count(e.Code);
            throw;
        }

        void Count(int answered) => Total
            .WithLabels("CONNECT", "", request.Group, request.Version, request.Resource, request.Subresource, "resource", Component, answered.ToString(CultureInfo.InvariantCulture)).Inc();
    }

    /// <summary>Counts a finished request.</summary>
    public static void End(ApiRequest request, int code, TimeSpan took)
    {
        var dryRun = request.Query.Count > 0 && request.Query.ContainsKey("dryRun");
        var apply = request.Verb == "patch" && request.ContentType.StartsWith("application/apply-patch", StringComparison.Ordinal);
        var scope = request.Name.Length > 0 || request.Verb == "create" ? "resource" : request.Namespace.Length > 0 ? "namespace" : "cluster";
        var key = new SeriesKey(apply ? "apply" : request.Verb, request.Group, request.Version, request.Resource, request.Subresource, scope, dryRun, code);
        if (!Known.TryGetValue(key, out var series))
        {
            series = Known.GetOrAdd(key, Series.Of);
        }

        series.Total.Inc();
        series.Duration?.Observe(took.TotalSeconds);
    }

    private static string Verb(string verb) => verb switch
    {
        "get" => "GET",
        "list" => "LIST",
        "watch" => "WATCH",
        "create" => "POST",
        "update" => "PUT",
        "patch" => "PATCH",
        "apply" => "APPLY",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        _ => "other",
    };

    private readonly record struct SeriesKey(string Verb, string Group, string Version, string Resource, string Subresource, string Scope, bool DryRun, int Code);

    private sealed record Series(Counter.Child Total, Histogram.Child? Duration)
    {
        public static Series Of(SeriesKey key)
        {
            var (verb, dryRun) = (Verb(key.Verb), key.DryRun ? "All" : "");
            return new Series(
                RequestMetrics.Total.WithLabels(verb, dryRun, key.Group, key.Version, key.Resource, key.Subresource, key.Scope, Component, key.Code.ToString(CultureInfo.InvariantCulture)),
                key.Verb == "watch" ? null : RequestMetrics.Duration.WithLabels(verb, dryRun, key.Group, key.Version, key.Resource, key.Subresource, key.Scope, Component));
        }
    }
}

/// <summary>Counts one watch: running until disposed, and what it sends.</summary>
internal sealed class WatchMeter : IDisposable
{
    private readonly IDisposable _running;
    private readonly Counter.Child _events;

    /// <summary>Begins to count.</summary>
    public WatchMeter(Gauge.Child running, Counter.Child events) => (_running, _events) = (running.TrackInProgress(), events);

    /// <summary>Counts events that went to the client.</summary>
    public void Sent(int events) => _events.Inc(events);

    /// <inheritdoc/>
    public void Dispose() => _running.Dispose();
}
