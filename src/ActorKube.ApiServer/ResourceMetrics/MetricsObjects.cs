using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.ResourceMetrics;

/// <summary>NodeMetrics and PodMetrics objects. Pure.</summary>
internal static class MetricsObjects
{
    /// <summary>Of a node.</summary>
    public static CustomObject Of(V1Node node, Measure measure, DateTime now) => new()
    {
        ApiVersion = MetricsKinds.Nodes.ApiVersion,
        Kind = MetricsKinds.Nodes.Kind,
        Metadata = Metadata(node.Metadata, now),
        Content = new JsonObject { ["timestamp"] = Time(measure.Time), ["window"] = Window(measure.Window), ["usage"] = Usage(measure) },
    };

    /// <summary>Of a pod: the time is that of the container that was measured first.</summary>
    public static CustomObject Of(V1Pod pod, PodMeasure measure, DateTime now)
    {
        var first = measure.Containers.Select(c => c.Measure).MinBy(m => m.Time)!;
        return new CustomObject
        {
            ApiVersion = MetricsKinds.Pods.ApiVersion,
            Kind = MetricsKinds.Pods.Kind,
            Metadata = Metadata(pod.Metadata, now),
            Content = new JsonObject
            {
                ["timestamp"] = Time(first.Time),
                ["window"] = Window(first.Window),
                ["containers"] = new JsonArray([.. measure.Containers.Select(c => (JsonNode)new JsonObject { ["name"] = c.Name, ["usage"] = Usage(c.Measure) })]),
            },
        };
    }

    /// <summary>A time as Go writes it, to milliseconds: <c>15s</c>, <c>1m0.25s</c>, <c>500ms</c>.</summary>
    public static string Window(TimeSpan window)
    {
        var milliseconds = (long)Math.Round(window.TotalMilliseconds);
        if (milliseconds < 1000)
        {
            return milliseconds == 0 ? "0s" : string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
        }

        var (minutes, rest) = Math.DivRem(milliseconds, 60_000);
        var seconds = (rest / 1000m).ToString("0.###", CultureInfo.InvariantCulture);
        var (hours, left) = Math.DivRem(minutes, 60);
        return (hours, minutes) switch
        {
            ( > 0, _) => string.Create(CultureInfo.InvariantCulture, $"{hours}h{left}m{seconds}s"),
            (_, > 0) => string.Create(CultureInfo.InvariantCulture, $"{minutes}m{seconds}s"),
            _ => $"{seconds}s",
        };
    }

    private static V1ObjectMeta Metadata(V1ObjectMeta of, DateTime now) => new()
    {
        Name = of.Name,
        NamespaceProperty = of.NamespaceProperty,
        CreationTimestamp = now,
        Labels = of.Labels is { Count: > 0 } labels ? new Dictionary<string, string>(labels) : null,
    };

    private static JsonObject Usage(Measure measure) => new()
    {
        ["cpu"] = Quantity.Parse(string.Create(CultureInfo.InvariantCulture, $"{measure.NanoCores}n")).ToString(),
        ["memory"] = Quantity.Of((long)measure.WorkingSetBytes, QuantityFormat.BinarySI).ToString(),
    };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
