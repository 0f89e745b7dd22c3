using System.Formats.Tar;
using System.Text.Json;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>
/// Makes an image from files, as an OCI-layout tar that any runtime imports (<c>akctl image load</c>, <c>ctr image import</c>, <c>skopeo</c>).
/// The same input gives the same bytes: nothing of the machine or the time goes in.
/// </summary>
public sealed class ImageBuilder
{
    private readonly List<List<TarEntryPlan>> _layers = [[]];
    private readonly List<string> _names = [];

    /// <summary>Starts an image that carries these names, each with a tag: <c>actorkube.io/hello:1</c>.</summary>
    public ImageBuilder(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            _names.Add(ImageReference.Parse(name).ToString());
    }

    /// <summary>How the image's process is run.</summary>
    public OciProcessConfig Config { get; set; } = new();

    /// <summary>The processor that the files are for, as Go names it (<c>amd64</c>, <c>arm64</c>); this machine's unless set.</summary>
    public string Architecture { get; set; } = OciPlatform.Current.Architecture;

    /// <summary>Puts what follows into a new layer on top.</summary>
    public ImageBuilder NextLayer()
    {
        _layers.Add([]);
        return this;
    }

    /// <summary>Adds a file; missing parents become directories of mode 0755.</summary>
    public ImageBuilder File(string path, byte[] content, UnixFileMode mode = (UnixFileMode)0x1A4, int uid = 0, int gid = 0) =>
        Add(new TarEntryPlan(TarEntryType.RegularFile, Clean(path), mode, uid, gid, content, ""));

    /// <summary>Adds an executable file, mode 0755.</summary>
    public ImageBuilder Executable(string path, byte[] content) => File(path, content, (UnixFileMode)0x1ED);

    /// <summary>Adds a directory.</summary>
    public ImageBuilder Directory(string path, UnixFileMode mode = (UnixFileMode)0x1ED, int uid = 0, int gid = 0) =>
        Add(new TarEntryPlan(TarEntryType.Directory, Clean(path), mode, uid, gid, null, ""));

    /// <summary>Adds a symbolic link.</summary>
    public ImageBuilder Symlink(string path, string target) =>
        Add(new TarEntryPlan(TarEntryType.SymbolicLink, Clean(path), (UnixFileMode)0x1FF, 0, 0, null, target));

    /// <summary>Adds a hard link to a file added before.</summary>
    public ImageBuilder HardLink(string path, string target) =>
        Add(new TarEntryPlan(TarEntryType.HardLink, Clean(path), (UnixFileMode)0x1A4, 0, 0, null, Clean(target)));

    /// <summary>Writes the image as an OCI-layout tar.</summary>
    public void WriteTo(Stream archive)
    {
        using var tar = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true);
        Write(tar, "oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray());
        var layers = _layers.ConvertAll(LayerTar);
        var diffIds = layers.ConvertAll(l => BlobStore.DigestOf(l));
        var config = JsonSerializer.SerializeToUtf8Bytes(
            new OciImageConfig
            {
                Created = DateTimeOffset.UnixEpoch,
                Architecture = Architecture,
                Os = "linux",
                Config = Config,
                RootFs = new OciRootFs { DiffIds = diffIds },
            },
            OciJson.Default.OciImageConfig);
        var manifest = JsonSerializer.SerializeToUtf8Bytes(
            new OciManifest
            {
                MediaType = MediaTypes.OciManifest,
                Config = WriteBlob(tar, config, MediaTypes.OciConfig),
                Layers = layers.ConvertAll(l => WriteBlob(tar, l, MediaTypes.OciLayer)),
            },
            OciJson.Default.OciManifest);
        var target = WriteBlob(tar, manifest, MediaTypes.OciManifest) with { Platform = OciPlatform.Current with { Architecture = Architecture } };
        var index = new OciManifest
        {
            MediaType = MediaTypes.OciIndex,
            Manifests = _names.Count == 0 ? [target] : _names.ConvertAll(name => target with
            {
                Annotations = new Dictionary<string, string>
                {
                    ["io.containerd.image.name"] = name,
                    ["org.opencontainers.image.ref.name"] = name[(name.LastIndexOf(':') + 1)..],
                },
            }),
        };
        Write(tar, "index.json", JsonSerializer.SerializeToUtf8Bytes(index, OciJson.Default.OciManifest));
    }

    /// <summary>The image as an OCI-layout tar in memory.</summary>
    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        WriteTo(stream);
        return stream.ToArray();
    }

    private ImageBuilder Add(TarEntryPlan entry)
    {
        for (var slash = entry.Path.IndexOf('/'); slash > 0; slash = entry.Path.IndexOf('/', slash + 1))
        {
            var parent = entry.Path[..slash];
            if (!_layers[^1].Exists(e => e.Path == parent))
                _layers[^1].Add(new TarEntryPlan(TarEntryType.Directory, parent, (UnixFileMode)0x1ED, 0, 0, null, ""));
        }
        _layers[^1].Add(entry);
        return this;
    }

    private static byte[] LayerTar(List<TarEntryPlan> entries)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var plan in entries)
            {
                var entry = new UstarTarEntry(plan.Type, plan.Type == TarEntryType.Directory ? plan.Path + "/" : plan.Path)
                {
                    Mode = plan.Mode,
                    Uid = plan.Uid,
                    Gid = plan.Gid,
                    ModificationTime = DateTimeOffset.UnixEpoch,
                };
                if (plan.LinkName.Length > 0)
                    entry.LinkName = plan.LinkName;
                if (plan.Content is not null)
                    entry.DataStream = new MemoryStream(plan.Content);
                tar.WriteEntry(entry);
            }
        }
        return stream.ToArray();
    }

    private static OciDescriptor WriteBlob(TarWriter tar, byte[] content, string mediaType)
    {
        var digest = BlobStore.DigestOf(content);
        Write(tar, "blobs/sha256/" + digest["sha256:".Length..], content);
        return new OciDescriptor { MediaType = mediaType, Digest = digest, Size = content.Length };
    }

    private static void Write(TarWriter tar, string name, byte[] content) =>
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
        {
            ModificationTime = DateTimeOffset.UnixEpoch,
            DataStream = new MemoryStream(content),
        });

    private static string Clean(string path) => path.Trim('/');

    private sealed record TarEntryPlan(TarEntryType Type, string Path, UnixFileMode Mode, int Uid, int Gid, byte[]? Content, string LinkName);
}
