using System.CommandLine;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Get;
using ActorKube.Cli.History;
using ActorKube.Cli.Manifests;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl get</c>: the server's tables, or objects as YAML, JSON or names; with <c>-w</c> their changes as they come.</summary>
internal static class GetCommand
{
    public static Command Create()
    {
        var resources = new Argument<string[]>("resources") { Arity = ArgumentArity.ZeroOrMore };
        var files = Flags.Filename("show");
        var recursive = Flags.Recursive();
        var output = Flags.Text("--output", "FORMAT", "wide, yaml, json, name, jsonpath=TEMPLATE or custom-columns=HEADING:PATH,…; else a table", "-o");
        var watch = Flags.Switch("--watch", "After showing what there is, show every change", "-w");
        var watchOnly = Flags.Switch("--watch-only", "Show changes only");
        var selector = Flags.Selector();
        var fields = Flags.FieldSelector();
        var all = Flags.AllNamespaces();
        var noHeaders = Flags.Switch("--no-headers", "No headings");
        var showKind = Flags.Switch("--show-kind", "Names with their kinds: pod/web");
        var showLabels = Flags.Switch("--show-labels", "All labels in the last column");
        var labelColumns = Flags.Texts("--label-columns", "LABEL", "A column for this label", "-L");
        var sortBy = Flags.Text("--sort-by", "PATH", "Sort by this field: .metadata.creationTimestamp");
        var ignore = Flags.Switch("--ignore-not-found", "An object that is not there is no error");
        var raw = Flags.Text("--raw", "PATH", "Print what the server answers to GET PATH: /version, /apis, /metrics");
        var at = Moment.Option("--at", "Show what was there at a moment of the past");
        var atRevision = Flags.Number("--at-revision", "N", "The same by a resourceVersion of the kind");
        var managed = Flags.Switch("--show-managed-fields", "With yaml and json, show who set which field");
        var command = new KubeCommand("get", "Show objects")
        {
            Group = "Basic commands",
            Usage = "(TYPE[,TYPE] [NAME...] | TYPE/NAME... | -f FILE) [options]",
            About = "TYPE is a kind's name (pods, pod), its short name (po), or one with its group (deployments.apps). 'all' is the most common kinds.",
            Examples = """
                # All pods of the namespace, and with more columns
                akctl get pods
                akctl get pods -o wide

                # Deployments and Services with a label, in all namespaces
                akctl get deploy,svc -l app=web -A

                # One Deployment in full
                akctl get deploy/web -o yaml

                # Fields of one's choice
                akctl get pods -o custom-columns=NAME:.metadata.name,IP:.status.podIP
                akctl get pods -o jsonpath='{range .items[*]}{.metadata.name}{"\n"}{end}'

                # Watch pods come and go
                akctl get pods -w

                # What there was ten minutes ago
                akctl get deploy,pods --at '10 minutes ago'

                # What runs on one node, oldest first
                akctl get pods -A --field-selector spec.nodeName=node-1 --sort-by=.metadata.creationTimestamp
                """,
        };
        command.Add(resources);
        foreach (var option in new Option[]
        {
            files, recursive, output, watch, watchOnly, selector, fields, all, noHeaders, showKind, showLabels, labelColumns, sortBy, ignore, managed, raw, at, atRevision,
        })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var format = parsed.GetValue(output) ?? "";
            ObjectPrinter.Check(format, "wide");
            var session = CliSession.Open(parsed);
            if (parsed.GetValue(raw) is { } path)
            {
                Console.Write(await session.RawAsync(path, cancellation));
                return;
            }

            var getter = new Getter(session)
            {
                Format = format,
                AllNamespaces = parsed.GetValue(all),
                Headings = !parsed.GetValue(noHeaders),
                ShowKind = parsed.GetValue(showKind),
                ShowLabels = parsed.GetValue(showLabels),
                LabelColumns = parsed.GetValue(labelColumns) ?? [],
                Selector = parsed.GetValue(selector),
                Fields = parsed.GetValue(fields),
                SortBy = parsed.GetValue(sortBy),
                IgnoreNotFound = parsed.GetValue(ignore),
                ManagedFields = parsed.GetValue(managed),
                At = parsed.GetValue(atRevision) is { } revision ? new Moment(null, revision) : Moment.Parse(parsed.GetValue(at), TimeProvider.System.GetUtcNow()),
            };
            var targets = await TargetsAsync(getter, parsed.GetValue(resources)!, parsed.GetValue(files) ?? [], parsed.GetValue(recursive), cancellation);
            if (parsed.GetValue(watch) || parsed.GetValue(watchOnly))
            {
                if (getter.At != Moment.Now)
                    throw new CliException("the past does not change: --watch cannot be combined with --at or --at-revision");
                if (targets.Count != 1)
                    throw new CliException("you may only specify a single resource type or object with --watch");
                await GetWatch.RunAsync(getter, targets[0], parsed.GetValue(watchOnly), cancellation);
            }
            else
            {
                await (getter.IsTable ? GetTables.RunAsync(getter, targets, cancellation) : GetObjects.RunAsync(getter, targets, cancellation));
            }
        });
        return command;
    }

    private static async Task<IReadOnlyList<GetTarget>> TargetsAsync(Getter getter, string[] words, string[] files, bool recursive, CancellationToken cancellation)
    {
        if (files.Length > 0)
        {
            var manifests = await ManifestReader.ReadAsync(getter.Session, files, recursive, cancellation);
            return [.. manifests.Select(m => new GetTarget(m.Kind, m.Name, m.Namespace))];
        }

        if (words.Length == 0)
            throw new UsageException("You must specify the type of resource to get, such as 'pods' or 'deployment/web'.");
        var arguments = ResourceArguments.Read(words, "get");
        if (arguments.Any(a => a.Name is not null))
        {
            if (getter.AllNamespaces)
                throw new CliException("a resource cannot be retrieved by name across all namespaces");
            if (getter.Selector is not null)
                throw new CliException("name cannot be provided when a selector is specified");
        }

        var names = await getter.Session.Kinds.ResolveAsync(arguments, cancellation);
        return [.. names.Select(n => new GetTarget(n.Kind, n.Name))];
    }
}
