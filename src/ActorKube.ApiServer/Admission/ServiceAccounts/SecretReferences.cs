using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>Which secrets a pod names, and whether it may. Pure.</summary>
internal static class SecretReferences
{
    private const string EnforceAnnotation = "kubernetes.io/enforce-mountable-secrets";

    /// <summary>Whether pods of the account may only use the secrets that the account lists.</summary>
    public static bool AreEnforced(V1ServiceAccount account) =>
        account.Metadata.Annotations is { } annotations && annotations.TryGetValue(EnforceAnnotation, out var value) && value is "1" or "t" or "T" or "true" or "TRUE" or "True";

    /// <summary>Why a pod that stands for one of a node's own files is refused: it may hang on nothing in the API.</summary>
    public static string? MirrorPodViolation(V1PodSpec spec)
    {
        if (!string.IsNullOrEmpty(spec.ServiceAccountName))
        {
            return "a mirror pod may not reference service accounts";
        }

        if (Names(spec).Any())
        {
            return "a mirror pod may not reference secrets";
        }

        return (spec.Volumes ?? []).SelectMany(v => v.Projected?.Sources ?? []).Any(s => s.ServiceAccountToken is not null)
            ? "a mirror pod may not use ServiceAccountToken volume projections"
            : null;
    }

    /// <summary>The first secret that the pod names and the account does not.</summary>
    public static string? Violation(V1ServiceAccount account, V1PodSpec spec, bool ephemeralOnly)
    {
        var mountable = (account.Secrets ?? []).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var because = $"is not allowed because service account {account.Metadata.Name} does not reference that secret";
        if (ephemeralOnly)
        {
            return OfContainers((spec.EphemeralContainers ?? []).Select(c => new Reader("ephemeral container", c.Name, c.Env, c.EnvFrom)));
        }

        foreach (var volume in spec.Volumes ?? [])
        {
            if (volume.Secret is { } secret && !mountable.Contains(secret.SecretName ?? ""))
            {
                return $"volume with secret.secretName=\"{secret.SecretName}\" {because}";
            }
        }

        if (OfContainers([.. (spec.InitContainers ?? []).Select(c => new Reader("init container", c.Name, c.Env, c.EnvFrom)), .. (spec.Containers ?? []).Select(c => new Reader("container", c.Name, c.Env, c.EnvFrom))]) is { } violation)
        {
            return violation;
        }

        var pullable = (account.ImagePullSecrets ?? []).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < spec.ImagePullSecrets?.Count; i++)
        {
            if (!pullable.Contains(spec.ImagePullSecrets[i].Name ?? ""))
            {
                return $"imagePullSecrets[{i}].name=\"{spec.ImagePullSecrets[i].Name}\" is not allowed because service account {account.Metadata.Name} does not reference that imagePullSecret";
            }
        }

        return null;

        string? OfContainers(IEnumerable<Reader> containers)
        {
            foreach (var (sort, name, env, envFrom) in containers)
            {
                if ((env ?? []).FirstOrDefault(e => e.ValueFrom?.SecretKeyRef is { } key && !mountable.Contains(key.Name ?? "")) is { } variable)
                {
                    return $"{sort} {name} with envVar {variable.Name} referencing secret.secretName=\"{variable.ValueFrom.SecretKeyRef.Name}\" {because}";
                }

                if ((envFrom ?? []).FirstOrDefault(e => e.SecretRef is { } secret && !mountable.Contains(secret.Name ?? "")) is { } source)
                {
                    return $"{sort} {name} with envFrom referencing secret.secretName=\"{source.SecretRef.Name}\" {because}";
                }
            }

            return null;
        }
    }

    /// <summary>Every secret that a pod names, wherever.</summary>
    public static IEnumerable<string> Names(V1PodSpec spec)
    {
        IEnumerable<(IList<V1EnvVar>? Env, IList<V1EnvFromSource>? From)> containers =
        [
            .. (spec.InitContainers ?? []).Concat(spec.Containers ?? []).Select(c => (c.Env, c.EnvFrom)),
            .. (spec.EphemeralContainers ?? []).Select(c => (c.Env, c.EnvFrom)),
        ];
        return (spec.ImagePullSecrets ?? []).Select(s => s.Name)
            .Concat(containers.SelectMany(c => (c.Env ?? []).Select(e => e.ValueFrom?.SecretKeyRef?.Name).Concat((c.From ?? []).Select(e => e.SecretRef?.Name))))
            .Concat((spec.Volumes ?? []).SelectMany(OfVolume))
            .Where(n => !string.IsNullOrEmpty(n)).Select(n => n!);
    }

    private static IEnumerable<string?> OfVolume(V1Volume volume) =>
    [
        volume.Secret?.SecretName, volume.AzureFile?.SecretName, volume.Cephfs?.SecretRef?.Name, volume.Cinder?.SecretRef?.Name, volume.FlexVolume?.SecretRef?.Name,
        volume.Rbd?.SecretRef?.Name, volume.ScaleIO?.SecretRef?.Name, volume.Iscsi?.SecretRef?.Name, volume.Storageos?.SecretRef?.Name, volume.Csi?.NodePublishSecretRef?.Name,
        .. (volume.Projected?.Sources ?? []).Select(s => s.Secret?.Name),
    ];

    private readonly record struct Reader(string Sort, string Name, IList<V1EnvVar>? Env, IList<V1EnvFromSource>? EnvFrom);
}
