namespace ActorKube.ContainerRuntime.Images;

/// <summary>What stands at a path of a layer.</summary>
internal enum LayerNode
{
    Missing,
    Directory,
    Symlink,
    Whiteout,
    Other,
}

/// <summary>
/// Unpacked layers seen as overlayfs shows them, the top one first: whiteouts (character device 0/0) and opaque directories hide what is below.
/// Symbolic links are resolved inside the tree, never on the host.
/// </summary>
internal sealed class LayerTree(IReadOnlyList<string> layers)
{
    /// <summary>The extended attribute that makes a directory hide the same directory of lower layers.</summary>
    public const string OpaqueXattr = "trusted.overlay.opaque";

    private const int MaxLinks = 40;

    /// <summary>
    /// The uppermost layer's path of a relative path whose parents are real directories, with its kind; null when no layer shows it.
    /// </summary>
    public (string Path, LayerNode Kind)? Find(string relative)
    {
        var parts = relative.Split('/');
        foreach (var layer in layers)
        {
            var path = layer;
            var hidesLower = false;
            var kind = LayerNode.Directory;
            foreach (var part in parts)
            {
                hidesLower |= IsOpaque(path);
                path = Path.Combine(path, part);
                kind = Kind(path);
                if (kind != LayerNode.Directory)
                    break;
            }
            var complete = path.Length == layer.Length + 1 + relative.Length;
            if (kind == LayerNode.Whiteout || (kind is LayerNode.Other or LayerNode.Symlink && !complete))
                return null;
            if (kind != LayerNode.Missing)
                return (path, kind);
            if (hidesLower)
                return null;
        }
        return null;
    }

    /// <summary>The host path of a file after following symbolic links inside the tree; null when there is none.</summary>
    public string? ResolveFile(string path)
    {
        var pending = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var resolved = new List<string>();
        string? host = null;
        for (var links = 0; pending.TryPop(out var part);)
        {
            if (part == ".")
                continue;
            if (part == "..")
            {
                if (resolved.Count > 0)
                    resolved.RemoveAt(resolved.Count - 1);
                continue;
            }
            resolved.Add(part);
            if (Find(string.Join('/', resolved)) is not var (found, kind))
                return null;
            host = kind == LayerNode.Other ? found : null;
            if (kind != LayerNode.Symlink)
                continue;
            if (++links > MaxLinks)
                return null;
            var target = new FileInfo(found).LinkTarget ?? "";
            resolved.RemoveAt(resolved.Count - 1);
            if (target.StartsWith('/'))
                resolved.Clear();
            foreach (var next in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                pending.Push(next);
        }
        return host;
    }

    /// <summary>What stands at a host path, not following a symbolic link.</summary>
    public static LayerNode Kind(string path)
    {
        FileAttributes attributes;
        try
        {
            attributes = File.GetAttributes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return LayerNode.Missing;
        }
        if (attributes.HasFlag(FileAttributes.ReparsePoint))
            return LayerNode.Symlink;
        if (attributes.HasFlag(FileAttributes.Directory))
            return LayerNode.Directory;
        return OperatingSystem.IsLinux() && PosixFile.IsWhiteout(path) ? LayerNode.Whiteout : LayerNode.Other;
    }

    private static bool IsOpaque(string directory) => PosixFile.GetXattr(directory, OpaqueXattr) is [(byte)'y'];
}
