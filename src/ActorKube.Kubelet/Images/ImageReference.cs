using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace ActorKube.Kubelet.Images;

/// <summary>
/// The name of an image: <c>registry/repository:tag@digest</c>, completed as everybody completes it, so that <c>nginx</c> is
/// <c>docker.io/library/nginx:latest</c>. Source: https://kubernetes.io/docs/concepts/containers/images/#image-names
/// </summary>
internal sealed partial record ImageReference(string Registry, string Repository, string? Tag, string? Digest)
{
    private const string DefaultRegistry = "docker.io";

    /// <summary>Whether a new pull may bring something else: the tag is <c>latest</c> and there is no digest.</summary>
    public bool IsLatest => Digest is null && Tag == "latest";

    /// <summary><c>docker.io/library/nginx</c>: what pull secrets are matched with.</summary>
    public string Name => $"{Registry}/{Repository}";

    public override string ToString() => Name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    public static bool TryParse(string text, [NotNullWhen(true)] out ImageReference? reference)
    {
        reference = null;
        var match = Grammar().Match(text);
        if (!match.Success || text.Length > 1024)
            return false;
        var path = match.Groups["name"].Value;
        var tag = match.Groups["tag"] is { Success: true } t ? t.Value : null;
        var digest = match.Groups["digest"] is { Success: true } d ? d.Value : null;
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : path[..slash];
        var hasRegistry = first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost";
        var registry = hasRegistry ? first : DefaultRegistry;
        var repository = hasRegistry ? path[(slash + 1)..] : path;
        if (!RepositoryGrammar().IsMatch(repository))
            return false;
        if (registry is "docker.io" or "index.docker.io" && !repository.Contains('/', StringComparison.Ordinal))
            repository = "library/" + repository;
        reference = new ImageReference(registry, repository, tag ?? (digest is null ? "latest" : null), digest);
        return true;
    }

    [GeneratedRegex(@"^(?<name>(?:[A-Za-z0-9\-.]+(?::[0-9]+)?/|\[[0-9a-fA-F:]+\](?::[0-9]+)?/)?[^:@\s]+)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@(?<digest>[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,}))?$")]
    private static partial Regex Grammar();

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$")]
    private static partial Regex RepositoryGrammar();
}
