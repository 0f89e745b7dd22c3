using ActorKube.Api.Kinds;

namespace ActorKube.ApiServer.Registry;

/// <summary>The kinds whose <c>metadata.generation</c> Kubernetes counts.</summary>
internal static class GenerationKinds
{
    private static readonly HashSet<string> Resources =
    [
        "pods", "replicationcontrollers",
        "deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps",
        "jobs.batch", "cronjobs.batch",
        "ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io", "ingressclasses.networking.k8s.io",
        "poddisruptionbudgets.policy", "priorityclasses.scheduling.k8s.io",
        "customresourcedefinitions.apiextensions.k8s.io",
        "flowschemas.flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io", "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io", "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "mutatingadmissionpolicies.admissionregistration.k8s.io", "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
        "endpointslices.discovery.k8s.io", "resourceslices.resource.k8s.io", "deviceclasses.resource.k8s.io",
    ];

    /// <summary>Whether the kind is one of them.</summary>
    public static bool Contains(ResourceKind kind) => Resources.Contains(kind.GroupResource);
}
