using System.Collections.Immutable;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>An image on this node, ready to start containers from.</summary>
public sealed record StoredImage
{
    /// <summary>The digest of its configuration, which names the image's content: <c>sha256:…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Names with a tag that point at it, full: <c>docker.io/library/busybox:latest</c>.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Names with a digest that point at it: <c>docker.io/library/busybox@sha256:…</c>.</summary>
    public ImmutableArray<string> Digests { get; init; } = [];

    /// <summary>Bytes of its blobs, compressed as they were pulled.</summary>
    public long Size { get; init; }

    /// <summary>How the image wants its process to be run.</summary>
    public OciProcessConfig Config { get; init; } = new();

    /// <summary>The layers' blobs, lowest first.</summary>
    internal ImmutableArray<string> LayerBlobs { get; init; } = [];

    /// <summary>The layers' uncompressed digests, lowest first.</summary>
    internal ImmutableArray<string> DiffIds { get; init; } = [];

    /// <summary>Every blob that belongs to it: layers, configuration, manifest.</summary>
    internal ImmutableArray<string> AllBlobs { get; init; } = [];

    /// <summary>A reference that survives a moved tag: a name with digest where there is one, else the id.</summary>
    public string Reference => Digests.FirstOrDefault() ?? Id;

    /// <summary>The image in the words of the Container Runtime Interface.</summary>
    public Image ToCri()
    {
        var image = new Image { Id = Id, Size = (ulong)Size, Spec = new ImageSpec { Image = Id } };
        image.RepoTags.AddRange(Tags);
        image.RepoDigests.AddRange(Digests);
        var user = (Config.User ?? "").Split(':')[0];
        if (long.TryParse(user, out var uid))
            image.Uid = new Int64Value { Value = uid };
        else
            image.Username = user;
        return image;
    }
}
