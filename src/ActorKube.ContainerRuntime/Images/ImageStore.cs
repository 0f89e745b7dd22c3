using System.Collections.Immutable;
using System.Text.Json;
using ActorKube.ContainerRuntime.Cri;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>
/// The images of one node on disk: blobs and unpacked layers by digest, and names that point at them. Safe for concurrent use by one process;
/// a process killed at any moment leaves a store that opens again with every image that was complete.
/// </summary>
/// <remarks>
/// <c>blobs/sha256/…</c>, <c>layers/…</c>, <c>refs/…</c> (one small JSON file per name). What no name leads to is garbage, unless a pull in progress
/// or a container holds it.
/// </remarks>
public sealed class ImageStore
{
    private readonly string _refs;
    private readonly ILogger _logger;
    private readonly bool _overlay;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _pins = [];
    private readonly ImagePuller _puller;
    private readonly ImageArchiveImporter _importer;
    private ImmutableDictionary<string, OciDescriptor> _names = ImmutableDictionary<string, OciDescriptor>.Empty;
    private ImmutableDictionary<string, StoredImage> _images = ImmutableDictionary<string, StoredImage>.Empty;
    private int _next;

    /// <summary>Opens, or makes, the store in a directory.</summary>
    /// <param name="root">The directory, owned by this store alone.</param>
    /// <param name="logger">Where it logs.</param>
    /// <param name="registries">Which registries speak plain HTTP, and time-outs.</param>
    /// <param name="overlay">Whether layers are unpacked for overlay mounts as they come (needs root), or left packed for <see cref="UnpackFlat"/>.</param>
    public ImageStore(string root, ILogger logger, RegistryOptions? registries = null, bool overlay = true)
    {
        _logger = logger;
        _overlay = overlay;
        _refs = Path.Combine(root, "refs");
        Directory.CreateDirectory(_refs);
        Blobs = new BlobStore(root);
        Layers = new LayerStore(root, Blobs, logger);
        _puller = new ImagePuller(this, registries ?? new RegistryOptions(), logger);
        _importer = new ImageArchiveImporter(this, logger);
        Load();
    }

    internal BlobStore Blobs { get; }

    internal LayerStore Layers { get; }

    /// <summary>Chain ids of layers that containers stand on: never collected. Set by the runtime that owns the store.</summary>
    internal Func<IEnumerable<string>> LayersInUse { get; set; } = () => [];

    /// <summary>All images.</summary>
    public IReadOnlyCollection<StoredImage> List() => [.. _images.Values];

    /// <summary>The image with this id or name, or null.</summary>
    public StoredImage? Find(string image)
    {
        var id = image.StartsWith("sha256:", StringComparison.Ordinal) ? image : "sha256:" + image;
        if (_images.TryGetValue(id, out var found))
            return found;
        if (!ImageReference.TryParse(image, out var reference, out _))
            return null;
        var name = reference!.ToString();
        return _images.Values.FirstOrDefault(i => i.Tags.Contains(name) || i.Digests.Contains(name));
    }

    /// <summary>
    /// Pulls an image from its registry, checking every digest, and unpacks it. Fails with the message that Kubernetes users know:
    /// <c>failed to pull and unpack image "x": …</c>.
    /// </summary>
    public Task<StoredImage> PullAsync(string image, AuthConfig? auth, CancellationToken cancellationToken = default) =>
        _puller.PullAsync(image, auth, cancellationToken);

    /// <summary>Imports an OCI-layout or docker-archive tar, plain or compressed, read once from start to end. Returns the names it brought.</summary>
    public Task<IReadOnlyList<string>> ImportAsync(Stream archive, CancellationToken cancellationToken = default) =>
        _importer.ImportAsync(archive, cancellationToken);

    /// <summary>Unpacks the layers of a manifest whose blobs are present and pinned, if they are not yet unpacked.</summary>
    internal async Task UnpackAsync(OciDescriptor target, Lease lease, CancellationToken cancellationToken)
    {
        var image = ResolveImage(target) ?? throw NoPlatform(target);
        if (image.DiffIds.Length != image.LayerBlobs.Length)
            throw new InvalidDataException($"image {image.Id} has {image.LayerBlobs.Length} layers but {image.DiffIds.Length} diff ids");
        if (!_overlay)
            return;
        foreach (var chainId in LayerStore.ChainIds(image.DiffIds))
            lease.Pin(chainId);
        await Layers.EnsureUnpackedAsync(image.LayerBlobs, image.DiffIds, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes an image's whole file tree into one directory, for a runtime that has no overlay.</summary>
    public void UnpackFlat(StoredImage image, string directory, CancellationToken cancellationToken = default) =>
        Layers.UnpackFlat(image.LayerBlobs, image.DiffIds, directory, PosixFile.IsRoot, cancellationToken);

    /// <summary>Removes an image with all its names, and every blob and layer that nothing else needs. Idempotent.</summary>
    public async Task RemoveAsync(string image, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (Find(image) is not { } found)
                return;
            foreach (var name in _names.Where(n => ResolveImage(n.Value)?.Id == found.Id).Select(n => n.Key).ToArray())
            {
                File.Delete(RefPath(name));
                _names = _names.Remove(name);
            }
            Index();
        }
        await Task.Run(CollectGarbage, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes what a crash left behind: blobs and layers that no name, container or pull leads to.</summary>
    internal void CollectGarbage()
    {
        IReadOnlyList<string> trash;
        lock (_gate)
        {
            trash = Collect();
        }
        Empty(trash);
    }

    /// <summary>Bytes and inodes that images take on disk, packed and unpacked.</summary>
    public (long Bytes, long Inodes) Usage()
    {
        var (size, inodes) = Layers.Usage();
        var blobs = Blobs.All().ToArray();
        return (size + blobs.Sum(Blobs.Size), inodes + blobs.Length);
    }

    /// <summary>Points names at a manifest (or index) whose blobs are all present.</summary>
    internal StoredImage SetNames(IEnumerable<string> names, OciDescriptor target)
    {
        lock (_gate)
        {
            var image = ResolveImage(target) ?? throw NoPlatform(target);
            foreach (var name in names)
            {
                WriteRef(new ImageRefRecord { Name = name, Target = target });
                _names = _names.SetItem(name, target);
            }
            Index();
            return _images[image.Id];
        }
    }

    /// <summary>Keeps digests (blobs or chain ids) from being collected until the lease ends. Pin first, then look whether it is there.</summary>
    internal Lease BeginLease() => new(this);

    /// <summary>Picks the manifest for this machine.</summary>
    internal static OciDescriptor? SelectPlatform(IEnumerable<OciDescriptor> manifests)
    {
        var current = OciPlatform.Current;
        var all = manifests.ToArray();
        return all.FirstOrDefault(m => m.Platform is { } p && p.Os == current.Os && p.Architecture == current.Architecture)
            ?? all.FirstOrDefault(m => m.Platform is null);
    }

    private static ContainerRuntimeException NoPlatform(OciDescriptor target) =>
        new($"no match for platform in manifest {target.Digest}: not found", ContainerRuntimeError.NotFound);

    private void Load()
    {
        foreach (var file in Directory.EnumerateFiles(_refs, "*.json"))
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(file), OciJson.Default.ImageRefRecord)!;
            if (ResolveImage(record.Target) is null)
                _logger.LogWarning("Image {Image} is incomplete on disk and is left out; pulling it again repairs it", record.Name);
            else
                _names = _names.SetItem(record.Name, record.Target);
        }
        Index();
    }

    private void Index()
    {
        var images = new Dictionary<string, StoredImage>();
        foreach (var (name, target) in _names.OrderBy(n => n.Key, StringComparer.Ordinal))
        {
            if (ResolveImage(target) is not { } resolved)
                continue;
            var image = images.GetValueOrDefault(resolved.Id, resolved);
            images[resolved.Id] = name.Contains('@') ? image with { Digests = image.Digests.Add(name) }
                : name.StartsWith("sha256:", StringComparison.Ordinal) ? image
                : image with { Tags = image.Tags.Add(name) };
        }
        _images = images.ToImmutableDictionary();
    }

    /// <summary>Follows a descriptor to the image for this machine; null when a blob is missing or nothing fits.</summary>
    private StoredImage? ResolveImage(OciDescriptor target)
    {
        var blobs = new List<string>();
        OciManifest manifest;
        while (true)
        {
            if (!Blobs.Contains(target.Digest))
                return null;
            blobs.Add(target.Digest);
            manifest = JsonSerializer.Deserialize(Blobs.Read(target.Digest), OciJson.Default.OciManifest)!;
            if (manifest.Manifests is null)
                break;
            if (SelectPlatform(manifest.Manifests) is not { } selected)
                return null;
            target = selected;
        }
        if (manifest.Config is null || manifest.Layers is null || !Blobs.Contains(manifest.Config.Digest) || !manifest.Layers.TrueForAll(l => Blobs.Contains(l.Digest)))
            return null;
        var config = JsonSerializer.Deserialize(Blobs.Read(manifest.Config.Digest), OciJson.Default.OciImageConfig)!;
        blobs.Add(manifest.Config.Digest);
        blobs.AddRange(manifest.Layers.Select(l => l.Digest));
        return new StoredImage
        {
            Id = manifest.Config.Digest,
            Size = blobs.Sum(Blobs.Size),
            Config = config.Config ?? new OciProcessConfig(),
            LayerBlobs = [.. manifest.Layers.Select(l => l.Digest)],
            DiffIds = [.. config.RootFs?.DiffIds ?? []],
            AllBlobs = [.. blobs],
        };
    }

    private IReadOnlyList<string> Collect()
    {
        var live = _pins.Keys.Concat(LayersInUse()).ToHashSet();
        foreach (var image in _names.Values.Select(ResolveImage).OfType<StoredImage>())
        {
            live.UnionWith(image.AllBlobs);
            live.UnionWith(LayerStore.ChainIds(image.DiffIds));
        }
        foreach (var blob in Blobs.All().Where(b => !live.Contains(b)).ToArray())
            Blobs.Delete(blob);
        return Layers.Detach(live);
    }

    private static void Empty(IReadOnlyList<string> trash)
    {
        foreach (var directory in trash)
            Directory.Delete(directory, recursive: true);
    }

    private void WriteRef(ImageRefRecord record)
    {
        var temporary = Path.Combine(_refs, $".tmp-{_next++}");
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, record, OciJson.Default.ImageRefRecord);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, RefPath(record.Name), overwrite: true);
    }

    private string RefPath(string name) => Path.Combine(_refs, BlobStore.DigestOf(System.Text.Encoding.UTF8.GetBytes(name))["sha256:".Length..] + ".json");

    /// <summary>Digests held for the time of a pull or import.</summary>
    internal sealed class Lease(ImageStore store) : IDisposable
    {
        private readonly List<string> _held = [];

        public void Pin(string digest)
        {
            lock (store._gate)
            {
                store._pins[digest] = store._pins.GetValueOrDefault(digest) + 1;
                _held.Add(digest);
            }
        }

        public void Dispose()
        {
            lock (store._gate)
            {
                foreach (var digest in _held)
                {
                    if (--store._pins[digest] == 0)
                        store._pins.Remove(digest);
                }
            }
        }
    }
}
