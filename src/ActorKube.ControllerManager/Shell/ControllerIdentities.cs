using System.Collections.Frozen;

namespace ActorKube.ControllerManager.Shell;

/// <summary>
/// Whom the API server takes each controller for: a service account of its own in kube-system, whose rights the default role
/// <c>system:controller:&lt;name&gt;</c> gives. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#controller-roles
/// </summary>
public static class ControllerIdentities
{
    /// <summary>Where the accounts are.</summary>
    public const string Namespace = "kube-system";

    private static readonly FrozenDictionary<string, string> Accounts = new Dictionary<string, string>
    {
        ["certificatesigningrequest-approving"] = "certificate-controller",
        ["certificatesigningrequest-cleaner"] = "certificate-controller",
        ["certificatesigningrequest-signing"] = "certificate-controller",
        ["clusterrole-aggregation"] = "clusterrole-aggregation-controller",
        ["cronjob"] = "cronjob-controller",
        ["daemonset-rollback"] = "rollback-controller",
        ["daemonset"] = "daemon-set-controller",
        ["deployment-rollback"] = "rollback-controller",
        ["deployment"] = "deployment-controller",
        ["disruption"] = "disruption-controller",
        ["endpoints"] = "endpoint-controller",
        ["endpointslice"] = "endpointslice-controller",
        ["endpointslice-mirroring"] = "endpointslicemirroring-controller",
        ["ephemeral-volume"] = "ephemeral-volume-controller",
        ["garbage-collector"] = "generic-garbage-collector",
        ["horizontalpodautoscaler"] = "horizontal-pod-autoscaler",
        ["job"] = "job-controller",
        ["legacy-serviceaccount-token-cleaner"] = "legacy-service-account-token-cleaner",
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
        ["statefulset-rollback"] = "rollback-controller",
        ["statefulset"] = "statefulset-controller",
        ["taint-eviction"] = "node-controller",
        ["ttl"] = "ttl-controller",
        ["ttl-after-finished"] = "ttl-after-finished-controller",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Events were there before the accounts were, and some controllers kept the name they had.
    private static readonly FrozenDictionary<string, string> Reporters = new Dictionary<string, string>
    {
        ["certificatesigningrequest-approving"] = "certificate-controller",
        ["certificatesigningrequest-cleaner"] = "certificate-controller",
        ["certificatesigningrequest-signing"] = "certificate-controller",
        ["daemonset"] = "daemonset-controller",
        ["disruption"] = "controllermanager",
        ["endpointslice"] = "endpoint-slice-controller",
        ["endpointslice-mirroring"] = "endpoint-slice-mirroring-controller",
        ["node-ipam"] = "cidrAllocator",
        ["persistentvolume-binder"] = "persistentvolume-controller",
        ["persistentvolume-expander"] = "volume_expand",
        ["taint-eviction"] = "taint-eviction-controller",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The service account in kube-system that a controller is; null where it is the controller manager itself.</summary>
    /// <param name="controller">Its name, such as <c>deployment</c>.</param>
    public static string? AccountOf(string controller) => Accounts.GetValueOrDefault(controller);

    /// <summary>Who a controller's events say reports: <c>deployment-controller</c>.</summary>
    /// <param name="controller">Its name, such as <c>deployment</c>.</param>
    public static string ReporterOf(string controller) =>
        Reporters.TryGetValue(controller, out var reporter) ? reporter : Accounts.GetValueOrDefault(controller) ?? $"{controller}-controller";

    /// <summary>The user that a controller is: <c>system:kube-controller-manager</c> itself where it has no account of its own.</summary>
    /// <param name="controller">Its name, such as <c>deployment</c>.</param>
    public static string UserOf(string controller) =>
        AccountOf(controller) is { } account ? $"system:serviceaccount:{Namespace}:{account}" : "system:kube-controller-manager";
}
