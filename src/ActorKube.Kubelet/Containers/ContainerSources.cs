using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Volumes;
using k8s.Models;

namespace ActorKube.Kubelet.Containers;

/// <summary>What a container's environment is made of besides its spec. A missing object is null.</summary>
/// <param name="ConfigMaps">By name.</param>
/// <param name="Secrets">By name.</param>
/// <param name="Services">Services whose addresses the container is told.</param>
/// <param name="PodAddresses">The pod's addresses.</param>
/// <param name="HostAddresses">The node's addresses.</param>
/// <param name="Resources">What the node offers.</param>
internal sealed record ContainerSources(
    IReadOnlyDictionary<string, V1ConfigMap?> ConfigMaps,
    IReadOnlyDictionary<string, V1Secret?> Secrets,
    IReadOnlyCollection<V1Service> Services,
    IReadOnlyList<string> PodAddresses,
    IReadOnlyList<string> HostAddresses,
    ResourceFacts Resources)
{
    /// <summary>Reads the ConfigMaps and Secrets that the container's environment refers to.</summary>
    public static async Task<ContainerSources> ReadAsync(
        V1Pod pod,
        V1Container container,
        IObjectSource objects,
        IReadOnlyCollection<V1Service> services,
        IReadOnlyList<string> podAddresses,
        IReadOnlyList<string> hostAddresses,
        ResourceFacts resources,
        CancellationToken cancellationToken)
    {
        var ns = pod.Metadata.NamespaceProperty;
        var configMaps = new Dictionary<string, V1ConfigMap?>(StringComparer.Ordinal);
        var secrets = new Dictionary<string, V1Secret?>(StringComparer.Ordinal);
        var configMapNames = (container.EnvFrom ?? []).Select(e => e.ConfigMapRef?.Name)
            .Concat((container.Env ?? []).Select(e => e.ValueFrom?.ConfigMapKeyRef?.Name));
        var secretNames = (container.EnvFrom ?? []).Select(e => e.SecretRef?.Name)
            .Concat((container.Env ?? []).Select(e => e.ValueFrom?.SecretKeyRef?.Name));
        foreach (var name in configMapNames.Where(n => !string.IsNullOrEmpty(n)).Distinct())
            configMaps[name!] = await objects.ConfigMapAsync(ns, name!, cancellationToken).ConfigureAwait(false);
        foreach (var name in secretNames.Where(n => !string.IsNullOrEmpty(n)).Distinct())
            secrets[name!] = await objects.SecretAsync(ns, name!, cancellationToken).ConfigureAwait(false);
        return new ContainerSources(configMaps, secrets, services, podAddresses, hostAddresses, resources);
    }
}

/// <summary>The container cannot be configured; the message is shown with the waiting reason CreateContainerConfigError.</summary>
internal sealed class ContainerConfigException(string message) : Exception(message);
