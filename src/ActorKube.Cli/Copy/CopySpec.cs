namespace ActorKube.Cli.Copy;

/// <summary>One end of a copy: a path here, or a path in a pod. Pure.</summary>
/// <param name="Pod">Null for this machine.</param>
/// <param name="Namespace">Null for the session's.</param>
/// <param name="Path">The path.</param>
internal sealed record CopySpec(string? Pod, string? Namespace, string Path)
{
    /// <summary>Reads <c>file</c>, <c>pod:path</c> and <c>namespace/pod:path</c>.</summary>
    public static CopySpec Parse(string text)
    {
        var colon = text.IndexOf(':');
        if (colon < 0 || text.StartsWith('.') || text.StartsWith('/') || (colon == 1 && OperatingSystem.IsWindows()))
            return new CopySpec(null, null, text.Length > 0 ? text : throw new CliException("filepath can not be empty"));
        var (pod, path) = (text[..colon], text[(colon + 1)..]);
        if (path.Length == 0)
            throw new CliException("filepath can not be empty");
        return pod.Split('/') switch
        {
            [{ Length: > 0 } name] => new CopySpec(name, null, path),
            [{ Length: > 0 } ns, { Length: > 0 } name] => new CopySpec(name, ns, path),
            _ => throw new CliException($"\"{text}\": filespec must match the canonical format: [[namespace/]pod:]file/path"),
        };
    }

    /// <summary>The last name of a path in a container: <c>/var/log/</c> → <c>log</c>.</summary>
    public static string BaseOf(string path)
    {
        var trimmed = path.TrimEnd('/');
        return trimmed[(trimmed.LastIndexOf('/') + 1)..];
    }

    /// <summary>What is before the last name: <c>/var/log</c> → <c>/var</c>.</summary>
    public static string FolderOf(string path)
    {
        var trimmed = path.TrimEnd('/');
        var slash = trimmed.LastIndexOf('/');
        return slash < 0 ? "." : slash == 0 ? "/" : trimmed[..slash];
    }
}
