using ActorKube.Api.Backup;

namespace ActorKube.ApiServer.Backup;

/// <summary>
/// The files beside the database that a cluster's identity rests on: the certificate authority that nodes and clients trust, the key that service account tokens are signed
/// with, the static tokens with which nodes join, and the keys of objects that are encrypted in the store. Everything else in the data folder can be made anew from them.
/// </summary>
public sealed class ClusterKeys
{
    private readonly IReadOnlyList<(string Name, string File)> _files;

    private ClusterKeys(IReadOnlyList<(string, string)> files) => _files = files;

    /// <summary>Where a configuration has them.</summary>
    public static ClusterKeys Of(ApiServerSettings settings)
    {
        var signing = settings.Authentication.SigningKeyFile is { Length: > 0 } file ? file : Path.Combine(settings.PkiDirectory, "sa.key");
        return new ClusterKeys(
        [
            ("ca.crt", Path.Combine(settings.PkiDirectory, "ca.crt")),
            ("ca.key", Path.Combine(settings.PkiDirectory, "ca.key")),
            ("sa.key", signing),
            ("sa.pub", Path.ChangeExtension(signing, ".pub")),
            ("tokens.csv", settings.TokenFile),
            ("encryption-keys", settings.EncryptionKeyFile),
        ]);
    }

    /// <summary>The files there are, for people.</summary>
    public IEnumerable<string> Files => _files.Select(f => f.File).Where(File.Exists);

    /// <summary>Reads those there are.</summary>
    public IReadOnlyList<BackupKey> Read() => [.. _files.Where(f => File.Exists(f.File)).Select(f => new BackupKey(f.Name, File.ReadAllBytes(f.File)))];

    /// <summary>The first file that is there already with another content than a backup's; null when there is none.</summary>
    public string? Conflict(IEnumerable<BackupKey> keys) => keys.Select(k => (File: FileOf(k), k.Content)).FirstOrDefault(k => File.Exists(k.File) && !File.ReadAllBytes(k.File).AsSpan().SequenceEqual(k.Content)).File;

    /// <summary>Writes a backup's, for nobody else to read. Returns the files.</summary>
    public IReadOnlyList<string> Write(IEnumerable<BackupKey> keys)
    {
        var written = new List<string>();
        foreach (var key in keys)
        {
            var file = FileOf(key);
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var stream = new FileStream(file, options);
            stream.Write(key.Content);
            written.Add(file);
        }

        return written;
    }

    private string FileOf(BackupKey key) => _files.FirstOrDefault(f => f.Name == key.Name).File ?? throw new BackupException($"the backup has a key file '{key.Name}' that this version does not know");
}
