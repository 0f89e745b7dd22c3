using k8s.Models;

namespace ActorKube.Scheduler.Tests;

/// <summary>Builds objects for tests.</summary>
internal static class Some
{
    public static V1Pod Pod(string name, string cpu = "", string memory = "", string ns = "default") => new()
    {
        ApiVersion = "v1",
        Kind = "Pod",
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns, Uid = "uid-" + name, Labels = new Dictionary<string, string>() },
        Spec = new V1PodSpec { Containers = [new V1Container { Name = "c", Image = "img", Resources = Requests(cpu, memory) }] },
        Status = new V1PodStatus { Phase = "Pending" },
    };

    public static V1Node Node(string name, string cpu = "4", string memory = "8Gi", int pods = 110) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, Labels = new Dictionary<string, string> { ["kubernetes.io/hostname"] = name } },
        Spec = new V1NodeSpec(),
        Status = new V1NodeStatus
        {
            Allocatable = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu), ["memory"] = new(memory), ["pods"] = new(pods.ToString()) },
        },
    };

    public static V1Pod On(this V1Pod pod, string node) => pod.With(p => p.Spec.NodeName = node);

    public static V1Pod Of(this V1Pod pod, int priority) => pod.With(p => p.Spec.Priority = priority);

    public static V1Pod Labelled(this V1Pod pod, string key, string value) => pod.With(p => p.Metadata.Labels[key] = value);

    public static V1Node Labelled(this V1Node node, string key, string value) => node.With(n => n.Metadata.Labels[key] = value);

    public static V1Node Tainted(this V1Node node, string key, string value = "", string effect = "NoSchedule") =>
        node.With(n => n.Spec.Taints = [.. n.Spec.Taints ?? [], new V1Taint { Key = key, Value = value, Effect = effect }]);

    public static V1Pod Tolerating(this V1Pod pod, string? key, string? op = "Exists", string? value = null, string? effect = null) =>
        pod.With(p => p.Spec.Tolerations = [.. p.Spec.Tolerations ?? [], new V1Toleration { Key = key, OperatorProperty = op, Value = value, Effect = effect }]);

    public static T With<T>(this T value, Action<T> change)
    {
        change(value);
        return value;
    }

    public static V1ResourceRequirements Requests(string cpu, string memory)
    {
        var requests = new Dictionary<string, ResourceQuantity>();
        if (cpu.Length > 0)
            requests["cpu"] = new(cpu);
        if (memory.Length > 0)
            requests["memory"] = new(memory);
        return new V1ResourceRequirements { Requests = requests };
    }

    public static V1LabelSelector Selector(string key, string value) => new() { MatchLabels = new Dictionary<string, string> { [key] = value } };

    /// <summary>A snapshot of these nodes and of the pods that name one of them.</summary>
    public static Snapshot Cluster(IEnumerable<V1Node> nodes, params IEnumerable<V1Pod> pods)
    {
        var cache = new SchedulerCache();
        foreach (var node in nodes)
            cache.PutNode(node);
        foreach (var pod in pods)
            cache.PutPod(new PodInfo(pod));
        return cache.Snapshot();
    }

    /// <summary>Reasons why a rule keeps the pod off the node; empty when it does not.</summary>
    public static IReadOnlyList<string> Reasons(this SchedulerPlugin plugin, V1Pod pod, Snapshot cluster, string node) =>
        plugin.For(new PodInfo(pod), cluster)?.Filter(cluster.Find(node)!)?.Reasons ?? [];

    /// <summary>The rule's score per node, in the snapshot's order.</summary>
    public static long[] Scores(this SchedulerPlugin plugin, V1Pod pod, Snapshot cluster)
    {
        var scores = new long[cluster.Nodes.Length];
        plugin.For(new PodInfo(pod), cluster)?.Score(cluster.Nodes, scores);
        return scores;
    }
}
