using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>DaemonSets and StatefulSets for people to read.</summary>
internal static class SetDescribers
{
    /// <param name="set">The DaemonSet.</param>
    /// <param name="pods">The pods it owns.</param>
    /// <param name="events">The events about it.</param>
    /// <param name="now">Now.</param>
    public static string OfDaemonSet(JsonObject set, IReadOnlyList<JsonObject> pods, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = new DescribeText();
        text.Field(0, "Name", set.Text("metadata", "name")).Field(0, "Namespace", set.Text("metadata", "namespace"));
        text.Field(0, "Selector", DescribeText.Selector(set.At("spec", "selector")));
        text.Field(0, "Node-Selector", DescribeText.OrNone(DescribeText.Pairs(set.Map("spec", "template", "spec", "nodeSelector"))));
        text.Labels(0, "Labels", set.Map("metadata", "labels")).Annotations(set);
        foreach (var (title, field) in new[]
        {
            ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"), ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
            ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"), ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
            ("Number of Nodes Misscheduled", "numberMisscheduled"),
        })
            text.Line(0, $"{title}: {set.Number("status", field) ?? 0}");
        text.Field(0, "Pods Status", Phases(pods));
        PodTemplateLines.Write(text, set.At("spec", "template"));
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    /// <param name="set">The StatefulSet.</param>
    /// <param name="pods">The pods it owns.</param>
    /// <param name="events">The events about it.</param>
    /// <param name="now">Now.</param>
    public static string OfStatefulSet(JsonObject set, IReadOnlyList<JsonObject> pods, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = new DescribeText();
        text.Field(0, "Name", set.Text("metadata", "name")).Field(0, "Namespace", set.Text("metadata", "namespace"));
        text.Field(0, "CreationTimestamp", DescribeText.Time(set.Time("metadata", "creationTimestamp")));
        text.Field(0, "Selector", DescribeText.Selector(set.At("spec", "selector")));
        text.Labels(0, "Labels", set.Map("metadata", "labels")).Annotations(set);
        text.Field(0, "Replicas", $"{set.Number("spec", "replicas") ?? 1} desired | {set.Number("status", "replicas") ?? 0} total");
        text.Field(0, "Update Strategy", set.Text("spec", "updateStrategy", "type"));
        if (set.Number("spec", "updateStrategy", "rollingUpdate", "partition") is { } partition)
            text.Field(1, "Partition", $"{partition}");
        text.Field(0, "Pods Status", Phases(pods));
        PodTemplateLines.Write(text, set.At("spec", "template"));
        Claims(text, set.List("spec", "volumeClaimTemplates"));
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    /// <summary>How many pods are in which phase.</summary>
    public static string Phases(IReadOnlyList<JsonObject> pods)
    {
        int In(string phase) => pods.Count(p => p.Text("status", "phase") == phase);
        return $"{In("Running")} Running / {In("Pending")} Waiting / {In("Succeeded")} Succeeded / {In("Failed")} Failed";
    }

    private static void Claims(DescribeText text, IReadOnlyList<JsonNode> claims)
    {
        if (claims.Count == 0)
        {
            text.Field(0, "Volume Claims", "<none>");
            return;
        }

        text.Line(0, "Volume Claims:");
        foreach (var claim in claims)
        {
            text.Field(1, "Name", claim.Text("metadata", "name")).Field(1, "StorageClass", claim.Text("spec", "storageClassName"));
            text.Labels(1, "Labels", claim.Map("metadata", "labels")).Labels(1, "Annotations", claim.Map("metadata", "annotations"));
            var capacity = claim.Text("spec", "resources", "requests", "storage");
            text.Field(1, "Capacity", capacity.Length > 0 ? capacity : "<default>");
            text.Field(1, "Access Modes", $"[{string.Join(' ', claim.List("spec", "accessModes").Select(m => m.Text()))}]");
        }
    }
}
