using System.Reflection;
using k8s.Models;
using static ActorKube.ApiServer.Registry.Pods.PodSpecDefaults;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>What Kubernetes fills into a volume.</summary>
internal static class VolumeDefaults
{
    private const int FileMode = 0x1A4; // 0644

    private static readonly Func<V1Volume, object?>[] Sources = [.. typeof(V1Volume).GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.Name != nameof(V1Volume.Name))
        .Select(p => p.GetMethod!.CreateDelegate<Func<V1Volume, object?>>())];

    public static void Apply(V1Volume volume)
    {
        if (Array.TrueForAll(Sources, source => source(volume) is null))
        {
            volume.EmptyDir = new V1EmptyDirVolumeSource();
        }

        if (volume.Secret is { } secret)
        {
            secret.DefaultMode ??= FileMode;
        }

        if (volume.ConfigMap is { } configMap)
        {
            configMap.DefaultMode ??= FileMode;
        }

        if (volume.DownwardAPI is { } downward)
        {
            downward.DefaultMode ??= FileMode;
            Apply(downward.Items);
        }

        if (volume.Projected is { } projected)
        {
            projected.DefaultMode ??= FileMode;
            foreach (var source in projected.Sources ?? [])
            {
                Apply(source.DownwardAPI?.Items);
                if (source.ServiceAccountToken is { } token)
                {
                    token.ExpirationSeconds ??= 3600;
                }
            }
        }

        if (volume.HostPath is { } host)
        {
            host.Type ??= "";
        }

        if (volume.Image is { } image)
        {
            image.PullPolicy = Or(image.PullPolicy, ContainerDefaults.PullPolicy(image.Reference));
        }

        if (volume.Ephemeral?.VolumeClaimTemplate?.Spec is { } claim)
        {
            claim.VolumeMode = Or(claim.VolumeMode, "Filesystem");
        }

        if (volume.Iscsi is { } iscsi)
        {
            iscsi.IscsiInterface = Or(iscsi.IscsiInterface, "default");
        }

        if (volume.Rbd is { } rbd)
        {
            rbd.Pool = Or(rbd.Pool, "rbd");
            rbd.User = Or(rbd.User, "admin");
            rbd.Keyring = Or(rbd.Keyring, "/etc/ceph/keyring");
        }
    }

    private static void Apply(IList<V1DownwardAPIVolumeFile>? files)
    {
        foreach (var file in files ?? [])
        {
            if (file.FieldRef is { } field)
            {
                field.ApiVersion = Or(field.ApiVersion, "v1");
            }

            if (file.ResourceFieldRef is { } resource)
            {
                resource.Divisor ??= new ResourceQuantity("0");
            }
        }
    }
}
