using System.CommandLine;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Apply;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Manifests;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl apply</c>: makes the cluster's objects what the manifests say.</summary>
internal static class ApplyCommand
{
    public static Command Create()
    {
        var files = Flags.Filename("apply");
        var recursive = Flags.Recursive();
        var dryRun = Flags.DryRun();
        var validate = Flags.Text("--validate", "strict|warn|ignore", "What to do about fields that no object of the kind has: refuse (the default), warn, or nothing");
        var output = Flags.Text("--output", "FORMAT", "yaml, json or name: show the objects as they are then", "-o");
        var command = new KubeCommand("apply", "Make objects what manifests say")
        {
            Group = "Basic commands",
            Usage = "-f FILE [options]",
            About = "An object that is not there is created. Fields that the manifest had before and has no more are removed; fields that others set stay.\nWhat was applied is kept with the object as kubectl keeps it, so that the two can take turns.",
            Examples = """
                # One file, with one object or several
                akctl apply -f web.yaml

                # A folder and all below it
                akctl apply -R -f manifests/

                # From another program
                generate-manifests | akctl apply -f -

                # Let the server check everything, and change nothing
                akctl apply -f web.yaml --dry-run=server
                """,
        };
        var serverSide = Flags.Switch("--server-side", "Let the server merge, which keeps account of who set which field");
        var force = Flags.Switch("--force-conflicts", "With --server-side, take over fields that others manage");
        var manager = Flags.Text("--field-manager", "NAME", "With --server-side, the name under which fields are managed; kubectl unless said");
        foreach (var option in new Option[] { files, recursive, dryRun, validate, output, serverSide, force, manager })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(files) is not { Length: > 0 } sources)
                throw new UsageException("must specify -f");
            var format = parsed.GetValue(output) ?? "";
            ObjectPrinter.Check(format);
            var applier = new Applier(CliSession.Open(parsed), Validations.Parse(parsed.GetValue(validate)), DryRuns.Parse(parsed.GetValue(dryRun)));
            var errors = new List<Exception>();
            var manifests = await ManifestReader.ReadAsync(applier.Session, sources, parsed.GetValue(recursive), errors, cancellation);
            if (manifests.Count == 0 && errors.Count == 0)
                throw new CliException("no objects passed to apply");
            if (parsed.GetValue(force) && !parsed.GetValue(serverSide))
                throw new CliException("--force-conflicts only works with --server-side");
            Func<Manifest, Task<Applied>> apply = parsed.GetValue(serverSide)
                ? manifest => applier.ApplyOnServerAsync(manifest, parsed.GetValue(manager) ?? "kubectl", parsed.GetValue(force), cancellation)
                : manifest => applier.ApplyAsync(manifest, cancellation);
            await ApplyAsync(apply, applier.DryRun, manifests, format, errors);
            SeveralException.ThrowIfAny(errors);
        });
        return command;
    }

    // One bad object does not keep the others from being applied; the exit code still tells.
    private static async Task ApplyAsync(Func<Manifest, Task<Applied>> apply, string dryRun, IReadOnlyList<Manifest> manifests, string format, List<Exception> errors)
    {
        var applied = new List<System.Text.Json.Nodes.JsonObject>();
        foreach (var manifest in manifests)
        {
            try
            {
                var result = await apply(manifest);
                applied.Add(result.Object);
                if (format is "")
                    Console.WriteLine($"{manifest} {result.Verb}{DryRuns.Suffix(dryRun)}");
                else if (format is "name")
                    Console.WriteLine(manifest);
            }
            catch (Exception e) when (e is ApiException or CliException)
            {
                errors.Add(e);
            }
        }

        if (format is not ("" or "name") && applied.Count > 0)
            Console.Write(ObjectPrinter.Of(applied.Count == 1 ? applied[0] : ObjectPrinter.ListOf(applied), format, manifests[0].Kind));
    }
}
