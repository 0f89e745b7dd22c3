namespace ActorKube.ContainerRuntime.Images;

/// <summary>How a layer is written to disk.</summary>
internal enum UnpackMode
{
    /// <summary>For overlayfs: a deletion becomes a whiteout device, an opaque directory an extended attribute. Needs root.</summary>
    Overlay,

    /// <summary>Onto the layers below in one directory tree: a deletion deletes.</summary>
    Flat,
}

/// <summary>
/// Writes one layer's tar into a directory. Nothing is ever written outside of it: names with <c>..</c> are refused, and symbolic links
/// in the path of an entry are followed within the image. A directory that the tar only implies takes its owner and mode from the lower layers.
/// </summary>
/// <param name="target">The directory, existing.</param>
/// <param name="lowers">The layers below, top first; empty for <see cref="UnpackMode.Flat"/>.</param>
/// <param name="mode">How deletions are written.</param>
/// <param name="owners">Whether owners, devices and extended attributes are set; needs root.</param>
internal sealed class LayerUnpacker(string target, IReadOnlyList<string> lowers, UnpackMode mode, bool owners)
{
    private const string WhiteoutPrefix = ".wh.";
    private const string OpaqueMarker = ".wh..wh..opq";
    private const string ReservedPrefix = ".wh..wh.";
    private const int MaxLinks = 40;
    private readonly LayerTree _lowers = new(lowers);
    private readonly Dictionary<string, string> _directories = new() { [""] = "" };
    private readonly HashSet<string> _written = [];
    private readonly HashSet<string> _opaque = [];
    private readonly Dictionary<string, DateTimeOffset> _directoryTimes = [];
    private readonly byte[] _buffer = new byte[128 * 1024];
    private long _size;
    private long _inodes;

    /// <summary>Applies a whole tar; returns the bytes and inodes it took.</summary>
    public (long Size, long Inodes) Apply(Stream tarContent, CancellationToken cancellationToken)
    {
        var tar = new TarStream(tarContent);
        while (tar.Next() is { } entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Apply(tar, entry);
        }
        // Times last: writing into a directory touches it.
        foreach (var (path, modified) in _directoryTimes)
        {
            if (owners && LayerTree.Kind(Host(path)) == LayerNode.Directory)
                PosixFile.SetModified(Host(path), modified);
        }
        return (_size, _inodes);
    }

    private void Apply(TarStream tar, TarEntry entry)
    {
        var name = Clean(entry.Name, entry.Name);
        if (name.Length == 0)
        {
            SetMetadata(entry, "");
            return;
        }
        var slash = name.LastIndexOf('/');
        var parent = slash < 0 ? "" : name[..slash];
        var last = name[(slash + 1)..];
        if (last == OpaqueMarker)
            MakeOpaque(ResolveDirectory(parent, 0));
        else if (last.StartsWith(ReservedPrefix, StringComparison.Ordinal))
            return;
        else if (last.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
            WhiteOut(Join(ResolveDirectory(parent, 0), last[WhiteoutPrefix.Length..]), entry);
        else
            Write(tar, entry, Join(ResolveDirectory(parent, 0), last));
    }

    private void Write(TarStream tar, TarEntry entry, string path)
    {
        var host = Host(path);
        var existing = LayerTree.Kind(host);
        var wasWhiteout = existing == LayerNode.Whiteout;
        if (existing != LayerNode.Missing && !(existing == LayerNode.Directory && entry.Kind == TarEntryKind.Directory))
            Delete(path, existing);
        switch (entry.Kind)
        {
            case TarEntryKind.Directory:
                if (existing != LayerNode.Directory)
                    Directory.CreateDirectory(host);
                if (wasWhiteout)
                    MakeOpaque(path);
                break;
            case TarEntryKind.File:
                using (var file = new FileStream(host, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0))
                    tar.CopyContentTo(file, _buffer);
                _size += entry.Size;
                break;
            case TarEntryKind.Symlink:
                File.CreateSymbolicLink(host, entry.LinkName);
                break;
            case TarEntryKind.HardLink:
                HardLink(entry, host);
                _written.Add(path);
                return;
            default:
                if (!owners)
                    return;
                if (entry.Kind == TarEntryKind.CharacterDevice)
                    PosixFile.MakeCharacterDevice(host, entry.Mode, entry.DeviceMajor, entry.DeviceMinor);
                else if (entry.Kind == TarEntryKind.BlockDevice)
                    PosixFile.MakeBlockDevice(host, entry.Mode, entry.DeviceMajor, entry.DeviceMinor);
                else
                    PosixFile.MakeFifo(host, entry.Mode);
                break;
        }
        _inodes++;
        _written.Add(path);
        SetMetadata(entry, path);
    }

    private void HardLink(TarEntry entry, string host)
    {
        var linked = Clean(entry.LinkName, entry.Name);
        var slash = linked.LastIndexOf('/');
        var source = Join(ResolveDirectory(slash < 0 ? "" : linked[..slash], 0), linked[(slash + 1)..]);
        if (LayerTree.Kind(Host(source)) is LayerNode.Missing or LayerNode.Whiteout)
            CopyUp(entry, source);
        if (OperatingSystem.IsWindows())
            File.Copy(Host(source), host);
        else
            PosixFile.HardLink(Host(source), host);
    }

    /// <summary>A hard link to a file of a lower layer needs that file in this one.</summary>
    private void CopyUp(TarEntry entry, string source)
    {
        if (IsHidden(source) || _lowers.Find(source) is not (var lower, LayerNode.Other))
            throw new InvalidDataException($"tar entry \"{entry.Name}\" is a hard link to \"{entry.LinkName}\", which does not exist");
        File.Copy(lower, Host(source));
        CopyOwner(lower, Host(source));
        _written.Add(source);
        _inodes++;
    }

    private void WhiteOut(string path, TarEntry entry)
    {
        if (Path.GetFileName(path) is "" or "." or "..")
            throw new InvalidDataException($"tar entry \"{entry.Name}\" is a malformed whiteout");
        var existing = LayerTree.Kind(Host(path));
        if (_written.Contains(path))
        {
            // The layer deletes the old and brings the new: a file hides the old one anyway, a directory must say so.
            if (existing == LayerNode.Directory)
                MakeOpaque(path);
            return;
        }
        if (existing != LayerNode.Missing)
            Delete(path, existing);
        if (mode == UnpackMode.Overlay)
        {
            PosixFile.MakeCharacterDevice(Host(path), 0, 0, 0);
            _inodes++;
        }
    }

    private void MakeOpaque(string directory)
    {
        if (mode == UnpackMode.Overlay)
        {
            if (!PosixFile.TrySetXattr(Host(directory), LayerTree.OpaqueXattr, "y"u8))
                throw new IOException($"cannot mark {Host(directory)} opaque: the file system takes no trusted extended attributes");
            _opaque.Add(directory);
            return;
        }
        foreach (var child in Directory.EnumerateFileSystemEntries(Host(directory)).ToArray())
        {
            var path = Join(directory, Path.GetFileName(child));
            if (!_written.Contains(path) && !_written.Any(w => w.StartsWith(path + "/", StringComparison.Ordinal)))
                Delete(path, LayerTree.Kind(child));
        }
    }

    /// <summary>The real directory, relative to the target, that a directory path of the image leads to; made when missing.</summary>
    private string ResolveDirectory(string directory, int links)
    {
        if (_directories.TryGetValue(directory, out var known))
            return known;
        var slash = directory.LastIndexOf('/');
        var parent = ResolveDirectory(slash < 0 ? "" : directory[..slash], links);
        var path = Join(parent, directory[(slash + 1)..]);
        var kind = LayerTree.Kind(Host(path));
        var node = kind is LayerNode.Missing && !IsHidden(path) && _lowers.Find(path) is { } lower ? lower : (Path: Host(path), Kind: kind);
        string result;
        switch (node.Kind)
        {
            case LayerNode.Symlink:
                if (links >= MaxLinks)
                    throw new InvalidDataException($"too many symbolic links at \"{directory}\"");
                result = ResolveDirectory(CleanLink(parent, new FileInfo(node.Path).LinkTarget ?? ""), links + 1);
                break;
            case LayerNode.Other:
                throw new InvalidDataException($"\"{directory}\" is not a directory");
            default:
                if (kind == LayerNode.Whiteout)
                    Delete(path, kind);
                if (kind != LayerNode.Directory)
                {
                    Directory.CreateDirectory(Host(path));
                    _inodes++;
                    if (node.Kind == LayerNode.Directory)
                        CopyOwner(node.Path, Host(path));
                    else if (owners)
                        PosixFile.SetMode(Host(path), 0x1ED); // 0755
                }
                if (kind == LayerNode.Whiteout)
                    MakeOpaque(path);
                result = path;
                break;
        }
        return _directories[directory] = result;
    }

    private bool IsHidden(string path)
    {
        for (var end = path.LastIndexOf('/'); end >= 0; end = end == 0 ? -1 : path.LastIndexOf('/', end - 1))
        {
            if (_opaque.Contains(path[..end]))
                return true;
        }
        return _opaque.Contains("");
    }

    private void SetMetadata(TarEntry entry, string path)
    {
        var host = Host(path);
        if (entry.Kind == TarEntryKind.Directory)
            _directoryTimes[path] = entry.Modified;
        if (!owners)
        {
            if (entry.Kind != TarEntryKind.Symlink && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(host, (UnixFileMode)(entry.Mode | (entry.Kind == TarEntryKind.Directory ? 0x1C0 : 0x180)));
            return;
        }
        PosixFile.SetOwner(host, entry.Uid, entry.Gid);
        // After the owner: changing it clears the set-user-id bits and file capabilities.
        if (entry.Kind != TarEntryKind.Symlink)
            PosixFile.SetMode(host, entry.Mode);
        foreach (var (name, value) in entry.Xattrs)
        {
            if (!name.StartsWith("trusted.", StringComparison.Ordinal))
                PosixFile.TrySetXattr(host, name, value);
        }
        if (entry.Kind != TarEntryKind.Directory)
            PosixFile.SetModified(host, entry.Modified);
    }

    private void CopyOwner(string from, string to)
    {
        if (!owners)
            return;
        var (uid, gid, permissions) = PosixFile.Owner(from);
        PosixFile.SetOwner(to, uid, gid);
        PosixFile.SetMode(to, permissions);
    }

    private void Delete(string path, LayerNode kind)
    {
        if (kind == LayerNode.Directory)
        {
            Directory.Delete(Host(path), recursive: true);
            foreach (var known in _directories.Where(d => d.Value == path || d.Value.StartsWith(path + "/", StringComparison.Ordinal)).Select(d => d.Key).ToArray())
                _directories.Remove(known);
            _written.RemoveWhere(w => w.StartsWith(path + "/", StringComparison.Ordinal));
        }
        else if (kind != LayerNode.Missing)
        {
            File.Delete(Host(path));
            if (kind == LayerNode.Symlink)
                _directories.Clear();
            _directories[""] = "";
        }
        _written.Remove(path);
    }

    private string Host(string path) => path.Length == 0 ? target : Path.Combine(target, path);

    private static string Join(string parent, string name) => parent.Length == 0 ? name : $"{parent}/{name}";

    private static string Clean(string path, string entry)
    {
        var parts = path.Split('/').Where(p => p is not ("" or ".")).ToArray();
        return parts.Contains("..")
            ? throw new InvalidDataException($"tar entry \"{entry}\" points outside of the layer")
            : string.Join('/', parts);
    }

    /// <summary>A symbolic link's target as a path of the image; <c>..</c> stops at its root.</summary>
    private static string CleanLink(string directory, string link)
    {
        var parts = new List<string>();
        foreach (var part in (link.StartsWith('/') ? link : $"{directory}/{link}").Split('/'))
        {
            if (part == ".." && parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
            else if (part is not ("" or "." or ".."))
                parts.Add(part);
        }
        return string.Join('/', parts);
    }
}
