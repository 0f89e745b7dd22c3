using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Volumes;

/// <summary>Which plugin a volume belongs to and where it is on the host.</summary>
internal static class VolumePaths
{
    /// <summary>The plugin's short name, or null for a kind of volume that this node does not know.</summary>
    public static string? Plugin(V1Volume volume) => volume switch
    {
        { ConfigMap: not null } => "configmap",
        { Secret: not null } => "secret",
        { EmptyDir: not null } => "empty-dir",
        { HostPath: not null } => "host-path",
        { DownwardAPI: not null } => "downward-api",
        { Projected: not null } => "projected",
        { PersistentVolumeClaim: not null } => "persistent-volume",
        _ => null,
    };

    /// <summary>The directory (or, for hostPath, file) to mount.</summary>
    public static string Of(PodDirectories directories, V1Pod pod, V1Volume volume) => volume.HostPath is { } host
        ? host.Path
        : directories.Volume(pod.Metadata.Uid, Plugin(volume) ?? "unknown", volume.Name);

    /// <summary>Volumes that some container mounts; the others are left alone.</summary>
    public static IEnumerable<V1Volume> Used(V1Pod pod)
    {
        var mounted = ContainerSpecs.All(pod).SelectMany(c => c.Container.VolumeMounts ?? []).Select(m => m.Name).ToHashSet(StringComparer.Ordinal);
        return (pod.Spec.Volumes ?? []).Where(v => mounted.Contains(v.Name));
    }

    /// <summary>Whether a change of the pod itself is to be seen in its files: its labels or annotations, where a volume shows them.</summary>
    public static bool ShowChange(V1Pod before, V1Pod after) =>
        !(Same(before.Metadata.Labels, after.Metadata.Labels) && Same(before.Metadata.Annotations, after.Metadata.Annotations))
        && Used(after).Any(v => v.DownwardAPI is not null || v.Projected?.Sources?.Any(s => s.DownwardAPI is not null) == true);

    /// <summary>The ConfigMaps and Secrets whose changes reach the pod while it runs or that it waits for.</summary>
    public static IEnumerable<(string Kind, string Name)> References(V1Pod pod)
    {
        foreach (var volume in Used(pod))
        {
            if (volume.ConfigMap is { Name.Length: > 0 } configMap)
                yield return ("ConfigMap", configMap.Name);
            if (volume.Secret is { SecretName.Length: > 0 } secret)
                yield return ("Secret", secret.SecretName);
            foreach (var source in volume.Projected?.Sources ?? [])
            {
                if (source.ConfigMap is { Name.Length: > 0 } c)
                    yield return ("ConfigMap", c.Name);
                if (source.Secret is { Name.Length: > 0 } s)
                    yield return ("Secret", s.Name);
            }
        }

        foreach (var (container, _) in ContainerSpecs.All(pod))
        {
            foreach (var from in container.EnvFrom ?? [])
            {
                if (from.ConfigMapRef is { Name.Length: > 0 } c)
                    yield return ("ConfigMap", c.Name);
                if (from.SecretRef is { Name.Length: > 0 } s)
                    yield return ("Secret", s.Name);
            }

            foreach (var env in container.Env ?? [])
            {
                if (env.ValueFrom?.ConfigMapKeyRef is { Name.Length: > 0 } c)
                    yield return ("ConfigMap", c.Name);
                if (env.ValueFrom?.SecretKeyRef is { Name.Length: > 0 } s)
                    yield return ("Secret", s.Name);
            }
        }
    }

    private static bool Same(IDictionary<string, string>? a, IDictionary<string, string>? b) =>
        (a?.Count ?? 0) == (b?.Count ?? 0) && (a ?? new Dictionary<string, string>()).All(p => b!.TryGetValue(p.Key, out var value) && value == p.Value);
}
