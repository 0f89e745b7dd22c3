using System.Collections.Concurrent;
using System.Text.Json;
using ActorKube.ContainerRuntime.Cri;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>Brings an image from its registry into the store: resolve, choose the platform, fetch what is missing, unpack, then name it.</summary>
internal sealed class ImagePuller(ImageStore store, RegistryOptions options, ILogger logger)
{
    /// <summary>One download of a blob at a time; whoever comes second finds it there.</summary>
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _downloads = new();

    public async Task<StoredImage> PullAsync(string image, AuthConfig? auth, CancellationToken cancellationToken)
    {
        var reference = ImageReference.Parse(image);
        using var lease = store.BeginLease();
        using var client = new RegistryClient(reference, auth, options);
        OciDescriptor target;
        byte[] content;
        try
        {
            (target, content) = await client.GetManifestAsync(reference.Selector, cancellationToken).ConfigureAwait(false);
        }
        catch (ContainerRuntimeException e)
        {
            throw new ContainerRuntimeException($"failed to pull and unpack image \"{reference}\": failed to resolve reference \"{reference}\": {e.Message}", e.Error, e);
        }
        try
        {
            await FetchAsync(client, lease, target, content, cancellationToken).ConfigureAwait(false);
            await store.UnpackAsync(target, lease, cancellationToken).ConfigureAwait(false);
            // Names last: an image that has a name is whole.
            var pulled = store.SetNames(reference.Digest is null ? [reference.ToString(), $"{reference.Repository}@{target.Digest}"] : [reference.ToString()], target);
            logger.LogInformation("Pulled image {Image} ({Id}, {Size} bytes)", reference, pulled.Id, pulled.Size);
            return pulled;
        }
        catch (Exception e) when (e is ContainerRuntimeException or InvalidDataException or IOException or JsonException)
        {
            throw new ContainerRuntimeException($"failed to pull and unpack image \"{reference}\": {e.Message}", (e as ContainerRuntimeException)?.Error ?? ContainerRuntimeError.Failed, e);
        }
    }

    private async Task FetchAsync(RegistryClient client, ImageStore.Lease lease, OciDescriptor target, byte[] content, CancellationToken cancellationToken)
    {
        var manifest = Keep(lease, content);
        if (manifest.Manifests is { } manifests)
        {
            var selected = ImageStore.SelectPlatform(manifests)
                ?? throw new ContainerRuntimeException($"no match for platform in manifest {target.Digest}: not found", ContainerRuntimeError.NotFound);
            (_, content) = await client.GetManifestAsync(selected.Digest, cancellationToken).ConfigureAwait(false);
            manifest = Keep(lease, content);
        }
        if (manifest.Config is null || manifest.Layers is null)
            throw new ContainerRuntimeException($"{target.MediaType} {target.Digest} is not an image manifest");
        var blobs = manifest.Layers.Append(manifest.Config).DistinctBy(b => b.Digest);
        await Parallel.ForEachAsync(
            blobs,
            new ParallelOptions { MaxDegreeOfParallelism = options.ParallelDownloads, CancellationToken = cancellationToken },
            async (blob, token) => await DownloadAsync(client, lease, blob, token).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private OciManifest Keep(ImageStore.Lease lease, byte[] content)
    {
        lease.Pin(BlobStore.DigestOf(content));
        store.Blobs.Write(content);
        return JsonSerializer.Deserialize(content, OciJson.Default.OciManifest)!;
    }

    private async Task DownloadAsync(RegistryClient client, ImageStore.Lease lease, OciDescriptor blob, CancellationToken cancellationToken)
    {
        lease.Pin(blob.Digest);
        var gate = _downloads.GetOrAdd(blob.Digest, _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!store.Blobs.Contains(blob.Digest))
                await client.GetBlobAsync(blob, store.Blobs, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            gate.Release();
        }
    }
}
