using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery.Patches;

namespace ActorKube.Cli.Commands;

/// <summary>
/// <c>akctl apply</c>: makes the cluster's objects what the manifests say. What was applied is kept in the annotation
/// <c>kubectl.kubernetes.io/last-applied-configuration</c>, so that akctl and kubectl can take turns.
/// </summary>
internal static class ApplyCommand
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    public static Command Create()
    {
        var files = new Option<string[]>("--filename", "-f") { Description = "File, folder or - for standard input.", Required = true };
        var recursive = new Option<bool>("--recursive", "-R") { Description = "Read folders with all that is below them." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Let the server check everything and change nothing." };
        var validate = new Option<string>("--validate") { Description = "strict, warn or ignore unknown fields.", DefaultValueFactory = _ => "strict" };
        var command = new Command("apply", "Make objects what manifests say.") { files, recursive, dryRun, validate };
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var manifests = Manifests.Read(parsed.GetValue(files)!, parsed.GetValue(recursive));
            if (manifests.Count == 0)
                throw new CliException("no objects passed to apply");
            var validation = parsed.GetValue(validate)!.ToLowerInvariant() switch
            {
                "strict" or "true" => "Strict",
                "warn" => "Warn",
                "ignore" or "false" => "Ignore",
                var other => throw new CliException($"invalid - validate option \"{other}\""),
            };
            var failed = 0;
            foreach (var manifest in manifests)
            {
                try
                {
                    var verb = await ApplyAsync(session, manifest, validation, parsed.GetValue(dryRun) ? "All" : null, cancellation);
                    Console.WriteLine($"{manifest} {verb}{(parsed.GetValue(dryRun) ? " (server dry run)" : "")}");
                }
                catch (Api.Machinery.ApiException e) when (manifests.Count > 1)
                {
                    // One bad object does not keep the others from being applied; the exit code still tells.
                    failed++;
                    await Console.Error.WriteLineAsync(CliCommand.Describe(e));
                }
            }

            if (failed > 0)
                throw new CliException("");
        });
        return command;
    }

    private static async Task<string> ApplyAsync(CliSession session, Manifest manifest, string validation, string? dryRun, CancellationToken cancellation)
    {
        if (manifest.Name.Length == 0)
            throw new CliException($"{manifest.Source}: metadata.name is missing: apply needs a name");
        var current = await session.FindAsync(session.Request("get", manifest.Kind, manifest.Name, ns: manifest.Namespace), cancellation);
        var modified = WithLastApplied(manifest.Json);
        (string, string?)[] query = [("fieldManager", "akctl-client-side-apply"), ("fieldValidation", validation), ("dryRun", dryRun)];
        if (current is null)
        {
            await session.SendAsync(session.Request("create", manifest.Kind, ns: manifest.Namespace, query: query) with { Body = Utf8(modified) }, cancellation);
            return "created";
        }

        var original = (string?)current["metadata"]?["annotations"]?[LastApplied] is { } text ? JsonNode.Parse(text)!.AsObject() : null;
        var patch = ThreeWayMergePatch.Create(original, modified, current, manifest.Kind.ClrType!);
        if (patch.Count == 0)
            return "unchanged";
        await session.SendAsync(session.Request("patch", manifest.Kind, manifest.Name, ns: manifest.Namespace, query: query) with
        {
            ContentType = "application/strategic-merge-patch+json",
            Body = Utf8(patch),
        }, cancellation);
        return "configured";
    }

    // The annotation holds the manifest without the annotation itself.
    private static JsonObject WithLastApplied(JsonObject manifest)
    {
        var plain = manifest.DeepClone().AsObject();
        (plain["metadata"]?["annotations"] as JsonObject)?.Remove(LastApplied);
        var modified = plain.DeepClone().AsObject();
        var metadata = modified["metadata"]!.AsObject();
        if (metadata["annotations"] is not JsonObject annotations)
            metadata["annotations"] = annotations = [];
        annotations[LastApplied] = plain.ToJsonString() + "\n";
        return modified;
    }

    private static byte[] Utf8(JsonObject json) => JsonSerializer.SerializeToUtf8Bytes(json);
}
