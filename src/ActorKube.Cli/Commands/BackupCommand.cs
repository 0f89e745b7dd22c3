using System.CommandLine;
using System.Globalization;
using ActorKube.Api.Backup;
using ActorKube.Cli.Backup;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl backup</c>: takes a backup of the running cluster, and checks one.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The file to write; - for standard output", HelpName = "FILE" };
        var withKeys = Flags.Switch("--with-keys", "Also the keys of the certificate authority, of tokens and of encrypted objects: who has the file is master of the cluster");
        var command = new KubeCommand("backup", "Back up everything that the cluster stores")
        {
            Group = "Cluster",
            Usage = "FILE [options]",
            About = """
                The file has every object and the whole history, as of one moment. The cluster goes on meanwhile. It is checked as it comes in, and FILE only appears, or is
                replaced, when it is whole. 'actorkube restore' writes it to an empty database. It holds the cluster's secrets: only you can read it.
                """,
            Examples = """
                # Back up, with the keys that nodes and tokens are known by
                akctl backup cluster.akb --with-keys

                # Check a file
                akctl backup verify cluster.akb

                # To another machine
                akctl backup - | ssh vault 'cat > cluster.akb'
                """,
        };
        command.Add(file);
        command.Add(withKeys);
        command.Run((parsed, cancellation) => BackUpAsync(CliSession.Open(parsed), parsed.GetValue(file)!, parsed.GetValue(withKeys), cancellation));
        command.Add(CreateVerify());
        return command;
    }

    private static Command CreateVerify()
    {
        var file = new Argument<string>("file") { Description = "The file to check; - for standard input", HelpName = "FILE" };
        var command = new KubeCommand("verify", "Check that a backup is whole and undamaged")
        {
            Usage = "FILE",
            About = "Reads the whole file and compares it with the checksum at its end. No cluster is asked.",
            Examples = "akctl backup verify cluster.akb",
        };
        command.Add(file);
        command.Run(async (parsed, cancellation) =>
        {
            var name = parsed.GetValue(file)!;
            await using var input = name == "-" ? Console.OpenStandardInput() : BackupFiles.Open(name);
            Tell(Console.Out, name, await BackupFiles.InspectAsync(input, name, cancellation));
        });
        return command;
    }

    private static async Task BackUpAsync(CliSession session, string name, bool withKeys, CancellationToken cancellation)
    {
        using var response = await session.StreamAsync(withKeys ? "/actorkube/backup-with-keys" : "/actorkube/backup", cancellation);
        await using var input = await response.Content.ReadAsStreamAsync(cancellation);
        if (name == "-")
        {
            Tell(Console.Error, "backup", await BackupFiles.InspectAsync(new TeeStream(input, StandardStream.OpenOutput()), "backup", cancellation));
            return;
        }

        var summary = await BackupFiles.SaveAsync(input, name, cancellation);
        Tell(Console.Out, name, summary);
        if (!withKeys)
            Console.WriteLine("The cluster's keys are not in it (--with-keys): keep copies of pki, tokens.csv and encryption-keys from the data folder of a control-plane process");
    }

    private static void Tell(TextWriter output, string name, BackupSummary summary)
    {
        var header = summary.Header;
        output.WriteLine($"{name}: whole and undamaged");
        output.WriteLine($"  cluster    {(header.Cluster.Length > 0 ? header.Cluster : "<unknown>")}");
        output.WriteLine($"  as of      {header.Time.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)}, from {header.Database}, ActorKube {header.Version}");
        output.WriteLine($"  content    {summary.Resources.Count} resource types, {summary.Events} events{(summary.Keys.Count > 0 ? $"; keys: {string.Join(", ", summary.Keys)}" : "")}");
    }
}
