using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>
/// Imports what <c>docker save</c>, <c>skopeo copy … oci-archive:</c>, <c>ctr image export</c> and <see cref="ImageBuilder"/> write.
/// The archive is read once, front to back: its big entries go straight into the blob store, small JSON documents are kept until the end tells what they are.
/// </summary>
internal sealed class ImageArchiveImporter(ImageStore store, ILogger logger)
{
    private const int DocumentLimit = 8 << 20;
    private const string ContainerdName = "io.containerd.image.name";
    private const string OciName = "org.opencontainers.image.ref.name";

    public async Task<IReadOnlyList<string>> ImportAsync(Stream archive, CancellationToken cancellationToken)
    {
        using var lease = store.BeginLease();
        var content = await Task.Factory.StartNew(
            () => Read(archive, lease, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        var images = content.Documents.TryGetValue("index.json", out var index) ? FromLayout(index)
            : content.Documents.TryGetValue("manifest.json", out var manifest) ? FromDocker(manifest, content, lease)
            : throw new ContainerRuntimeException("the archive is neither an OCI layout (no index.json) nor a docker archive (no manifest.json)");
        var names = new List<string>();
        foreach (var (imageNames, target) in images)
        {
            await store.UnpackAsync(target, lease, cancellationToken).ConfigureAwait(false);
            var image = store.SetNames(imageNames, target);
            logger.LogInformation("Imported image {Image} ({Id})", string.Join(", ", imageNames), image.Id);
            names.AddRange(imageNames);
        }
        return names;
    }

    private Content Read(Stream archive, ImageStore.Lease lease, CancellationToken cancellationToken)
    {
        var content = new Content();
        var buffer = new byte[128 * 1024];
        var tar = new TarStream(LayerCompression.DecompressForwardOnly(archive));
        while (Next(tar) is { } entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = string.Join('/', entry.Name.Split('/').Where(p => p is not ("" or ".")));
            if (entry.Kind == TarEntryKind.Symlink)
                content.Links[name] = Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(name) ?? "", entry.LinkName)).TrimStart('/');
            if (entry.Kind == TarEntryKind.HardLink)
                content.Links[name] = entry.LinkName.TrimStart('.', '/');
            if (entry.Kind != TarEntryKind.File)
                continue;
            if (name.EndsWith(".json", StringComparison.Ordinal) && entry.Size <= DocumentLimit)
            {
                content.Documents[name] = tar.ReadContent(DocumentLimit);
                var digest = BlobStore.DigestOf(content.Documents[name]);
                lease.Pin(digest);
                content.Digests[name] = store.Blobs.Write(content.Documents[name]);
                continue;
            }
            content.Digests[name] = Ingest(tar, name, buffer, lease);
        }
        return content;
    }

    /// <summary>Stores one entry under its own digest. A blob whose file name is a digest must have it.</summary>
    private string Ingest(TarStream tar, string name, byte[] buffer, ImageStore.Lease lease)
    {
        var claimed = name.StartsWith("blobs/sha256/", StringComparison.Ordinal) ? "sha256:" + name["blobs/sha256/".Length..] : null;
        if (claimed is not null && !ImageReference.IsDigest(claimed))
            throw new ContainerRuntimeException($"the archive's entry \"{name}\" is not named by a SHA-256 digest");
        if (claimed is not null)
            lease.Pin(claimed);
        return store.Blobs.WriteEntry(tar, buffer, claimed, lease.Pin);
    }

    private List<(string[] Names, OciDescriptor Target)> FromLayout(byte[] index)
    {
        var result = new List<(string[], OciDescriptor)>();
        foreach (var manifest in JsonSerializer.Deserialize(index, OciJson.Default.OciManifest)?.Manifests ?? [])
        {
            var name = manifest.Annotations?.GetValueOrDefault(ContainerdName) ?? manifest.Annotations?.GetValueOrDefault(OciName);
            if (!store.Blobs.Contains(manifest.Digest))
                throw new ContainerRuntimeException($"the archive lacks the manifest {manifest.Digest}");
            // A bare "latest" or "1.0" is a tag without a repository: it names nothing.
            var named = name is not null && (name.Contains('/') || name.Contains(':')) && ImageReference.TryParse(name, out var parsed, out _) ? parsed : null;
            result.Add(([named?.ToString() ?? manifest.Digest], manifest with { Annotations = null }));
        }
        return result;
    }

    /// <summary>A docker archive has no manifest blob: one is made, so that everything after is the same.</summary>
    private List<(string[] Names, OciDescriptor Target)> FromDocker(byte[] manifestJson, Content content, ImageStore.Lease lease)
    {
        var result = new List<(string[], OciDescriptor)>();
        foreach (var entry in JsonSerializer.Deserialize(manifestJson, OciJson.Default.ListDockerArchiveEntry) ?? [])
        {
            var manifest = new OciManifest
            {
                MediaType = MediaTypes.OciManifest,
                Config = Descriptor(content.Resolve(entry.Config), MediaTypes.OciConfig),
                Layers = [.. entry.Layers.Select(l => Descriptor(content.Resolve(l), MediaTypes.OciLayer))],
            };
            var document = JsonSerializer.SerializeToUtf8Bytes(manifest, OciJson.Default.OciManifest);
            lease.Pin(BlobStore.DigestOf(document));
            var digest = store.Blobs.Write(document);
            var names = (entry.RepoTags ?? []).Select(t => ImageReference.Parse(t).ToString()).ToArray();
            result.Add((names.Length > 0 ? names : [manifest.Config.Digest], Descriptor(digest, MediaTypes.OciManifest)));
        }
        return result;
    }

    private OciDescriptor Descriptor(string digest, string mediaType) => new() { MediaType = mediaType, Digest = digest, Size = store.Blobs.Size(digest) };

    private static TarEntry? Next(TarStream tar)
    {
        try
        {
            return tar.Next();
        }
        catch (InvalidDataException e)
        {
            throw new ContainerRuntimeException($"the archive is not a readable tar: {e.Message}", inner: e);
        }
    }

    /// <summary>What the archive held: documents by name, every file's digest, and links between names.</summary>
    private sealed class Content
    {
        public Dictionary<string, byte[]> Documents { get; } = [];

        public Dictionary<string, string> Digests { get; } = [];

        public Dictionary<string, string> Links { get; } = [];

        public string Resolve(string name)
        {
            for (var i = 0; i < 16 && Links.TryGetValue(name, out var linked); i++)
                name = linked;
            return Digests.TryGetValue(name, out var digest) ? digest : throw new ContainerRuntimeException($"the archive lacks \"{name}\"");
        }
    }
}
