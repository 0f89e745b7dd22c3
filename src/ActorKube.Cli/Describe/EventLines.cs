using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>The events about an object, oldest first.</summary>
internal static class EventLines
{
    public static void Write(DescribeText text, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        if (events.Count == 0)
        {
            text.Field(0, "Events", "<none>");
            return;
        }

        text.Flush();
        text.Line(0, "Events:").Line(1, "Type\tReason\tAge\tFrom\tMessage").Line(1, "----\t------\t----\t----\t-------");
        foreach (var e in events.OrderBy(LastSeen))
        {
            var from = e.Text("source", "component") is { Length: > 0 } component ? component : e.Text("reportingComponent");
            text.Line(1, $"{e.Text("type")}\t{e.Text("reason")}\t{AgeOf(e, now)}\t{from}\t{e.Text("message").Trim().Replace("\n", "\n  \t\t\t\t", StringComparison.Ordinal)}");
        }
    }

    private static DateTimeOffset? LastSeen(JsonObject e) =>
        e.Time("series", "lastObservedTime") ?? e.Time("lastTimestamp") ?? e.Time("eventTime") ?? e.Time("metadata", "creationTimestamp");

    private static string AgeOf(JsonObject e, DateTimeOffset now)
    {
        var first = HumanDuration.Since(e.Time("eventTime") ?? e.Time("firstTimestamp") ?? e.Time("metadata", "creationTimestamp"), now);
        if (e.At("series") is { } series)
            return $"{HumanDuration.Since(series.Time("lastObservedTime"), now)} (x{series.Number("count")} over {first})";
        return e.Number("count") > 1 ? $"{HumanDuration.Since(e.Time("lastTimestamp"), now)} (x{e.Number("count")} over {first})" : first;
    }
}
