using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Apply;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.History;
using ActorKube.Cli.Manifests;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl diff</c>: what <c>apply</c> would change, or what is different between two moments.</summary>
internal static class DiffCommand
{
    // What diff itself returns when the two differ.
    private const int Different = 1;

    public static Command Create()
    {
        var files = Flags.Filename("compare");
        var recursive = Flags.Recursive();
        var managed = Flags.Switch("--show-managed-fields", "Compare who set which field, too");
        var resources = new Argument<string[]>("resources") { Arity = ArgumentArity.ZeroOrMore };
        var (fromMoment, toMoment) = (Moment.Option("--from", "Compare the objects as they were then"), Moment.Option("--to", "with what they were then; else with what they are"));
        var command = new KubeCommand("diff", "Show what apply would change, or what did change")
        {
            Group = "Basic commands",
            Usage = "(-f FILE | TYPE NAME --from MOMENT [--to MOMENT] | TYPE/NAME --from MOMENT) [options]",
            About = "The server makes the objects as apply would, and keeps nothing. The program 'diff' compares them; $KUBECTL_EXTERNAL_DIFF names another one.\nThe exit code is 0 where nothing would change, 1 where something would, and more where something went wrong.",
            Examples = """
                akctl diff -f web.yaml
                generate-manifests | akctl diff -f -

                # What changed in a Deployment since ten minutes ago
                akctl diff deployment/web --from '10 minutes ago'
                """,
        };
        command.Add(resources);
        foreach (var option in new Option[] { files, recursive, managed, fromMoment, toMoment })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(resources) is { Length: > 0 } words)
            {
                var now = TimeProvider.System.GetUtcNow();
                if (parsed.GetValue(fromMoment) is not { Length: > 0 } said)
                    throw new UsageException("must specify -f, or --from for an object that is named");
                await BetweenAsync(CliSession.Open(parsed), words, Moment.Parse(said, now), Moment.Parse(parsed.GetValue(toMoment), now), parsed.GetValue(managed), cancellation);
                return;
            }

            if (parsed.GetValue(files) is not { Length: > 0 } sources)
                throw new UsageException("must specify -f");
            var applier = new Applier(CliSession.Open(parsed), "Strict", "server");
            await InFoldersAsync("LIVE", "MERGED", async (live, merged) =>
            {
                foreach (var manifest in await ManifestReader.ReadAsync(applier.Session, sources, parsed.GetValue(recursive), cancellation))
                    await WriteAsync(applier, manifest, live, merged, parsed.GetValue(managed), cancellation);
            }, cancellation);
        });
        return command;
    }

    private static Task BetweenAsync(CliSession session, string[] words, Moment from, Moment to, bool managed, CancellationToken cancellation) => InFoldersAsync("FROM", "TO", async (before, after) =>
    {
        foreach (var name in await session.Kinds.ResolveAsync(ResourceArguments.Read(words, "diff"), cancellation))
        {
            var target = name.ToTarget();
            foreach (var (directory, moment) in new[] { (before, from), (after, to) })
            {
                if (await session.FindAsync(session.Request("get", target.Kind, target.Name, query: [moment.Query]), cancellation) is { } found)
                    await File.WriteAllTextAsync(Path.Combine(directory, $"{target.Kind.GroupResource}.{target.Name}"), ObjectPrinter.Of(found, "yaml", target.Kind, managed), cancellation);
            }
        }
    }, cancellation);

    // Writes both sides into a folder each, and compares them.
    private static async Task InFoldersAsync(string one, string other, Func<string, string, Task> write, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("akctl-diff-").FullName;
        try
        {
            var (left, right) = (Directory.CreateDirectory(Path.Combine(folder, one)).FullName, Directory.CreateDirectory(Path.Combine(folder, other)).FullName);
            await write(left, right);
            var code = await CompareAsync(left, right, cancellation);
            if (code != 0)
                throw new PlainException("", code);
        }
        catch (Exception e) when (e is ApiException or CliException { ExitCode: Different, Message.Length: > 0 })
        {
            throw new PlainException(ErrorText.Of(e, CliSession.LastServer), Different + 1);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task WriteAsync(Applier applier, Manifest manifest, string live, string merged, bool managed, CancellationToken cancellation)
    {
        var session = applier.Session;
        var before = await session.FindAsync(session.Request("get", manifest.Kind, manifest.Name, ns: manifest.Namespace), cancellation);
        var after = (await applier.ApplyAsync(manifest, cancellation)).Object;
        var file = $"{manifest.Kind.Group}.{manifest.Kind.Version}.{manifest.Kind.Kind}.{manifest.Namespace ?? session.Namespace}.{manifest.Name}".TrimStart('.');
        // The try's version is no change that apply would make.
        if (before is not null && after["metadata"] is JsonObject metadata)
            metadata["resourceVersion"] = before.Text("metadata", "resourceVersion");
        KeepLastApplied(before, after);
        if (before is not null)
            await File.WriteAllTextAsync(Path.Combine(live, file), Text(before), cancellation);
        await File.WriteAllTextAsync(Path.Combine(merged, file), Text(after), cancellation);

        string Text(JsonObject value) => ObjectPrinter.Of(WithoutValues(manifest, value, before, after), "yaml", manifest.Kind, managed);
    }

    // The manifest itself is what is compared, not the note of it.
    private static void KeepLastApplied(JsonObject? before, JsonObject after)
    {
        if (after["metadata"] is not JsonObject metadata || metadata["annotations"] is not JsonObject annotations)
            return;
        if (before.Text("metadata", "annotations", LastApplied.Key) is { Length: > 0 } text)
            annotations[LastApplied.Key] = text;
        else
            annotations.Remove(LastApplied.Key);
        if (annotations.Count == 0 && before.At("metadata", "annotations") is null)
            metadata.Remove("annotations");
    }

    // Passwords are nobody's to read over a shoulder; that they differ is what counts.
    private static JsonObject WithoutValues(Manifest manifest, JsonObject value, JsonObject? before, JsonObject after)
    {
        var copy = value.DeepClone().AsObject();
        if (manifest.Kind.GroupResource != "secrets" || copy["data"] is not JsonObject data)
            return copy;
        foreach (var key in data.Select(d => d.Key).ToList())
        {
            var same = before.Text("data", key) == after.Text("data", key);
            data[key] = same || before?.At("data", key) is null || after.At("data", key) is null ? "***" : ReferenceEquals(value, before) ? "*** (before)" : "*** (after)";
        }

        return copy;
    }

    private static async Task<int> CompareAsync(string live, string merged, CancellationToken cancellation)
    {
        var words = Environment.GetEnvironmentVariable("KUBECTL_EXTERNAL_DIFF") is { Length: > 0 } named ? named.Split(' ', StringSplitOptions.RemoveEmptyEntries) : ["diff", "-u", "-N"];
        var start = new ProcessStartInfo(words[0]) { UseShellExecute = false };
        foreach (var word in words.Skip(1).Concat([live, merged]))
            start.ArgumentList.Add(word);
        try
        {
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new CliException($"failed to run \"{words[0]}\": {e.Message}");
        }
    }
}
