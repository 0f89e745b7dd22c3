namespace ActorKube.Kubelet.Volumes;

/// <summary>
/// The place inside a volume that a container mounts with subPath. A pod can put symbolic links into its volumes, so the path is
/// followed link by link and must not lead out of the volume.
/// </summary>
internal static class SubPath
{
    private const int MaxLinks = 40;

    /// <summary>The real path; it is created as a directory when nothing is there.</summary>
    /// <exception cref="ArgumentException">The path leads out of the volume.</exception>
    public static string Resolve(string volume, string subPath)
    {
        if (subPath.Length == 0)
            return volume;
        if (Path.IsPathRooted(subPath) || subPath.Split('/').Contains(".."))
            throw new ArgumentException($"subPath \"{subPath}\" must be a relative path without '..'");
        var rest = new Stack<string>(subPath.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var current = volume;
        var links = 0;
        while (rest.TryPop(out var part))
        {
            if (part == ".")
                continue;
            if (part == "..")
            {
                current = Path.GetDirectoryName(current)!;
                Inside(volume, current, subPath);
                continue;
            }

            var next = Path.Combine(current, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                current = next;
                continue;
            }

            if (++links > MaxLinks)
                throw new ArgumentException($"subPath \"{subPath}\" has too many symbolic links");
            if (Path.IsPathRooted(target))
                throw new ArgumentException($"subPath \"{subPath}\" leads out of its volume");
            foreach (var piece in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                rest.Push(piece);
        }

        Inside(volume, current, subPath);
        if (!Path.Exists(current))
            Create(volume, current);
        return current;
    }

    // Whoever may write to the volume may write to what is made in it.
    private static void Create(string volume, string path)
    {
        if (Path.GetDirectoryName(path) is { } parent && parent != volume && !Directory.Exists(parent))
            Create(volume, parent);
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows())
            Modes.Set(path, File.GetUnixFileMode(volume));
    }

    private static void Inside(string volume, string path, string subPath)
    {
        if (path != volume && !path.StartsWith(volume.TrimEnd('/') + "/", StringComparison.Ordinal))
            throw new ArgumentException($"subPath \"{subPath}\" leads out of its volume");
    }
}
