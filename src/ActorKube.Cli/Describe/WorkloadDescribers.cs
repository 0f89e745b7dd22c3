using System.Text.Json.Nodes;
using ActorKube.Cli.Output;
using ActorKube.Cli.Rollout;

namespace ActorKube.Cli.Describe;

/// <summary>Deployments and ReplicaSets for people to read.</summary>
internal static class WorkloadDescribers
{
    /// <param name="deployment">The Deployment.</param>
    /// <param name="sets">The ReplicaSets it owns.</param>
    /// <param name="events">The events about it.</param>
    /// <param name="now">Now.</param>
    public static string OfDeployment(JsonObject deployment, IReadOnlyList<JsonObject> sets, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = new DescribeText();
        var (spec, status) = (deployment.At("spec"), deployment.At("status"));
        text.Field(0, "Name", deployment.Text("metadata", "name")).Field(0, "Namespace", deployment.Text("metadata", "namespace"));
        text.Field(0, "CreationTimestamp", DescribeText.Time(deployment.Time("metadata", "creationTimestamp")));
        text.Labels(0, "Labels", deployment.Map("metadata", "labels")).Annotations(deployment);
        text.Field(0, "Selector", DescribeText.Selector(spec.At("selector")));
        text.Field(0, "Replicas", $"{spec.Number("replicas") ?? 1} desired | {status.Number("updatedReplicas") ?? 0} updated | {status.Number("replicas") ?? 0} total | "
            + $"{status.Number("availableReplicas") ?? 0} available | {status.Number("unavailableReplicas") ?? 0} unavailable");
        text.Field(0, "StrategyType", spec.Text("strategy", "type")).Field(0, "MinReadySeconds", $"{spec.Number("minReadySeconds") ?? 0}");
        if (spec.At("strategy", "rollingUpdate") is { } rolling)
            text.Field(0, "RollingUpdateStrategy", $"{rolling.Text("maxUnavailable")} max unavailable, {rolling.Text("maxSurge")} max surge");
        PodTemplateLines.Write(text, spec.At("template"));
        Conditions(text, status);
        var current = Revisions.Current(deployment, sets);
        text.Field(0, "OldReplicaSets", Sets(sets.Where(s => s != current))).Field(0, "NewReplicaSet", Sets(current is null ? [] : [current]));
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    /// <param name="set">The ReplicaSet.</param>
    /// <param name="pods">The pods it owns.</param>
    /// <param name="events">The events about it.</param>
    /// <param name="now">Now.</param>
    public static string OfReplicaSet(JsonObject set, IReadOnlyList<JsonObject> pods, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = new DescribeText();
        text.Field(0, "Name", set.Text("metadata", "name")).Field(0, "Namespace", set.Text("metadata", "namespace"));
        text.Field(0, "Selector", DescribeText.Selector(set.At("spec", "selector")));
        text.Labels(0, "Labels", set.Map("metadata", "labels")).Annotations(set);
        text.Optional(0, "Controlled By", PodDescriber.Controller(set));
        text.Field(0, "Replicas", $"{set.Number("status", "replicas") ?? 0} current / {set.Number("spec", "replicas") ?? 1} desired");
        text.Field(0, "Pods Status", SetDescribers.Phases(pods));
        PodTemplateLines.Write(text, set.At("spec", "template"));
        Conditions(text, set.At("status"));
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    private static void Conditions(DescribeText text, JsonNode? status)
    {
        var conditions = status.List("conditions");
        if (conditions.Count == 0)
            return;
        text.Line(0, "Conditions:").Line(1, "Type\tStatus\tReason").Line(1, "----\t------\t------");
        foreach (var condition in conditions)
            text.Line(1, $"{condition.Text("type")} \t{condition.Text("status")}\t{condition.Text("reason")}");
    }

    private static string Sets(IEnumerable<JsonObject> sets) => DescribeText.OrNone(string.Join(", ", sets.Select(s =>
        $"{s.Text("metadata", "name")} ({s.Number("status", "replicas") ?? 0}/{s.Number("spec", "replicas") ?? 1} replicas created)")));
}
