using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Cli.Change;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl label</c> and <c>akctl annotate</c>: set and remove labels and annotations of objects.</summary>
internal static class LabelCommand
{
    private static readonly Kind Labels = new("label", "labels", "label", "labeled");
    private static readonly Kind Annotations = new("annotate", "annotations", "annotation", "annotated");

    /// <summary><c>label</c>.</summary>
    public static Command CreateLabel() => Create(Labels, "Set and remove labels", """
        # Set one, remove another
        akctl label pod web-1 tier=frontend old-

        # Change one that is there
        akctl label deployment/web tier=backend --overwrite

        # All pods of the namespace
        akctl label pods --all checked=true
        """);

    /// <summary><c>annotate</c>.</summary>
    public static Command CreateAnnotate() => Create(Annotations, "Set and remove annotations", """
        # Why a Deployment was changed, for its history
        akctl annotate deployment/web kubernetes.io/change-cause='new logo'

        # Remove one
        akctl annotate pod web-1 note-
        """);

    private static KubeCommand Create(Kind kind, string description, string examples)
    {
        var overwrite = Flags.Switch("--overwrite", $"Change {kind.Field} that have another value");
        var list = Flags.Switch("--list", $"Show the {kind.Field} the objects have then");
        var version = Flags.Text("--resource-version", "VERSION", "Only if the object is at this version");
        var dryRun = Flags.DryRun();
        var output = ResultPrinter.Option();
        var command = new KubeCommand(kind.Verb, description)
        {
            Group = "Changing objects",
            Usage = "(TYPE NAME | TYPE/NAME... | TYPE -l SELECTOR | TYPE --all | -f FILE) KEY=VALUE... KEY-... [options]",
            Examples = examples,
        };
        var targets = TargetOptions.AddTo(command, kind.Verb);
        foreach (var option in new Option[] { overwrite, list, version, dryRun, output })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var changes = KeyChanges.Read(targets.Words(parsed), kind.What);
            if (changes.Set.Count + changes.Removed.Count == 0 && !parsed.GetValue(list))
                throw new CliException($"at least one {kind.What} update is required");
            var printer = ResultPrinter.Of(parsed.GetValue(output), DryRuns.Parse(parsed.GetValue(dryRun)));
            var work = new Work(CliSession.Open(parsed), kind, changes, parsed.GetValue(overwrite), parsed.GetValue(list), parsed.GetValue(version), printer);
            var found = await targets.ReadAsync(work.Session, parsed, changes.Resources, "one or more resources must be specified as <resource> <name> or <resource>/<name>", cancellation);
            await EachTarget.RunAsync(found, target => work.ChangeAsync(target, cancellation));
        });
        return command;
    }

    private sealed record Kind(string Verb, string Field, string What, string Done);

    private sealed record Work(CliSession Session, Kind Kind, KeyChanges Changes, bool Overwrite, bool List, string? Version, ResultPrinter Printer)
    {
        public async Task ChangeAsync(Target target, CancellationToken cancellation)
        {
            var value = await Session.SendAsync(Session.Request("get", target.Kind, target.Name, ns: target.Namespace), cancellation);
            var before = value.Map("metadata", Kind.Field).ToDictionary(p => p.Key, p => p.Value.Text());
            if (!Overwrite && Changes.Declared(before) is { Count: > 0 } declared)
            {
                throw new CliException(Kind == Labels
                    ? $"{declared[0]}, and --overwrite is false"
                    : $"--overwrite is false but found the following declared annotation(s): {string.Join("; ", declared)}");
            }

            foreach (var missing in Changes.Removed.Where(key => Kind == Labels && !before.ContainsKey(key)))
                await Console.Out.WriteLineAsync($"label \"{missing}\" not found.");
            var after = Changes.Apply(before);
            var same = after.Count == before.Count && after.All(a => before.TryGetValue(a.Key, out var old) && old == a.Value);
            if (!same)
                value = await PatchAsync(target, value, cancellation);
            if (!List)
                Printer.Print(target.Kind, value, Words(same, after.Count < before.Count));
            else
                Console.Write(string.Concat(after.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}\n")));
        }

        private string Words(bool same, bool fewer) => Kind == Annotations ? "annotated" : same ? "not labeled" : fewer && !Overwrite ? "unlabeled" : "labeled";

        private async Task<JsonObject> PatchAsync(Target target, JsonObject value, CancellationToken cancellation)
        {
            var keys = new JsonObject();
            foreach (var (key, text) in Changes.Set)
                keys[key] = text;
            foreach (var key in Changes.Removed)
                keys[key] = null;
            var metadata = new JsonObject { [Kind.Field] = keys };
            if (!string.IsNullOrEmpty(Version))
                metadata["resourceVersion"] = Version;
            if (Printer.DryRun == "client")
            {
                var copy = value.DeepClone().AsObject();
                copy["metadata"]![Kind.Field] = new JsonObject(Changes.Apply(value.Map("metadata", Kind.Field).ToDictionary(p => p.Key, p => p.Value.Text()))
                    .Select(p => KeyValuePair.Create<string, JsonNode?>(p.Key, p.Value)));
                return copy;
            }

            return await Session.SendAsync(
                Session.Request("patch", target.Kind, target.Name, ns: target.Namespace, query: [("fieldManager", "kubectl-" + Kind.Verb), DryRuns.Query(Printer.DryRun)]) with
                {
                    ContentType = "application/merge-patch+json",
                    Body = Encoding.UTF8.GetBytes(new JsonObject { ["metadata"] = metadata }.ToJsonString()),
                }, cancellation);
        }
    }
}
