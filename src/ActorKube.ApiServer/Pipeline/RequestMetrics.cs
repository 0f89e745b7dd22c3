using System.Globalization;
using ActorKube.Client.Protocol;
using Prometheus;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>The request series of <c>/metrics</c>, under Kubernetes' names.</summary>
internal static class RequestMetrics
{
    private static readonly Counter Total = Metrics.CreateCounter(
        "apiserver_request_total", "Counter of apiserver requests broken out for each verb, group, version, resource, scope and HTTP response code.",
        "verb", "group", "version", "resource", "subresource", "scope", "code");

    private static readonly Histogram Duration = Metrics.CreateHistogram(
        "apiserver_request_duration_seconds", "Response latency distribution in seconds for each verb, group, version, resource, subresource and scope.",
        new HistogramConfiguration
        {
            LabelNames = ["verb", "group", "version", "resource", "subresource", "scope"],
            Buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 30, 60],
        });

    private static readonly Gauge Inflight = Metrics.CreateGauge(
        "apiserver_current_inflight_requests", "Maximal number of currently used inflight request limit of this apiserver per request kind in last second.", "request_kind");

    private static readonly Gauge LongRunning = Metrics.CreateGauge("apiserver_longrunning_requests", "Gauge of all active long-running apiserver requests.", "verb");

    private static readonly Gauge.Child ReadOnly = Inflight.WithLabels("readOnly");
    private static readonly Gauge.Child Mutating = Inflight.WithLabels("mutating");
    private static readonly Gauge.Child Watches = LongRunning.WithLabels("WATCH");

    /// <summary>Counts a request as running until the result is disposed.</summary>
    public static IDisposable Begin(bool readOnly) => (readOnly ? ReadOnly : Mutating).TrackInProgress();

    /// <summary>Counts a watch as running until the result is disposed.</summary>
    public static IDisposable BeginWatch() => Watches.TrackInProgress();

    /// <summary>Counts a finished request.</summary>
    public static void End(ApiRequest request, int code, TimeSpan took)
    {
        var verb = Verb(request.Verb);
        var scope = request.Name.Length > 0 ? "resource" : request.Namespace.Length > 0 ? "namespace" : "cluster";
        Total.WithLabels(verb, request.Group, request.Version, request.Resource, request.Subresource, scope, code.ToString(CultureInfo.InvariantCulture)).Inc();
        if (request.Verb != "watch")
        {
            Duration.WithLabels(verb, request.Group, request.Version, request.Resource, request.Subresource, scope).Observe(took.TotalSeconds);
        }
    }

    private static string Verb(string verb) => verb switch
    {
        "get" => "GET",
        "list" => "LIST",
        "watch" => "WATCH",
        "create" => "POST",
        "update" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        _ => "other",
    };
}
