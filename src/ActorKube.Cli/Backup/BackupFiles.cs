using ActorKube.Api.Backup;

namespace ActorKube.Cli.Backup;

/// <summary>Backups as files: what appears under a name is whole.</summary>
internal static class BackupFiles
{
    /// <summary>Opens a file to read it.</summary>
    public static FileStream Open(string name)
    {
        try
        {
            return new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{name} cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads a backup to its end, and says what is wrong with it in the user's words.</summary>
    public static async Task<BackupSummary> InspectAsync(Stream input, string name, CancellationToken cancellation)
    {
        try
        {
            return await BackupInspector.InspectAsync(input, cancellation);
        }
        catch (BackupException e)
        {
            throw new CliException($"{name}: {e.Message}");
        }
    }

    /// <summary>Writes a backup beside its place, checks it on the way, and puts it there when it is whole. Nobody but the user can read it.</summary>
    public static async Task<BackupSummary> SaveAsync(Stream input, string name, CancellationToken cancellation)
    {
        var partial = name + ".partial";
        try
        {
            BackupSummary summary;
            await using (var output = Create(partial))
            {
                summary = await InspectAsync(new TeeStream(input, output), name, cancellation);
                await output.FlushAsync(cancellation);
                output.Flush(flushToDisk: true);
            }

            File.Move(partial, name, overwrite: true);
            return summary;
        }
        catch (Exception e)
        {
            if (File.Exists(partial))
                File.Delete(partial);
            if (e is HttpRequestException or HttpIOException)
                throw new CliException($"the connection broke before the backup was whole: {e.Message}");
            if (e is IOException or UnauthorizedAccessException)
                throw new CliException($"{name} cannot be written: {e.Message}");
            throw;
        }
    }

    private static FileStream Create(string name)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 1 << 16 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.Delete(name);
        return new FileStream(name, options);
    }
}
