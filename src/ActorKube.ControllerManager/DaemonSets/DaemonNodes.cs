using ActorKube.Api.Machinery;
using ActorKube.Api.Scheduling;
using ActorKube.ControllerManager.Common;
using k8s.Models;

namespace ActorKube.ControllerManager.DaemonSets;

/// <summary>
/// On which nodes a DaemonSet runs, and the pods for them. Source: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#how-daemon-pods-are-scheduled
/// </summary>
internal static class DaemonNodes
{
    private const string NodeName = "metadata.name";

    // A daemon serves the node: what drives other pods off it does not drive the daemon off.
    private static readonly (string Key, string Effect)[] Tolerated =
    [
        ("node.kubernetes.io/not-ready", "NoExecute"), ("node.kubernetes.io/unreachable", "NoExecute"), ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"), ("node.kubernetes.io/pid-pressure", "NoSchedule"), ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];

    /// <summary>Whether a pod should be started on the node, and whether one that is there may stay.</summary>
    public static (bool Run, bool Stay) Decide(V1DaemonSet set, V1Node node)
    {
        var spec = set.Spec.Template.Spec;
        var pod = new V1Pod { Spec = spec };
        if ((!string.IsNullOrEmpty(spec.NodeName) && spec.NodeName != node.Metadata.Name)
            || !NodeSelector.MatchesRequired(pod, node.Metadata.Labels ?? new Dictionary<string, string>(), node.Metadata.Name))
            return (false, false);
        var tolerations = Tolerations(spec);
        var against = (node.Spec?.Taints ?? []).Where(t => t.Effect is "NoSchedule" or "NoExecute" && !Toleration.Covers(tolerations, t)).ToList();
        return (against.Count == 0, against.All(t => t.Effect != "NoExecute"));
    }

    /// <summary>The node that a pod is for: the one it runs on, or the one it waits for.</summary>
    public static string NodeOf(V1Pod pod) => pod.Spec.NodeName is { Length: > 0 } name ? name
        : pod.Spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms?
            .SelectMany(t => t.MatchFields ?? []).FirstOrDefault(f => f.Key == NodeName && f.OperatorProperty == "In")?.Values?.FirstOrDefault() ?? "";

    /// <summary>The pod for a node; the scheduler binds it there.</summary>
    public static V1Pod Pod(V1DaemonSet set, string node, string hash, string name)
    {
        var template = ApiJson.Copy(set.Spec.Template);
        var labels = new Dictionary<string, string>(template.Metadata?.Labels ?? new Dictionary<string, string>()) { [TemplateRevisions.HashLabel] = hash };
        if (set.Metadata.Annotations is { } annotations && annotations.TryGetValue("deprecated.daemonset.template.generation", out var generation))
            labels["pod-template-generation"] = generation;
        template.Spec.Tolerations = Tolerations(template.Spec);
        Pin(template.Spec, node);
        return new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                GenerateName = $"{set.Metadata.Name}-",
                Name = name,
                NamespaceProperty = set.Metadata.NamespaceProperty,
                Labels = labels,
                Annotations = template.Metadata?.Annotations,
                Finalizers = template.Metadata?.Finalizers,
                OwnerReferences = [Ownership.Reference(set)],
            },
            Spec = template.Spec,
        };
    }

    private static void Pin(V1PodSpec spec, string node)
    {
        spec.Affinity ??= new V1Affinity();
        spec.Affinity.NodeAffinity ??= new V1NodeAffinity();
        V1NodeSelectorRequirement[] only = [new() { Key = NodeName, OperatorProperty = "In", Values = [node] }];
        var terms = spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms;
        spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector
        {
            // The pod is for this node whatever the terms say; which nodes they allow was decided before.
            NodeSelectorTerms = terms is not { Count: > 0 } ? [new V1NodeSelectorTerm { MatchFields = only }] : [.. terms.Select(_ => new V1NodeSelectorTerm { MatchFields = only })],
        };
    }

    private static List<V1Toleration> Tolerations(V1PodSpec spec)
    {
        var tolerations = new List<V1Toleration>(spec.Tolerations ?? []);
        foreach (var (key, effect) in spec.HostNetwork == true ? Tolerated.Append(("node.kubernetes.io/network-unavailable", "NoSchedule")) : Tolerated)
        {
            if (!tolerations.Any(t => t.Key == key && t.Effect == effect && t.OperatorProperty == "Exists"))
                tolerations.Add(new V1Toleration { Key = key, OperatorProperty = "Exists", Effect = effect });
        }

        return tolerations;
    }
}
