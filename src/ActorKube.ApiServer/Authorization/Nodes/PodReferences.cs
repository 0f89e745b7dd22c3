using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Nodes;

/// <summary>What a node needs to run a pod: the names that the pod mentions. Pure.</summary>
internal sealed class PodReferences
{
    private PodReferences(V1Pod pod)
    {
        Namespace = pod.Metadata.NamespaceProperty ?? "";
        Name = pod.Metadata.Name;
        // A mirror pod mentions nothing that its node may read: the node itself wrote it.
        if (pod.Metadata.Annotations?.ContainsKey("kubernetes.io/config.mirror") is true)
        {
            return;
        }

        var spec = pod.Spec;
        ServiceAccount = spec.ServiceAccountName ?? "";
        foreach (var secret in spec.ImagePullSecrets ?? [])
        {
            Secrets.Add(secret.Name ?? "");
        }

        foreach (var volume in spec.Volumes ?? [])
        {
            Read(volume, pod);
        }

        foreach (var container in spec.Containers.Concat(spec.InitContainers ?? []))
        {
            Read(container.Env, container.EnvFrom);
        }

        foreach (var container in spec.EphemeralContainers ?? [])
        {
            Read(container.Env, container.EnvFrom);
        }

        ReadClaims(pod);
    }

    /// <summary>The pod's namespace.</summary>
    public string Namespace { get; }

    /// <summary>The pod's name.</summary>
    public string Name { get; }

    /// <summary>Its service account.</summary>
    public string ServiceAccount { get; } = "";

    /// <summary>Secrets in its namespace.</summary>
    public HashSet<string> Secrets { get; } = new(StringComparer.Ordinal);

    /// <summary>ConfigMaps in its namespace.</summary>
    public HashSet<string> ConfigMaps { get; } = new(StringComparer.Ordinal);

    /// <summary>PersistentVolumeClaims in its namespace.</summary>
    public HashSet<string> VolumeClaims { get; } = new(StringComparer.Ordinal);

    /// <summary>ResourceClaims in its namespace.</summary>
    public HashSet<string> ResourceClaims { get; } = new(StringComparer.Ordinal);

    /// <summary>What the pod mentions.</summary>
    public static PodReferences Of(V1Pod pod) => new(pod);

    private void Read(V1Volume volume, V1Pod pod)
    {
        Add(Secrets, volume.Secret?.SecretName);
        Add(ConfigMaps, volume.ConfigMap?.Name);
        Add(VolumeClaims, volume.PersistentVolumeClaim?.ClaimName);
        Add(VolumeClaims, volume.Ephemeral is null ? null : $"{pod.Metadata.Name}-{volume.Name}");
        Add(Secrets, volume.Csi?.NodePublishSecretRef?.Name);
        Add(Secrets, volume.AzureFile?.SecretName);
        Add(Secrets, volume.Cephfs?.SecretRef?.Name);
        Add(Secrets, volume.Cinder?.SecretRef?.Name);
        Add(Secrets, volume.FlexVolume?.SecretRef?.Name);
        Add(Secrets, volume.Iscsi?.SecretRef?.Name);
        Add(Secrets, volume.Rbd?.SecretRef?.Name);
        Add(Secrets, volume.ScaleIO?.SecretRef?.Name);
        Add(Secrets, volume.Storageos?.SecretRef?.Name);
        foreach (var source in volume.Projected?.Sources ?? [])
        {
            Add(Secrets, source.Secret?.Name);
            Add(ConfigMaps, source.ConfigMap?.Name);
        }
    }

    private void Read(IList<V1EnvVar>? variables, IList<V1EnvFromSource>? sources)
    {
        foreach (var variable in variables ?? [])
        {
            Add(Secrets, variable.ValueFrom?.SecretKeyRef?.Name);
            Add(ConfigMaps, variable.ValueFrom?.ConfigMapKeyRef?.Name);
        }

        foreach (var source in sources ?? [])
        {
            Add(Secrets, source.SecretRef?.Name);
            Add(ConfigMaps, source.ConfigMapRef?.Name);
        }
    }

    private void ReadClaims(V1Pod pod)
    {
        foreach (var claim in pod.Spec.ResourceClaims ?? [])
        {
            Add(ResourceClaims, claim.ResourceClaimName);
        }

        foreach (var claim in pod.Status?.ResourceClaimStatuses ?? [])
        {
            Add(ResourceClaims, claim.ResourceClaimName);
        }
    }

    private static void Add(HashSet<string> names, string? name)
    {
        if (!string.IsNullOrEmpty(name))
        {
            names.Add(name);
        }
    }
}
