using System.Text.RegularExpressions;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>
/// The full name of an image: registry, repository and a tag or digest. Short names are completed as Kubernetes users expect:
/// <c>busybox</c> is <c>docker.io/library/busybox:latest</c>.
/// </summary>
/// <param name="Domain">The registry as users write it: <c>docker.io</c>, <c>localhost:5000</c>.</param>
/// <param name="Path">The repository within the registry: <c>library/busybox</c>.</param>
/// <param name="Tag">The tag, when the image is named by one.</param>
/// <param name="Digest">The digest, when the image is named by one; it wins over the tag.</param>
public sealed partial record ImageReference(string Domain, string Path, string? Tag, string? Digest)
{
    private const string DefaultDomain = "docker.io";

    /// <summary>Registry and repository, without tag or digest.</summary>
    public string Repository => $"{Domain}/{Path}";

    /// <summary>What the registry is asked for: the digest or else the tag.</summary>
    public string Selector => Digest ?? Tag!;

    /// <summary>The host that serves the registry's API.</summary>
    public string RegistryHost => Domain == DefaultDomain ? "registry-1.docker.io" : Domain;

    /// <summary>The full name: <c>repository@digest</c>, else <c>repository:tag</c>.</summary>
    public override string ToString() => Digest is null ? $"{Repository}:{Tag}" : $"{Repository}@{Digest}";

    /// <summary>Parses and completes a name; throws <see cref="ContainerRuntimeException"/> with the reason when it is malformed.</summary>
    public static ImageReference Parse(string image) =>
        TryParse(image, out var reference, out var error) ? reference! : throw new ContainerRuntimeException($"failed to parse image name \"{image}\": {error}");

    /// <summary>Parses and completes a name, or says what is wrong with it.</summary>
    public static bool TryParse(string? image, out ImageReference? reference, out string? error)
    {
        reference = null;
        error = "invalid reference format";
        if (string.IsNullOrEmpty(image))
            return false;
        if (HexId().IsMatch(image))
        {
            error = "invalid reference format: it may not be a bare 64-digit hexadecimal identifier";
            return false;
        }
        var name = image;
        string? digest = null;
        if (name.IndexOf('@') is var at and >= 0)
        {
            digest = name[(at + 1)..];
            name = name[..at];
            if (!DigestFormat().IsMatch(digest))
                return false;
        }
        string? tag = null;
        if (name.LastIndexOf(':') is var colon and > 0 && name.IndexOf('/', colon) < 0)
        {
            tag = name[(colon + 1)..];
            name = name[..colon];
            if (!TagFormat().IsMatch(tag))
                return false;
        }
        var (domain, path) = Split(name);
        if (path.Length == 0 || !DomainFormat().IsMatch(domain))
            return false;
        if (path.Any(char.IsAsciiLetterUpper))
        {
            error = $"invalid reference format: repository name ({path}) must be lowercase";
            return false;
        }
        if (!PathFormat().IsMatch(path) || domain.Length + path.Length > 255)
            return false;
        error = null;
        reference = new ImageReference(domain, path, tag ?? (digest is null ? "latest" : null), digest);
        return true;
    }

    /// <summary>Whether the text is a digest such as <c>sha256:…</c> (64 hexadecimal digits).</summary>
    public static bool IsDigest(string text) => DigestFormat().IsMatch(text);

    /// <summary>The first part is a registry when it has a dot, a port or an uppercase letter, or is <c>localhost</c>; else it belongs to the repository.</summary>
    private static (string Domain, string Path) Split(string name)
    {
        var slash = name.IndexOf('/');
        var first = slash < 0 ? "" : name[..slash];
        var (domain, path) = slash >= 0 && (first.AsSpan().IndexOfAny(".:") >= 0 || first == "localhost" || first.Any(char.IsAsciiLetterUpper))
            ? (first, name[(slash + 1)..])
            : (DefaultDomain, name);
        if (domain == "index.docker.io")
            domain = DefaultDomain;
        return (domain, domain == DefaultDomain && !path.Contains('/') ? "library/" + path : path);
    }

    [GeneratedRegex(@"^[a-f0-9]{64}\z")]
    private static partial Regex HexId();

    [GeneratedRegex(@"^sha256:[a-f0-9]{64}\z")]
    private static partial Regex DigestFormat();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex TagFormat();

    [GeneratedRegex(@"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*)(:[0-9]+)?\z")]
    private static partial Regex DomainFormat();

    [GeneratedRegex(@"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\z")]
    private static partial Regex PathFormat();
}
