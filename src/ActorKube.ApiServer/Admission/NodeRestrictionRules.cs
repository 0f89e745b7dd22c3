using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>What a node may not do, in Kubernetes' words; null for what it may.</summary>
internal static class NodeRestrictionRules
{
    private const string MirrorPod = "kubernetes.io/config.mirror";

    private static readonly HashSet<string> OwnLabels = new(StringComparer.Ordinal)
    {
        "kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os", "beta.kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type", "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
    };

    /// <summary>Pods: mirror pods and deletions of the node's own, their status, their eviction.</summary>
    public static async ValueTask<string?> PodAsync(string node, AdmissionRequest request, Func<string, ValueTask<V1Pod>> pods, Func<string, ValueTask<V1Node>> nodes)
    {
        switch (request.Subresource, request.Operation)
        {
            case ("", "CREATE"):
                return await MirrorPodAsync(node, request, nodes).ConfigureAwait(false);
            case ("", "DELETE"):
                var old = request.Old as V1Pod ?? await pods(request.Name).ConfigureAwait(false);
                return old.Spec.NodeName == node ? null : $"node \"{node}\" can only delete pods with spec.nodeName set to itself";
            case ("", _):
                return $"unexpected operation \"{request.Operation}\", node \"{node}\" can only create and delete mirror pods";
            case ("status", "UPDATE"):
                return Status(node, (V1Pod)request.Object!, (V1Pod)request.Old!);
            case ("eviction", "CREATE"):
                var evicted = await pods(request.Name).ConfigureAwait(false);
                return evicted.Spec.NodeName == node ? null : $"node {node} can only evict pods with spec.nodeName set to itself";
            case ("status" or "eviction", _):
                return $"unexpected operation \"{request.Operation}\"";
            default:
                return $"unexpected pod subresource \"{request.Subresource}\", only 'status' and 'eviction' are allowed";
        }
    }

    /// <summary>Nodes: its own, without touching taints and others' labels.</summary>
    public static string? Node(string node, AdmissionRequest request)
    {
        if (request.Name != node)
        {
            return $"node \"{node}\" is not allowed to modify node \"{request.Name}\"";
        }

        if (request.Object is not V1Node value)
        {
            return null;
        }

        if (request.Operation == "CREATE")
        {
            var set = Forbidden(Changed(value.Metadata.Labels, null));
            return set.Count == 0 ? null : $"node \"{node}\" is not allowed to set the following labels: {string.Join(", ", set)}";
        }

        var old = (V1Node)request.Old!;
        if (!SemanticEquality.Equal(value.Spec?.Taints ?? [], old.Spec?.Taints ?? []))
        {
            return $"node \"{node}\" is not allowed to modify taints";
        }

        var changed = Forbidden(Changed(value.Metadata.Labels, old.Metadata.Labels));
        return changed.Count == 0 ? null : $"is not allowed to modify labels: {string.Join(", ", changed)}";
    }

    /// <summary>Claims: how large the volume has become.</summary>
    public static string? Claim(string node, AdmissionRequest request)
    {
        if (request.Subresource != "status")
        {
            return "may only update PVC status";
        }

        if (request is not { Operation: "UPDATE", Object: V1PersistentVolumeClaim value, Old: V1PersistentVolumeClaim old })
        {
            return $"unexpected operation \"{request.Operation}\"";
        }

        return SemanticEquality.Equal(Rest(value), Rest(old)) ? null : $"node \"{node}\" is not allowed to update fields other than status.capacity and status.conditions";

        static V1PersistentVolumeClaim Rest(V1PersistentVolumeClaim claim)
        {
            var copy = ApiJson.Copy(claim);
            (copy.Metadata.ResourceVersion, copy.Metadata.ManagedFields) = (null, null);
            copy.Status ??= new V1PersistentVolumeClaimStatus();
            (copy.Status.Capacity, copy.Status.Conditions, copy.Status.AllocatedResources, copy.Status.AllocatedResourceStatuses) = (null, null, null, null);
            return copy;
        }
    }

    /// <summary>Tokens: for the node's own pods only.</summary>
    public static async ValueTask<string?> TokenAsync(string node, AdmissionRequest request, Func<string, ValueTask<V1Pod>> pods)
    {
        if (request is not { Operation: "CREATE", Subresource: "token", Object: Authenticationv1TokenRequest token })
        {
            return null;
        }

        if (token.Spec?.BoundObjectRef is not { ApiVersion: "v1", Kind: "Pod", Name: { Length: > 0 } name } bound)
        {
            return "node requested token not bound to a pod";
        }

        if (string.IsNullOrEmpty(bound.Uid))
        {
            return "node requested token with a pod binding without a uid";
        }

        var pod = await pods(name).ConfigureAwait(false);
        return bound.Uid != pod.Metadata.Uid
                ? $"the UID in the bound object reference ({bound.Uid}) does not match the UID in record. The object might have been deleted and then recreated"
            : pod.Spec.NodeName != node ? "node requested token bound to a pod scheduled on a different node"
            : null;
    }

    /// <summary>Leases: the one by which it says that it is alive.</summary>
    public static string? Lease(string node, AdmissionRequest request) =>
        request.Namespace != "kube-node-lease" ? "can only access leases in the \"kube-node-lease\" system namespace"
        : request.Name != node ? "can only access node lease with the same name as the requesting node"
        : null;

    /// <summary>Devices: its own.</summary>
    public static string? Slice(string node, AdmissionRequest request) => request switch
    {
        { Operation: "CREATE", Object: V1ResourceSlice slice } when slice.Spec?.NodeName != node => "can only create ResourceSlice with the same NodeName as the requesting node",
        { Operation: "DELETE", Old: V1ResourceSlice slice } when slice.Spec?.NodeName != node => "can only delete ResourceSlice with the same NodeName as the requesting node",
        _ => null,
    };

    private static string? Status(string node, V1Pod value, V1Pod old)
    {
        if (old.Spec.NodeName != node)
        {
            return $"node \"{node}\" can only update pod status for pods with spec.nodeName set to itself";
        }

        if (Changed(value.Metadata.Labels, old.Metadata.Labels).Any())
        {
            return $"node \"{node}\" cannot update labels through pod status";
        }

        return SemanticEquality.Equal(value.Status?.ResourceClaimStatuses ?? [], old.Status?.ResourceClaimStatuses ?? []) ? null : $"node \"{node}\" cannot update resource claim statues";
    }

    private static async ValueTask<string?> MirrorPodAsync(string node, AdmissionRequest request, Func<string, ValueTask<V1Node>> nodes)
    {
        var pod = (V1Pod)request.Object!;
        if (pod.Metadata.Annotations?.ContainsKey(MirrorPod) is not true)
        {
            return $"pod does not have \"{MirrorPod}\" annotation, node \"{node}\" can only create mirror pods";
        }

        if (pod.Spec.NodeName != node)
        {
            return $"node \"{node}\" can only create pods with spec.nodeName set to itself";
        }

        var owners = pod.Metadata.OwnerReferences ?? [];
        if (owners.Count > 1)
        {
            return $"node \"{node}\" can only create pods with a single owner reference set to itself";
        }

        if (owners is not [{ ApiVersion: "v1", Kind: "Node" } owner] || owner.Name != node)
        {
            return $"node \"{node}\" can only create pods with an owner reference set to itself";
        }

        if (owner.Controller is not true)
        {
            return $"node \"{node}\" can only create pods with a controller owner reference set to itself";
        }

        if (owner.BlockOwnerDeletion is true)
        {
            return $"node \"{node}\" must not set blockOwnerDeletion on an owner reference";
        }

        var self = await nodes(node).ConfigureAwait(false);
        if (owner.Uid != self.Metadata.Uid)
        {
            return $"node {node} UID mismatch: expected {owner.Uid} got {self.Metadata.Uid}";
        }

        return Reference(pod.Spec) is { } what ? $"node \"{node}\" can not create pods that reference {what}" : null;
    }

    private static string? Reference(V1PodSpec spec)
    {
        if (!string.IsNullOrEmpty(spec.ServiceAccountName))
        {
            return "a service account";
        }

        if (SecretReferences.Names(spec).Any())
        {
            return "secrets";
        }

        var volumes = spec.Volumes ?? [];
        var containers = (spec.InitContainers ?? []).Concat(spec.Containers ?? []);
        if (containers.Any(c => c.Env?.Any(e => e.ValueFrom?.ConfigMapKeyRef is not null) is true || c.EnvFrom?.Any(e => e.ConfigMapRef is not null) is true)
            || volumes.Any(v => v.ConfigMap is not null || v.Projected?.Sources?.Any(s => s.ConfigMap is not null) is true))
        {
            return "configmaps";
        }

        return volumes.Any(v => v.Projected?.Sources?.Any(s => s.ClusterTrustBundle is not null) is true) ? "clustertrustbundles"
            : volumes.Any(v => v.PersistentVolumeClaim is not null) ? "persistentvolumeclaims"
            : null;
    }

    private static IEnumerable<string> Changed(IDictionary<string, string>? now, IDictionary<string, string>? before)
    {
        var (a, b) = (now ?? new Dictionary<string, string>(), before ?? new Dictionary<string, string>());
        return a.Keys.Union(b.Keys).Where(k => !a.TryGetValue(k, out var x) || !b.TryGetValue(k, out var y) || x != y);
    }

    private static List<string> Forbidden(IEnumerable<string> labels) => [.. labels.Where(IsForbidden).Order(StringComparer.Ordinal)];

    private static bool IsForbidden(string label)
    {
        var slash = label.IndexOf('/', StringComparison.Ordinal);
        var domain = slash < 0 ? "" : label[..slash];
        return Is(domain, "node-restriction.kubernetes.io")
            || ((Is(domain, "kubernetes.io") || Is(domain, "k8s.io")) && !OwnLabels.Contains(label) && !Is(domain, "kubelet.kubernetes.io") && !Is(domain, "node.kubernetes.io"));
    }

    private static bool Is(string domain, string of) => domain == of || domain.EndsWith("." + of, StringComparison.Ordinal);
}
