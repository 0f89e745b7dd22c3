using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>Where the files of pods are, laid out as Kubernetes lays them out.</summary>
internal sealed record PodDirectories(string Root, string LogsRoot)
{
    public string Pods => Path.Combine(Root, "pods");

    public string Of(string uid) => Path.Combine(Pods, uid);

    /// <summary>Volumes of one plugin: <c>pods/&lt;uid&gt;/volumes/kubernetes.io~configmap/&lt;name&gt;</c>.</summary>
    public string Volume(string uid, string plugin, string name) => Path.Combine(Of(uid), "volumes", $"kubernetes.io~{plugin}", name);

    public string Volumes(string uid) => Path.Combine(Of(uid), "volumes");

    public string HostsFile(string uid) => Path.Combine(Of(uid), "etc-hosts");

    /// <summary>The file a container writes its last words to.</summary>
    public string TerminationMessage(string uid, string container, int restartCount) =>
        Path.Combine(Of(uid), "containers", container, $"termination-{restartCount}");

    /// <summary><c>&lt;logs&gt;/&lt;namespace&gt;_&lt;name&gt;_&lt;uid&gt;</c>.</summary>
    public string Logs(V1Pod pod) => Logs(pod.Metadata.NamespaceProperty, pod.Metadata.Name, pod.Metadata.Uid);

    public string Logs(string ns, string name, string uid) => Path.Combine(LogsRoot, $"{ns}_{name}_{uid}");

    /// <summary>The log's path below the pod's log directory.</summary>
    public static string LogFile(string container, int restartCount) => Path.Combine(container, $"{restartCount}.log");
}
