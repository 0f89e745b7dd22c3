using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// Labels and annotations on sandboxes and containers: by them a kubelet that restarts finds its pods again.
/// Names are Kubernetes' own, so that <c>crictl</c> shows pods as it does elsewhere.
/// </summary>
internal static class PodLabels
{
    public const string PodName = "io.kubernetes.pod.name";
    public const string PodNamespace = "io.kubernetes.pod.namespace";
    public const string PodUid = "io.kubernetes.pod.uid";
    public const string ContainerName = "io.kubernetes.container.name";

    /// <summary>Which kubelet owns it, where several share one runtime.</summary>
    public const string Node = "actorkube.io/node";

    public const string ContainerHash = "io.kubernetes.container.hash";
    public const string RestartCount = "io.kubernetes.container.restartCount";
    public const string TerminationMessagePolicy = "io.kubernetes.container.terminationMessagePolicy";
    public const string TerminationMessagePath = "io.kubernetes.container.terminationMessagePath";
    public const string TerminationMessageHostPath = "actorkube.io/termination-message-host-path";
    public const string GracePeriod = "io.kubernetes.pod.terminationGracePeriod";

    /// <summary>The labels every sandbox and container of a pod has, besides the pod's own on sandboxes.</summary>
    public static Dictionary<string, string> Of(V1Pod pod, string nodeName) => new()
    {
        [PodName] = pod.Metadata.Name,
        [PodNamespace] = pod.Metadata.NamespaceProperty,
        [PodUid] = pod.Metadata.Uid,
        [Node] = nodeName,
    };
}
