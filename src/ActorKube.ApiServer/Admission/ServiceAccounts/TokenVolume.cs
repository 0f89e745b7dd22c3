using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>The volume with which a pod reaches the API: a token of its service account, the cluster's CA, and its namespace. Pure.</summary>
internal static class TokenVolume
{
    /// <summary>What the volume's name begins with.</summary>
    public const string Prefix = "kube-api-access-";

    private const string Path = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string RootAuthority = "kube-root-ca.crt";

    // An hour, and seven seconds by which such tokens are told from those that people ask for.
    private const long ExpirationSeconds = 3607;
    private const int Mode = 0b110_100_100;

    /// <summary>Mounts the volume into every container that has nothing else at its place.</summary>
    /// <param name="spec">The pod's spec; changed.</param>
    /// <param name="name">A new name for the volume, should the pod have none of this sort.</param>
    public static void Mount(V1PodSpec spec, Func<string> name)
    {
        var existing = spec.Volumes?.FirstOrDefault(v => v.Name.StartsWith(Prefix, StringComparison.Ordinal))?.Name;
        var volume = existing ?? name();
        var needed = false;
        foreach (var container in (spec.InitContainers ?? []).Concat(spec.Containers ?? []))
        {
            if (container.VolumeMounts?.Any(m => m.MountPath == Path) is not true)
            {
                container.VolumeMounts = [.. container.VolumeMounts ?? [], new V1VolumeMount { Name = volume, MountPath = Path, ReadOnlyProperty = true }];
                needed = true;
            }
        }

        if (needed && existing is null)
        {
            spec.Volumes = [.. spec.Volumes ?? [], Volume(volume)];
        }
    }

    private static V1Volume Volume(string name) => new()
    {
        Name = name,
        Projected = new V1ProjectedVolumeSource
        {
            DefaultMode = Mode,
            Sources =
            [
                new V1VolumeProjection { ServiceAccountToken = new V1ServiceAccountTokenProjection { ExpirationSeconds = ExpirationSeconds, Path = "token" } },
                new V1VolumeProjection { ConfigMap = new V1ConfigMapProjection { Name = RootAuthority, Items = [new V1KeyToPath { Key = "ca.crt", Path = "ca.crt" }] } },
                new V1VolumeProjection
                {
                    DownwardAPI = new V1DownwardAPIProjection
                    {
                        Items = [new V1DownwardAPIVolumeFile { Path = "namespace", FieldRef = new V1ObjectFieldSelector { ApiVersion = "v1", FieldPath = "metadata.namespace" } }],
                    },
                },
            ],
        },
    };
}
