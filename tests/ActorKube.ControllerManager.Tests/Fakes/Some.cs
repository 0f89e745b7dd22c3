using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Fakes;

/// <summary>Builders of objects for tests.</summary>
internal static class Some
{
    public static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static ReconcileContext Context(DateTimeOffset? now = null, PlanFailure? failure = null) => new(now ?? Now, new NameSuffixes(1), failure);

    public static V1ReplicaSet ReplicaSet(string name, int replicas, string app = "web", int minReady = 0) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "ReplicaSet",
        Metadata = Meta(name, generation: 1),
        Spec = new V1ReplicaSetSpec
        {
            Replicas = replicas,
            MinReadySeconds = minReady,
            Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = app } },
            Template = Template(app),
        },
    };

    public static V1Deployment Deployment(string name, int replicas, string? surge = null, string? unavailable = null, string image = "v1") => new()
    {
        ApiVersion = "apps/v1",
        Kind = "Deployment",
        Metadata = Meta(name, generation: 1),
        Spec = new V1DeploymentSpec
        {
            Replicas = replicas,
            Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = name } },
            Template = Template(name, image),
            Strategy = new V1DeploymentStrategy
            {
                Type = "RollingUpdate",
                RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = surge ?? "25%", MaxUnavailable = unavailable ?? "25%" },
            },
        },
    };

    public static V1PodTemplateSpec Template(string app, string image = "v1") => new()
    {
        Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string> { ["app"] = app } },
        Spec = new V1PodSpec { Containers = [new V1Container { Name = "main", Image = image }] },
    };

    public static V1Pod Pod(string name, string app = "web") => new()
    {
        ApiVersion = "v1",
        Kind = "Pod",
        Metadata = Meta(name, new Dictionary<string, string> { ["app"] = app }),
        Spec = new V1PodSpec { Containers = [new V1Container { Name = "main", Image = "v1", Ports = [new V1ContainerPort { Name = "http", ContainerPort = 8080 }] }] },
        Status = new V1PodStatus { Phase = "Pending" },
    };

    public static V1Node Node(string name, string ready = "True", DateTimeOffset? heartbeat = null) => new()
    {
        ApiVersion = "v1",
        Kind = "Node",
        Metadata = new V1ObjectMeta { Name = name, Uid = $"uid-{name}", ResourceVersion = "1", CreationTimestamp = Now.UtcDateTime },
        Spec = new V1NodeSpec(),
        Status = new V1NodeStatus
        {
            Conditions = [new V1NodeCondition { Type = "Ready", Status = ready, Reason = "KubeletReady", LastHeartbeatTime = (heartbeat ?? Now).UtcDateTime }],
        },
    };

    public static V1Service Service(string name, params (string Name, int Port, string Target)[] ports) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = Meta(name),
        Spec = new V1ServiceSpec
        {
            ClusterIP = "10.96.0.10",
            ClusterIPs = ["10.96.0.10"],
            IpFamilies = ["IPv4"],
            Selector = new Dictionary<string, string> { ["app"] = "web" },
            Ports = [.. ports.Select(p => new V1ServicePort { Name = p.Name, Port = p.Port, TargetPort = p.Target, Protocol = "TCP" })],
        },
    };

    public static V1ObjectMeta Meta(string name, IDictionary<string, string>? labels = null, long? generation = null) => new()
    {
        Name = name,
        NamespaceProperty = "default",
        Uid = $"uid-{name}",
        ResourceVersion = "1",
        Generation = generation,
        CreationTimestamp = Now.UtcDateTime,
        Labels = labels,
    };

    public static V1Pod On(this V1Pod pod, string node)
    {
        pod.Spec.NodeName = node;
        return pod;
    }

    public static V1Pod At(this V1Pod pod, params string[] ips)
    {
        pod.Status.PodIP = ips[0];
        pod.Status.PodIPs = [.. ips.Select(i => new V1PodIP { Ip = i })];
        return pod;
    }

    public static V1Pod Ready(this V1Pod pod, DateTimeOffset? since = null)
    {
        pod.Status.Phase = "Running";
        pod.Status.Conditions = [new V1PodCondition { Type = "Ready", Status = "True", LastTransitionTime = (since ?? Now).UtcDateTime }];
        return pod;
    }

    public static V1Pod Deleting(this V1Pod pod)
    {
        pod.Metadata.DeletionTimestamp = Now.UtcDateTime;
        return pod;
    }

    public static V1Pod OwnedBy(this V1Pod pod, V1ReplicaSet owner)
    {
        pod.Metadata.OwnerReferences = [Ownership.Reference(owner)];
        return pod;
    }

    public static V1ReplicaSet OwnedBy(this V1ReplicaSet replicaSet, V1Deployment owner)
    {
        replicaSet.Metadata.OwnerReferences = [Ownership.Reference(owner)];
        return replicaSet;
    }

    /// <summary>All actions of a plan, those within a <see cref="Together"/> too.</summary>
    public static IEnumerable<PlannedAction> Flat(this Plan plan) => plan.Actions.SelectMany(a => a is Together together ? together.Actions : [a]);

    public static IReadOnlyList<T> Of<T>(this Plan plan) where T : PlannedAction => [.. plan.Flat().OfType<T>()];

    public static T Copy<T>(this T value) where T : notnull => ApiJson.Copy(value);
}

/// <summary>Keeps events in a list.</summary>
internal sealed class HeardEvents : IEventRecorder
{
    public List<string> All { get; } = [];

    public void Record(k8s.IKubernetesObject<V1ObjectMeta> about, string type, string reason, string message, string? fieldPath = null)
    {
        lock (All)
            All.Add($"{about.Metadata.Name} {type} {reason} {message}");
    }
}
