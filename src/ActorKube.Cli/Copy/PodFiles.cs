using System.Formats.Tar;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Cli.Exec;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Copy;

/// <summary>Copies files and folders between this machine and a container, by the container's own <c>tar</c>.</summary>
/// <param name="Session">The cluster.</param>
/// <param name="Pod">The pod.</param>
/// <param name="Container">The container.</param>
internal sealed record PodFiles(CliSession Session, JsonObject Pod, string Container)
{
    /// <summary>From here into the container.</summary>
    public async Task UploadAsync(string local, string remote, bool preserve, CancellationToken cancellation)
    {
        if (!File.Exists(local) && !Directory.Exists(local))
            throw new CliException($"{local} doesn't exist in local filesystem");
        // Into a folder that is there, under its own name; else under the name that is said.
        if (await RunAsync(["test", "-d", remote], null, Stream.Null, Stream.Null, cancellation) == 0)
            remote = $"{remote.TrimEnd('/')}/{Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(local)))}";
        var pipe = new Pipe();
        var writing = WriteAsync(pipe.Writer, local, CopySpec.BaseOf(remote), cancellation);
        using var errors = new MemoryStream();
        string[] command = ["tar", .. preserve ? ["-xmf"] : (string[])["--no-same-permissions", "--no-same-owner", "-xmf"], "-", "-C", CopySpec.FolderOf(remote)];
        var code = await RunAsync(command, pipe.Reader.AsStream(), Stream.Null, errors, cancellation);
        if (code != 0)
            throw Failed(errors, code);
        await writing;
    }

    /// <summary>From the container to here.</summary>
    public async Task DownloadAsync(string remote, string local, CancellationToken cancellation)
    {
        // Into a folder that is there, under its own name; else under the name that is said.
        var name = CopySpec.BaseOf(remote);
        var target = Path.GetFullPath(Directory.Exists(local) ? Path.Combine(local, name) : local);
        var pipe = new Pipe();
        var reading = ReadAsync(pipe.Reader.AsStream(), name, target, cancellation);
        using var errors = new MemoryStream();
        await using (var output = pipe.Writer.AsStream())
        {
            var code = await RunAsync(["tar", "cf", "-", "-C", CopySpec.FolderOf(remote), name], null, output, errors, cancellation);
            if (code != 0)
            {
                await pipe.Writer.CompleteAsync(Failed(errors, code));
                await reading;
                throw Failed(errors, code);
            }
        }

        await reading;
    }

    private static async Task WriteAsync(PipeWriter writer, string local, string name, CancellationToken cancellation)
    {
        await using var stream = writer.AsStream();
        await using var tar = new TarWriter(stream, TarEntryFormat.Gnu);
        await WriteAsync(tar, Path.GetFullPath(local), name, cancellation);
    }

    private static async Task WriteAsync(TarWriter tar, string file, string name, CancellationToken cancellation)
    {
        await tar.WriteEntryAsync(file, name, cancellation);
        if (!Directory.Exists(file) || new DirectoryInfo(file).LinkTarget is not null)
            return;
        foreach (var inner in Directory.EnumerateFileSystemEntries(file).Order(StringComparer.Ordinal))
            await WriteAsync(tar, inner, $"{name}/{Path.GetFileName(inner)}", cancellation);
    }

    private static async Task ReadAsync(Stream stream, string name, string target, CancellationToken cancellation)
    {
        await using var tar = new TarReader(stream);
        while (await tar.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
        {
            // The container made the archive: nothing in it may end up outside of the target.
            var relative = entry.Name.TrimEnd('/')[Math.Min(name.Length, entry.Name.TrimEnd('/').Length)..].TrimStart('/');
            var file = Path.GetFullPath(relative.Length > 0 ? Path.Combine(target, relative) : target);
            if (!(entry.Name.TrimEnd('/') == name || entry.Name.StartsWith(name + "/", StringComparison.Ordinal)) || !(file == target || file.StartsWith(target + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
            {
                await Console.Error.WriteLineAsync($"warning: skipping \"{entry.Name}\": it is outside of what was asked for");
            }
            else if (entry.EntryType == TarEntryType.Directory)
            {
                Directory.CreateDirectory(file);
            }
            else if (entry.EntryType is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            {
                await Console.Error.WriteLineAsync($"warning: skipping symlink: \"{file}\" -> \"{entry.LinkName}\" (consider using \"akctl exec -n \"NAMESPACE\" \"POD\" -- tar cf - \"SOURCE\" | tar xf -\")");
            }
            else if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                await entry.ExtractToFileAsync(file, overwrite: true, cancellation);
            }
        }

        // The padding after the archive's end: the container's tar wants to get rid of it.
        await stream.CopyToAsync(Stream.Null, cancellation);
    }

    private static PlainException Failed(MemoryStream errors, int code)
    {
        var text = Encoding.UTF8.GetString(errors.ToArray()).TrimEnd();
        return new PlainException($"{(text.Length > 0 ? text + "\n" : "")}command terminated with exit code {code}");
    }

    private Task<int> RunAsync(IEnumerable<string> command, Stream? input, Stream output, Stream errors, CancellationToken cancellation) =>
        RemoteCommand.RunAsync(Session, RemoteCommand.Path(Pod, Container, command, input is not null, terminal: false), new RemoteStreams(input, output, errors), terminal: false, cancellation);
}
