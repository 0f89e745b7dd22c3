using System.Globalization;

namespace ActorKube.Kubelet.Volumes;

/// <summary>
/// Writes a volume's files so that a reader sees either all the old ones or all the new ones: the files live in a directory with
/// a time stamp, <c>..data</c> is a symbolic link to it that is replaced in one rename, and what users see are links through <c>..data</c>.
/// <code>
/// config.yaml -> ..data/config.yaml
/// ..data      -> ..2026_01_31_12_00_00.123456789
/// ..2026_01_31_12_00_00.123456789/config.yaml
/// </code>
/// </summary>
internal sealed class AtomicWriter(TimeProvider time, IMounter mounter)
{
    private const string Data = "..data";
    private const string NewData = "..data_tmp";

    // One directory has one writer at a time: a worker that starts anew may meet the last write of the one before it.
    private readonly Lock[] _writing = [.. Enumerable.Range(0, 16).Select(_ => new Lock())];

    /// <summary>Makes the directory hold exactly these files. Returns whether anything had to be written.</summary>
    /// <param name="directory">An existing directory.</param>
    /// <param name="files">By relative path with <c>/</c>.</param>
    /// <param name="group">The group that files and directories get; null for none.</param>
    public bool Write(string directory, IReadOnlyDictionary<string, VolumeFile> files, long? group = null)
    {
        foreach (var path in files.Keys)
            Validate(path);
        lock (_writing[(uint)directory.GetHashCode(StringComparison.Ordinal) % _writing.Length])
            return WriteAlone(directory, files, group);
    }

    private bool WriteAlone(string directory, IReadOnlyDictionary<string, VolumeFile> files, long? group)
    {
        var dataLink = new FileInfo(Path.Combine(directory, Data));
        var old = dataLink.LinkTarget is { } target ? Path.Combine(directory, target) : null;
        if (old is not null && Directory.Exists(old) && Holds(old, files))
        {
            Link(directory, files.Keys);
            return false;
        }

        var stamped = NewDirectory(directory);
        foreach (var (path, file) in files)
            WriteFile(stamped, path, file, group);
        Own(stamped, null, group);
        SwapData(directory, Path.GetFileName(stamped));
        Link(directory, files.Keys);
        RemoveStale(directory, files.Keys, Path.GetFileName(stamped));
        return true;
    }

    private static void Validate(string path)
    {
        var parts = path.Split('/');
        if (path.Length == 0 || path.Length > 4096 || Path.IsPathRooted(path) || parts.Any(p => p is ".." or "") || parts[0].StartsWith("..", StringComparison.Ordinal))
            throw new ArgumentException($"invalid path {path}");
    }

    private static bool Holds(string old, IReadOnlyDictionary<string, VolumeFile> files)
    {
        var present = Directory.EnumerateFiles(old, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(old, f)).ToHashSet(StringComparer.Ordinal);
        return present.SetEquals(files.Keys) && files.All(f =>
        {
            var path = Path.Combine(old, f.Key);
            return File.ReadAllBytes(path).AsSpan().SequenceEqual(f.Value.Content) && Modes.Has(path, f.Value.Mode);
        });
    }

    private string NewDirectory(string directory)
    {
        var stamp = time.GetUtcNow().ToString("yyyy_MM_dd_HH_mm_ss.fffffff", CultureInfo.InvariantCulture);
        for (var n = 0; ; n++)
        {
            var path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"..{stamp}{n:D2}"));
            if (Directory.Exists(path))
                continue;
            Directory.CreateDirectory(path);
            Modes.Set(path, Modes.Directory);
            return path;
        }
    }

    private void WriteFile(string stamped, string path, VolumeFile file, long? group)
    {
        var full = Path.Combine(stamped, path);
        for (var parent = Path.GetDirectoryName(path); !string.IsNullOrEmpty(parent); parent = Path.GetDirectoryName(parent))
        {
            var made = Directory.CreateDirectory(Path.Combine(stamped, parent)).FullName;
            Modes.Set(made, Modes.Directory);
            Own(made, null, group);
        }

        File.WriteAllBytes(full, file.Content);
        Own(full, file.User, group);

        // After the change of owner, which would clear set-id bits.
        Modes.Set(full, file.Mode);
    }

    private void Own(string path, long? user, long? group)
    {
        if (user is not null || group is not null)
            mounter.Own(path, user ?? -1, group ?? -1);
    }

    private static void SwapData(string directory, string stampedName)
    {
        var temporary = Path.Combine(directory, NewData);
        if (new FileInfo(temporary).LinkTarget is not null)
            File.Delete(temporary);
        File.CreateSymbolicLink(temporary, stampedName);

        FileStatus.Rename(temporary, Path.Combine(directory, Data));
    }

    private static void Link(string directory, IEnumerable<string> paths)
    {
        foreach (var top in paths.Select(p => p.Split('/')[0]).Distinct())
        {
            var link = Path.Combine(directory, top);
            if (new FileInfo(link).LinkTarget is null)
                File.CreateSymbolicLink(link, $"{Data}/{top}");
        }
    }

    private static void RemoveStale(string directory, IEnumerable<string> paths, string stampedName)
    {
        var wanted = paths.Select(p => p.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos().ToList())
        {
            if (entry.Name == Data || entry.Name == stampedName)
                continue;
            if (entry.LinkTarget is not null)
            {
                if (!wanted.Contains(entry.Name))
                    entry.Delete();
            }
            else if (entry is DirectoryInfo stale && entry.Name.StartsWith("..", StringComparison.Ordinal))
            {
                stale.Delete(recursive: true);
            }
        }
    }
}
