using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Volumes;

/// <summary>The files of a volume and, when one of them expires, when to make them anew.</summary>
internal sealed record VolumeContent(IReadOnlyDictionary<string, VolumeFile> Files, DateTimeOffset? RefreshAt);

/// <summary>Computes the files of ConfigMap, Secret, downwardAPI and projected volumes.</summary>
internal sealed class VolumeContents(IObjectSource objects, ResourceFacts resources, TimeProvider time)
{
    private const int DefaultMode = 0b110_100_100;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(10);

    private readonly PodTokens _tokens = new(objects, time);

    public async Task<VolumeContent> OfAsync(V1Pod pod, V1Volume volume, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, VolumeFile>(StringComparer.Ordinal);
        DateTimeOffset? refreshAt = null;
        if (volume.ConfigMap is { } configMap)
            await ConfigMapAsync(pod, volume.Name, configMap.Name, configMap.Items, configMap.Optional, configMap.DefaultMode, files, cancellationToken).ConfigureAwait(false);
        else if (volume.Secret is { } secret)
            await SecretAsync(pod, volume.Name, secret.SecretName, secret.Items, secret.Optional, secret.DefaultMode, files, cancellationToken).ConfigureAwait(false);
        else if (volume.DownwardAPI is { } downward)
            Downward(pod, volume.Name, downward.Items, downward.DefaultMode, files);
        else if (volume.Projected is { } projected)
            refreshAt = await ProjectedAsync(pod, volume.Name, projected, files, cancellationToken).ConfigureAwait(false);
        return new VolumeContent(files, refreshAt);
    }

    /// <summary>Forgets what it keeps of a pod that is gone.</summary>
    public void Forget(string podUid) => _tokens.Forget(podUid);

    private async Task<DateTimeOffset?> ProjectedAsync(
        V1Pod pod, string volume, V1ProjectedVolumeSource projected, Dictionary<string, VolumeFile> files, CancellationToken cancellationToken)
    {
        DateTimeOffset? refreshAt = null;
        foreach (var source in projected.Sources ?? [])
        {
            if (source.ConfigMap is { } c)
            {
                await ConfigMapAsync(pod, volume, c.Name, c.Items, c.Optional, projected.DefaultMode, files, cancellationToken).ConfigureAwait(false);
            }
            else if (source.Secret is { } s)
            {
                await SecretAsync(pod, volume, s.Name, s.Items, s.Optional, projected.DefaultMode, files, cancellationToken).ConfigureAwait(false);
            }
            else if (source.DownwardAPI is { } d)
            {
                Downward(pod, volume, d.Items, projected.DefaultMode, files);
            }
            else if (source.ServiceAccountToken is { } t)
            {
                var due = await TokenAsync(pod, volume, t, projected.DefaultMode, files, cancellationToken).ConfigureAwait(false);
                refreshAt = refreshAt is null || due < refreshAt ? due : refreshAt;
            }
            else if (source.ClusterTrustBundle is not null)
            {
                throw new VolumeException(volume, "projected source clusterTrustBundle: this cluster has no ClusterTrustBundles");
            }
            else if (source.PodCertificate is not null)
            {
                throw new VolumeException(volume, "projected source podCertificate: this cluster issues no pod certificates");
            }
        }

        return refreshAt;
    }

    private async Task ConfigMapAsync(
        V1Pod pod, string volume, string name, IList<V1KeyToPath>? items, bool? optional, int? mode, Dictionary<string, VolumeFile> files, CancellationToken cancellationToken)
    {
        var found = await objects.ConfigMapAsync(pod.Metadata.NamespaceProperty, name, cancellationToken).ConfigureAwait(false);
        if (found is null && optional != true)
            throw new VolumeException(volume, $"configmap \"{name}\" not found");
        var data = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (key, value) in found?.Data ?? new Dictionary<string, string>())
            data[key] = Encoding.UTF8.GetBytes(value);
        foreach (var (key, value) in found?.BinaryData ?? new Dictionary<string, byte[]>())
            data[key] = value;
        Add(volume, data, items, optional, mode, "configmap references non-existent config key", files);
    }

    private async Task SecretAsync(
        V1Pod pod, string volume, string name, IList<V1KeyToPath>? items, bool? optional, int? mode, Dictionary<string, VolumeFile> files, CancellationToken cancellationToken)
    {
        var found = await objects.SecretAsync(pod.Metadata.NamespaceProperty, name, cancellationToken).ConfigureAwait(false);
        if (found is null && optional != true)
            throw new VolumeException(volume, $"secret \"{name}\" not found");
        Add(volume, found?.Data ?? new Dictionary<string, byte[]>(), items, optional, mode, "references non-existent secret key", files);
    }

    private static void Add(
        string volume, IDictionary<string, byte[]> data, IList<V1KeyToPath>? items, bool? optional, int? mode, string missing, Dictionary<string, VolumeFile> files)
    {
        if (items is not { Count: > 0 })
        {
            foreach (var (key, value) in data)
                files[key] = new VolumeFile(value, ModeOf(null, mode));
            return;
        }

        foreach (var item in items)
        {
            if (data.TryGetValue(item.Key, out var value))
                files[item.Path] = new VolumeFile(value, ModeOf(item.Mode, mode), item.User);
            else if (optional != true)
                throw new VolumeException(volume, $"{missing}: {item.Key}");
        }
    }

    private void Downward(V1Pod pod, string volume, IList<V1DownwardAPIVolumeFile>? items, int? mode, Dictionary<string, VolumeFile> files)
    {
        foreach (var item in items ?? [])
        {
            string? text;
            if (item.FieldRef is { } field)
            {
                text = PodFields.Read(pod, field.FieldPath, [], []);
            }
            else if (item.ResourceFieldRef is { } resource)
            {
                var container = ContainerSpecs.Find(pod, resource.ContainerName)?.Container
                    ?? throw new VolumeException(volume, $"container {resource.ContainerName} not found");
                text = resources.Read(container, resource);
            }
            else
            {
                text = null;
            }

            if (text is null)
                throw new VolumeException(volume, $"unsupported fieldPath: {item.FieldRef?.FieldPath ?? item.ResourceFieldRef?.Resource}");
            files[item.Path] = new VolumeFile(Encoding.UTF8.GetBytes(text), ModeOf(item.Mode, mode), item.User);
        }
    }

    private async Task<DateTimeOffset> TokenAsync(
        V1Pod pod, string volume, V1ServiceAccountTokenProjection projection, int? mode, Dictionary<string, VolumeFile> files, CancellationToken cancellationToken)
    {
        PodToken token;
        try
        {
            token = await _tokens.GetAsync(pod, projection.Audience, projection.ExpirationSeconds ?? 3600, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException e)
        {
            throw new VolumeException(volume, $"failed to fetch token for service account {pod.Metadata.NamespaceProperty}/{PodTokens.AccountOf(pod)}: {e.Message}", e);
        }

        // For its owner alone where one is known; a group of the pod's gets its read permission with the volume.
        var user = CommonUser(pod);
        var permissions = user is not null || pod.Spec.SecurityContext?.FsGroup is not null ? (UnixFileMode)0b110_000_000 : ModeOf(null, mode);
        files[projection.Path] = new VolumeFile(Encoding.UTF8.GetBytes(token.Text), permissions, user);
        var soonest = time.GetUtcNow() + ShortestPause;
        return token.RefreshAt > soonest ? token.RefreshAt : soonest;
    }

    // The user all containers run as, when they agree on one.
    private static long? CommonUser(V1Pod pod)
    {
        // Ephemeral containers have no say: they come later.
        var users = (pod.Spec.InitContainers ?? []).Concat(pod.Spec.Containers).Select(c => c.SecurityContext?.RunAsUser ?? pod.Spec.SecurityContext?.RunAsUser).Distinct().ToList();
        return users.Count == 1 ? users[0] : null;
    }

    private static UnixFileMode ModeOf(int? own, int? general) => (UnixFileMode)(own ?? general ?? DefaultMode);
}
