using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl patch</c>: changes fields of objects.</summary>
internal static class PatchCommand
{
    public static Command Create()
    {
        var patch = Flags.Text("--patch", "PATCH", "The change, as JSON or YAML", "-p");
        var file = Flags.Text("--patch-file", "FILE", "A file with the change");
        var type = Flags.Text("--type", "strategic|merge|json", "strategic (the default) merges lists by their keys, merge replaces them, json is a list of operations");
        var subresource = Flags.Text("--subresource", "NAME", "Change status, scale or another part that is served by itself");
        var dryRun = Flags.DryRun();
        var output = ResultPrinter.Option();
        var command = new KubeCommand("patch", "Change fields of objects")
        {
            Group = "Changing objects",
            Usage = "(TYPE NAME | TYPE/NAME | -f FILE) (-p PATCH | --patch-file FILE) [options]",
            Examples = """
                # Another image; the container is found by its name
                akctl patch deployment/web -p '{"spec":{"template":{"spec":{"containers":[{"name":"server","image":"web:2"}]}}}}'

                # A field away
                akctl patch deployment/web --type=merge -p '{"spec":{"paused":null}}'

                # By operations
                akctl patch service/web --type=json -p '[{"op":"replace","path":"/spec/ports/0/port","value":8080}]'
                """,
        };
        var targets = TargetOptions.AddTo(command, "patch");
        foreach (var option in new Option[] { patch, file, type, subresource, dryRun, output })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(patch) is null == parsed.GetValue(file) is null)
            {
                throw new CliException(parsed.GetValue(patch) is null
                    ? "must specify --patch or --patch-file containing the contents of the patch"
                    : "cannot specify --patch and --patch-file together");
            }

            var contentType = (parsed.GetValue(type) ?? "strategic") switch
            {
                "strategic" => "application/strategic-merge-patch+json",
                "merge" => "application/merge-patch+json",
                "json" => "application/json-patch+json",
                var other => throw new CliException($"--type must be one of [json merge strategic], not \"{other}\""),
            };
            var body = Json(parsed.GetValue(patch) ?? await ReadAsync(parsed.GetValue(file)!, cancellation));
            var printer = ResultPrinter.Of(parsed.GetValue(output), DryRuns.Parse(parsed.GetValue(dryRun)));
            var session = CliSession.Open(parsed);
            await EachTarget.RunAsync(await targets.ReadAsync(session, parsed, "must specify resource name and type", cancellation), async target =>
            {
                var before = await session.SendAsync(session.Request("get", target.Kind, target.Name, parsed.GetValue(subresource) ?? "", target.Namespace), cancellation);
                // What a patch makes of an object is the server's to say, and a try tells it without keeping it.
                var answer = await session.SendAsync(
                    session.Request("patch", target.Kind, target.Name, parsed.GetValue(subresource) ?? "", target.Namespace,
                        [("fieldManager", "kubectl-patch"), ("dryRun", printer.DryRun == "none" ? null : "All")]) with { ContentType = contentType, Body = body }, cancellation);
                printer.Print(target.Kind, answer, Same(before, answer) ? "patched (no change)" : "patched");
            });
        });
        return command;
    }

    private static bool Same(JsonObject before, JsonObject after) => JsonNode.DeepEquals(Content(before), Content(after));

    private static JsonObject Content(JsonObject value)
    {
        var copy = value.DeepClone().AsObject();
        (copy["metadata"] as JsonObject)?.Remove("managedFields");
        (copy["metadata"] as JsonObject)?.Remove("resourceVersion");
        return copy;
    }

    private static byte[] Json(string text) => YamlJson.TryConvert(Encoding.UTF8.GetBytes(text), out var json, out _, out var error)
        ? json
        : throw new CliException($"unable to parse \"{text}\": {error}");

    private static async Task<string> ReadAsync(string file, CancellationToken cancellation) => file == "-" ? await Console.In.ReadToEndAsync(cancellation)
        : File.Exists(file) ? await File.ReadAllTextAsync(file, cancellation) : throw new CliException($"unable to read patch file: open {file}: no such file or directory");
}
