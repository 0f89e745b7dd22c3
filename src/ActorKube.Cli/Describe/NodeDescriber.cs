using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>A node for people to read, with the pods on it and what they ask for.</summary>
internal static class NodeDescriber
{
    private const string RoleLabel = "node-role.kubernetes.io/";
    private static readonly string[] AlwaysShown = ["cpu", "memory", "ephemeral-storage"];

    private static readonly (string Title, string Field)[] SystemInfo =
    [
        ("Machine ID", "machineID"), ("System UUID", "systemUUID"), ("Boot ID", "bootID"), ("Kernel Version", "kernelVersion"), ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"), ("Architecture", "architecture"), ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"), ("Kube-Proxy Version", "kubeProxyVersion"),
    ];

    /// <param name="node">The node.</param>
    /// <param name="lease">Its heartbeat; null where there is none.</param>
    /// <param name="pods">The pods on it that have not ended.</param>
    /// <param name="events">The events about it.</param>
    /// <param name="now">Now.</param>
    public static string Of(JsonObject node, JsonObject? lease, IReadOnlyList<JsonObject> pods, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = new DescribeText();
        var (spec, status) = (node.At("spec"), node.At("status"));
        text.Field(0, "Name", node.Text("metadata", "name")).Field(0, "Roles", Roles(node));
        text.Labels(0, "Labels", node.Map("metadata", "labels")).Annotations(node);
        text.Field(0, "CreationTimestamp", DescribeText.Time(node.Time("metadata", "creationTimestamp")));
        text.Values(0, "Taints", spec.List("taints").OrderBy(t => t.Text("effect"), StringComparer.Ordinal).ThenBy(t => t.Text("key"), StringComparer.Ordinal)
            .Select(t => t.Text("key") + (t.Text("value").Length > 0 ? "=" + t.Text("value") : "") + ":" + t.Text("effect")));
        text.Field(0, "Unschedulable", spec.IsTrue("unschedulable") ? "true" : "false");
        Lease(text, lease);
        Conditions(text, status);
        text.Line(0, "Addresses:");
        foreach (var address in status.List("addresses"))
            text.Field(1, address.Text("type"), address.Text("address"));
        Resources(text, "Capacity", status.Map("capacity"));
        Resources(text, "Allocatable", status.Map("allocatable"));
        text.Line(0, "System Info:");
        foreach (var (title, field) in SystemInfo)
            text.Field(1, title, status.Text("nodeInfo", field));
        text.Optional(0, "PodCIDR", spec.Text("podCIDR")).Optional(0, "PodCIDRs", string.Join(',', spec.List("podCIDRs").Select(c => c.Text())));
        text.Optional(0, "ProviderID", spec.Text("providerID"));
        Pods(text, status, pods, now);
        Allocated(text, status, pods);
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    private static string Roles(JsonObject node) => DescribeText.OrNone(string.Join(',', node.Map("metadata", "labels")
        .Select(l => l.Key.StartsWith(RoleLabel, StringComparison.Ordinal) ? l.Key[RoleLabel.Length..] : l.Key == "kubernetes.io/role" ? l.Value.Text() : "")
        .Where(r => r.Length > 0).Distinct().Order(StringComparer.Ordinal)));

    private static void Lease(DescribeText text, JsonObject? lease)
    {
        var holder = lease.Text("spec", "holderIdentity");
        text.Line(0, "Lease:").Field(1, "HolderIdentity", holder.Length == 0 ? "<unset>" : holder);
        text.Field(1, "AcquireTime", DescribeText.Time(lease.Time("spec", "acquireTime"))).Field(1, "RenewTime", DescribeText.Time(lease.Time("spec", "renewTime")));
    }

    private static void Conditions(DescribeText text, JsonNode? status)
    {
        var conditions = status.List("conditions");
        if (conditions.Count == 0)
            return;
        text.Line(0, "Conditions:").Line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
        text.Line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        foreach (var c in conditions)
        {
            text.Line(1, $"{c.Text("type")} \t{c.Text("status")} \t{DescribeText.Time(c.Time("lastHeartbeatTime"))} \t{DescribeText.Time(c.Time("lastTransitionTime"))} "
                + $"\t{c.Text("reason")} \t{c.Text("message")}");
        }
    }

    private static void Resources(DescribeText text, string title, IReadOnlyList<KeyValuePair<string, JsonNode?>> list)
    {
        if (list.Count > 0)
            text.Line(0, $"{title}:");
        foreach (var (name, quantity) in list)
            text.Field(1, name, quantity.Text());
    }

    private static void Pods(DescribeText text, JsonNode? status, IReadOnlyList<JsonObject> pods, DateTimeOffset now)
    {
        text.Field(0, "Non-terminated Pods", $"({pods.Count} in total)");
        text.Line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
        text.Line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
        foreach (var pod in pods)
        {
            var cells = from resource in new[] { "cpu", "memory" }
                        from list in new[] { "requests", "limits" }
                        select Share(PodResources.Of(pod, list, resource), Allocatable(status, resource));
            text.Line(1, $"{pod.Text("metadata", "namespace")}\t{pod.Text("metadata", "name")}\t\t{string.Join('\t', cells)}\t{HumanDuration.Since(pod.Time("metadata", "creationTimestamp"), now)}");
        }
    }

    private static void Allocated(DescribeText text, JsonNode? status, IReadOnlyList<JsonObject> pods)
    {
        text.Line(0, "Allocated resources:").Line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
        text.Line(1, "Resource\tRequests\tLimits").Line(1, "--------\t--------\t------");
        var others = status.Map("allocatable").Select(r => r.Key).Where(r => r != "pods" && !AlwaysShown.Contains(r));
        foreach (var resource in AlwaysShown.Concat(others))
        {
            Quantity Total(string list) => pods.Aggregate(Quantity.Zero, (sum, pod) => sum + PodResources.Of(pod, list, resource));
            var whole = Allocatable(status, resource);
            // Extended resources are counted in pieces: percent says nothing of them.
            var inPieces = resource.Contains('/');
            text.Line(1, $"{resource}\t{(inPieces ? Total("requests").ToString() : Share(Total("requests"), whole))}\t{(inPieces ? Total("limits").ToString() : Share(Total("limits"), whole))}");
        }
    }

    private static string Share(Quantity part, Quantity whole) => $"{part} ({PodResources.Percent(part, whole)}%)";

    private static Quantity Allocatable(JsonNode? status, string resource) => Quantity.TryParse(status.Text("allocatable", resource), out var quantity) ? quantity : Quantity.Zero;
}
