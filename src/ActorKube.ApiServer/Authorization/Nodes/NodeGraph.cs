using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Nodes;

/// <summary>Which objects have to do with a node: what its pods mention, and what those lead to.</summary>
internal sealed class NodeGraph(ResourceRegistry registry)
{
    private readonly PodsByNode _pods = new();
    private readonly ServedResource _podCache = registry.Of<V1Pod>();

    /// <summary>Whether the object has to do with the node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="resource">The object's resource, such as <c>secrets</c>.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<bool> LeadsToAsync(string node, string resource, string ns, string name, CancellationToken cancellationToken)
    {
        var pods = await Freshness.AnyAsync(_podCache, cancellationToken).ConfigureAwait(false);
        return resource switch
        {
            "pods" => _pods.NodeOf(pods, $"{ns}/{name}") == node,
            "configmaps" => _pods.Any(pods, node, p => p.Namespace == ns && p.ConfigMaps.Contains(name)),
            "serviceaccounts" => _pods.Any(pods, node, p => p.Namespace == ns && p.ServiceAccount == name),
            "persistentvolumeclaims" => _pods.Any(pods, node, p => p.Namespace == ns && p.VolumeClaims.Contains(name)),
            "resourceclaims" => _pods.Any(pods, node, p => p.Namespace == ns && p.ResourceClaims.Contains(name)),
            "secrets" => _pods.Any(pods, node, p => p.Namespace == ns && p.Secrets.Contains(name))
                || await VolumeSecretAsync(pods, node, ns, name, cancellationToken).ConfigureAwait(false),
            "persistentvolumes" => await VolumeAsync(pods, node, name, cancellationToken).ConfigureAwait(false),
            "volumeattachments" => await AttachmentAsync(node, name, cancellationToken).ConfigureAwait(false),
            "resourceslices" => await SliceAsync(node, name, cancellationToken).ConfigureAwait(false),
            _ => false,
        };
    }

    // A volume is a node's when the claim that holds it is mentioned by one of the node's pods.
    private async ValueTask<bool> VolumeAsync(CacheState pods, string node, string name, CancellationToken cancellationToken)
    {
        var volumes = await Freshness.AnyAsync(registry.Of<V1PersistentVolume>(), cancellationToken).ConfigureAwait(false);
        return volumes.Objects.Find(name)?.Object.As<V1PersistentVolume>().Spec?.ClaimRef is { } claim
            && _pods.Any(pods, node, p => p.Namespace == claim.NamespaceProperty && p.VolumeClaims.Contains(claim.Name));
    }

    private async ValueTask<bool> VolumeSecretAsync(CacheState pods, string node, string ns, string name, CancellationToken cancellationToken)
    {
        var claims = new List<(string Namespace, string Name)>();
        _pods.Any(pods, node, p =>
        {
            claims.AddRange(p.VolumeClaims.Select(c => (p.Namespace, c)));
            return false;
        });
        if (claims.Count == 0)
        {
            return false;
        }

        var claimed = await Freshness.AnyAsync(registry.Of<V1PersistentVolumeClaim>(), cancellationToken).ConfigureAwait(false);
        var volumes = await Freshness.AnyAsync(registry.Of<V1PersistentVolume>(), cancellationToken).ConfigureAwait(false);
        return claims.Any(c => claimed.Objects.Find($"{c.Namespace}/{c.Name}")?.Object.As<V1PersistentVolumeClaim>().Spec?.VolumeName is { Length: > 0 } volume
            && volumes.Objects.Find(volume)?.Object.As<V1PersistentVolume>() is { } found
            && found.Spec.ClaimRef?.Name == c.Name && found.Spec.ClaimRef.NamespaceProperty == c.Namespace
            && Secrets(found).Any(s => s.Name == name && (string.IsNullOrEmpty(s.Namespace) ? c.Namespace : s.Namespace) == ns));
    }

    private async ValueTask<bool> AttachmentAsync(string node, string name, CancellationToken cancellationToken)
    {
        var attachments = await Freshness.AnyAsync(registry.Of<V1VolumeAttachment>(), cancellationToken).ConfigureAwait(false);
        return attachments.Objects.Find(name)?.Object.As<V1VolumeAttachment>().Spec?.NodeName == node;
    }

    private async ValueTask<bool> SliceAsync(string node, string name, CancellationToken cancellationToken)
    {
        var slices = await Freshness.AnyAsync(registry.Of<V1ResourceSlice>(), cancellationToken).ConfigureAwait(false);
        return slices.Objects.Find(name)?.Object.As<V1ResourceSlice>().Spec?.NodeName == node;
    }

    private static IEnumerable<(string? Name, string? Namespace)> Secrets(V1PersistentVolume volume)
    {
        var spec = volume.Spec;
        yield return (spec.AzureFile?.SecretName, spec.AzureFile?.SecretNamespace);
        foreach (var secret in new[]
        {
            spec.Cephfs?.SecretRef, spec.Cinder?.SecretRef, spec.FlexVolume?.SecretRef, spec.Iscsi?.SecretRef, spec.Rbd?.SecretRef, spec.ScaleIO?.SecretRef,
            spec.Csi?.NodePublishSecretRef, spec.Csi?.NodeStageSecretRef, spec.Csi?.NodeExpandSecretRef,
        })
        {
            yield return (secret?.Name, secret?.NamespaceProperty);
        }

        yield return (spec.Storageos?.SecretRef?.Name, spec.Storageos?.SecretRef?.NamespaceProperty);
    }
}
