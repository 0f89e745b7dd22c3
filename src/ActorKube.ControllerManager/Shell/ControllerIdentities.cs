using System.Collections.Frozen;

namespace ActorKube.ControllerManager.Shell;

/// <summary>
/// Whom the API server takes each controller for: a service account of its own in kube-system, whose rights the default role
/// <c>system:controller:&lt;name&gt;</c> gives. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#controller-roles
/// </summary>
public static class ControllerIdentities
{
    private static readonly FrozenDictionary<string, string> Accounts = new Dictionary<string, string>
    {
        ["certificatesigningrequest-approving"] = "certificate-controller",
        ["certificatesigningrequest-cleaner"] = "certificate-controller",
        ["certificatesigningrequest-signing"] = "certificate-controller",
        ["clusterrole-aggregation"] = "clusterrole-aggregation-controller",
        ["cronjob"] = "cronjob-controller",
        ["daemonset"] = "daemon-set-controller",
        ["deployment"] = "deployment-controller",
        ["disruption"] = "disruption-controller",
        ["endpoints"] = "endpoint-controller",
        ["endpointslice"] = "endpointslice-controller",
        ["endpointslice-mirroring"] = "endpointslicemirroring-controller",
        ["ephemeral-volume"] = "ephemeral-volume-controller",
        ["garbage-collector"] = "generic-garbage-collector",
        ["horizontalpodautoscaler"] = "horizontal-pod-autoscaler",
        ["job"] = "job-controller",
        ["namespace"] = "namespace-controller",
        ["node-ipam"] = "node-controller",
        ["node-lifecycle"] = "node-controller",
        ["persistentvolume-attach-detach"] = "attachdetach-controller",
        ["persistentvolume-binder"] = "persistent-volume-binder",
        ["persistentvolume-expander"] = "expand-controller",
        ["persistentvolume-protection"] = "pv-protection-controller",
        ["persistentvolumeclaim-protection"] = "pvc-protection-controller",
        ["pod-gc"] = "pod-garbage-collector",
        ["replicaset"] = "replicaset-controller",
        ["replicationcontroller"] = "replication-controller",
        ["resourceclaim"] = "resource-claim-controller",
        ["resourcequota"] = "resourcequota-controller",
        ["root-ca"] = "root-ca-cert-publisher",
        ["serviceaccount"] = "service-account-controller",
        ["statefulset"] = "statefulset-controller",
        ["taint-eviction"] = "node-controller",
        ["ttl"] = "ttl-controller",
        ["ttl-after-finished"] = "ttl-after-finished-controller",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The user that a controller is: <c>system:kube-controller-manager</c> itself where it has no account of its own.</summary>
    /// <param name="controller">Its name, such as <c>deployment</c>.</param>
    public static string UserOf(string controller) =>
        Accounts.TryGetValue(controller, out var account) ? $"system:serviceaccount:kube-system:{account}" : "system:kube-controller-manager";
}
