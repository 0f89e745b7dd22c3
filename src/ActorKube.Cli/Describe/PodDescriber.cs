using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>A pod for people to read.</summary>
internal static class PodDescriber
{
    public static string Of(JsonObject pod, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = new DescribeText();
        var (spec, status) = (pod.At("spec"), pod.At("status"));
        text.Field(0, "Name", pod.Text("metadata", "name")).Field(0, "Namespace", pod.Text("metadata", "namespace"));
        text.Optional(0, "Priority", spec.Text("priority")).Optional(0, "Priority Class Name", spec.Text("priorityClassName"));
        text.Optional(0, "Runtime Class Name", spec.Text("runtimeClassName")).Optional(0, "Service Account", spec.Text("serviceAccountName"));
        text.Field(0, "Node", spec.Text("nodeName") is { Length: > 0 } node ? $"{node}/{status.Text("hostIP")}" : "<none>");
        if (status.Time("startTime") is { } start)
            text.Field(0, "Start Time", DescribeText.Time(start));
        text.Labels(0, "Labels", pod.Map("metadata", "labels")).Annotations(pod);
        Phase(text, pod, now);
        text.Optional(0, "Reason", status.Text("reason")).Optional(0, "Message", status.Text("message"));
        ContainerLines.Seccomp(text, 0, spec);
        text.Field(0, "IP", status.Text("podIP"));
        var ips = status.List("podIPs");
        text.Line(0, $"IPs:{(ips.Count == 0 ? "\t<none>" : "")}");
        foreach (var ip in ips)
            text.Field(1, "IP", ip.Text("ip"));
        text.Optional(0, "Controlled By", Controller(pod)).Optional(0, "NominatedNodeName", status.Text("nominatedNodeName"));
        Containers(text, pod, spec, status);
        Conditions(text, spec, status);
        VolumeLines.Write(text, spec.List("volumes"), template: false);
        text.Field(0, "QoS Class", status.Text("qosClass") is { Length: > 0 } qos ? qos : "BestEffort");
        Placement(text, 0, spec);
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    /// <summary>Who owns the object: <c>ReplicaSet/web-5d9c</c>; empty where nobody does.</summary>
    public static string Controller(JsonObject value) =>
        value.List("metadata", "ownerReferences").Where(o => o.IsTrue("controller")).Select(o => $"{o.Text("kind")}/{o.Text("name")}").FirstOrDefault("");

    /// <summary>Where pods of the spec may run.</summary>
    public static void Placement(DescribeText text, int level, JsonNode? spec)
    {
        text.Labels(level, "Node-Selectors", spec.Map("nodeSelector"));
        text.Values(level, "Tolerations", spec.List("tolerations").OrderBy(t => t.Text("key"), StringComparer.Ordinal).Select(Toleration));
        var spread = spec.List("topologySpreadConstraints");
        if (spread.Count == 0)
            return;
        text.Values(level, "Topology Spread Constraints", spread.OrderBy(c => c.Text("topologyKey"), StringComparer.Ordinal).Select(c =>
            $"{c.Text("topologyKey")}:{c.Text("whenUnsatisfiable")} when max skew {c.Text("maxSkew")} is exceeded"
            + (c.At("labelSelector") is { } selector ? $" for selector {DescribeText.Selector(selector)}" : "")));
    }

    private static void Phase(DescribeText text, JsonObject pod, DateTimeOffset now)
    {
        var phase = pod.Text("status", "phase");
        if (pod.Time("metadata", "deletionTimestamp") is { } deletion && phase is not ("Failed" or "Succeeded"))
        {
            text.Field(0, "Status", $"Terminating (lasts {HumanDuration.Since(deletion, now)})");
            text.Field(0, "Termination Grace Period", $"{pod.Number("metadata", "deletionGracePeriodSeconds") ?? 0}s");
        }
        else
        {
            text.Field(0, "Status", phase);
        }
    }

    private static void Containers(DescribeText text, JsonObject pod, JsonNode? spec, JsonNode? status)
    {
        var lines = new ContainerLines(text, pod);
        if (spec.List("initContainers") is { Count: > 0 } init)
            lines.Write("Init Containers", init, status.List("initContainerStatuses"));
        lines.Write("Containers", spec.List("containers"), status.List("containerStatuses"));
        if (spec.List("ephemeralContainers") is { Count: > 0 } ephemeral)
            lines.Write("Ephemeral Containers", ephemeral, status.List("ephemeralContainerStatuses"));
    }

    private static void Conditions(DescribeText text, JsonNode? spec, JsonNode? status)
    {
        var conditions = status.List("conditions");
        var gates = spec.List("readinessGates").Select(g => g.Text("conditionType")).ToList();
        if (gates.Count > 0)
            text.Line(0, "Readiness Gates:").Line(1, "Type\tStatus");
        foreach (var gate in gates)
            text.Line(1, $"{gate} \t{conditions.Where(c => c.Text("type") == gate).Select(c => c.Text("status")).FirstOrDefault("<none>")} ");
        if (conditions.Count > 0)
            text.Line(0, "Conditions:").Line(1, "Type\tStatus");
        foreach (var condition in conditions)
            text.Line(1, $"{condition.Text("type")} \t{condition.Text("status")} ");
    }

    private static string Toleration(JsonNode toleration)
    {
        var (key, value, effect) = (toleration.Text("key"), toleration.Text("value"), toleration.Text("effect"));
        var text = key + (value.Length > 0 ? "=" + value : "") + (effect.Length > 0 ? ":" + effect : "");
        if (toleration.Text("operator") == "Exists" && value.Length == 0)
            text += text.Length > 0 ? " op=Exists" : "op=Exists";
        return toleration.Number("tolerationSeconds") is { } seconds ? $"{text} for {seconds}s" : text;
    }
}
