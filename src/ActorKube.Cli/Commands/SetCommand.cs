using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Cli.Change;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl set</c>: images, variables, resources and the service account of pods and of what makes pods.</summary>
internal static class SetCommand
{
    private const string Objects = "(TYPE NAME | TYPE/NAME... | TYPE -l SELECTOR | TYPE --all | -f FILE)";
    private const string Missing = "one or more resources must be specified as <resource> <name> or <resource>/<name>";

    public static Command Create()
    {
        var command = new KubeCommand("set", "Set images, variables and resources of pods")
        {
            Group = "Changing objects",
            About = "A Deployment, DaemonSet or StatefulSet that is changed so rolls the change out.",
            Examples = """
                akctl set image deployment/web server=web:2
                akctl set env deployment/web LEVEL=debug OLD-
                akctl set resources deployment/web --limits=cpu=200m,memory=512Mi
                """,
        };
        command.Add(Image());
        command.Add(Environment());
        command.Add(Resources());
        command.Add(ServiceAccount());
        return command;
    }

    private static KubeCommand Image()
    {
        var command = new KubeCommand("image", "Set images of containers")
        {
            Usage = Objects + " CONTAINER=IMAGE... [options]",
            Examples = """
                # The image of one container
                akctl set image deployment/web server=web:2

                # The same image for every container
                akctl set image deployment/web '*=web:2'
                """,
        };
        var work = Work.AddTo(command, "set image");
        command.Run((parsed, cancellation) =>
        {
            var changes = ImageChanges.Read(work.Targets.Words(parsed));
            return work.RunAsync(parsed, changes.Resources, "image updated", changes.PatchOf, cancellation);
        });
        return command;
    }

    private static KubeCommand Environment()
    {
        var containers = Flags.Text("--containers", "NAME", "Only this container, or those that a pattern such as 'web-*' means", "-c");
        var from = Flags.Text("--from", "configmap/NAME|secret/NAME", "A variable for each key of a ConfigMap or Secret");
        var keys = Flags.Texts("--keys", "KEY", "With --from, only these keys");
        var prefix = Flags.Text("--prefix", "TEXT", "With --from, what goes before the variables' names");
        var list = Flags.Switch("--list", "Show the variables and change nothing");
        var overwrite = Flags.On("--overwrite", "Change variables that have another value");
        var command = new KubeCommand("env", "Set and remove variables of containers")
        {
            Usage = Objects + " NAME=VALUE... NAME-... [options]",
            Examples = """
                # Set one, remove another
                akctl set env deployment/web LEVEL=debug OLD-

                # From a ConfigMap
                akctl set env deployment/web --from=configmap/settings --prefix=APP_

                # What is set
                akctl set env deployment/web --list
                """,
        };
        var work = Work.AddTo(command, "set env");
        foreach (var option in new Option[] { containers, from, keys, prefix, list, overwrite })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var changes = EnvironmentChanges.Read(work.Targets.Words(parsed));
            var pattern = parsed.GetValue(containers) ?? "*";
            if (parsed.GetValue(list))
            {
                await work.EachAsync(parsed, changes.Resources, (_, value) => Console.Write(string.Concat(EnvironmentChanges.List(value, pattern).Select(l => l + "\n"))), cancellation);
                return;
            }

            if (parsed.GetValue(from) is { Length: > 0 } source)
                changes = changes with { Set = [.. changes.Set, .. await FromAsync(CliSession.Open(parsed), source, parsed.GetValue(keys) ?? [], parsed.GetValue(prefix) ?? "", cancellation)] };
            if (changes.Set.Count + changes.Removed.Count == 0)
                throw new CliException("at least one environment variable must be provided");
            await work.RunAsync(parsed, changes.Resources, "env updated", value => changes.PatchOf(value, pattern, parsed.GetValue(overwrite)), cancellation);
        });
        return command;
    }

    private static async Task<IEnumerable<JsonObject>> FromAsync(CliSession session, string source, string[] keys, string prefix, CancellationToken cancellation)
    {
        if (source.Split('/') is not [var type, { Length: > 0 } name])
            throw new CliException("--from must be configmap/NAME or secret/NAME");
        var kind = await session.Kinds.FindAsync(type, cancellation);
        if (kind.GroupResource is not ("configmaps" or "secrets"))
            throw new CliException($"unsupported resource specified in --from: {kind.GroupResource}");
        var value = await session.SendAsync(session.Request("get", kind, name), cancellation);
        var all = value.Map("data").Concat(value.Map("binaryData")).Select(p => p.Key).ToList();
        return EnvironmentChanges.From(kind.Kind, name, keys.Length == 0 ? all : all.Where(keys.Contains), prefix);
    }

    private static KubeCommand Resources()
    {
        var containers = Flags.Text("--containers", "NAME", "Only this container, or those that a pattern such as 'web-*' means", "-c");
        var limits = Flags.Texts("--limits", "RESOURCE=AMOUNT", "What containers may use: cpu=200m,memory=512Mi");
        var requests = Flags.Texts("--requests", "RESOURCE=AMOUNT", "What containers are given: cpu=100m,memory=256Mi");
        var command = new KubeCommand("resources", "Set limits and requests of containers")
        {
            Usage = Objects + " [--limits=RESOURCE=AMOUNT,...] [--requests=RESOURCE=AMOUNT,...] [options]",
            Examples = "akctl set resources deployment/web -c=server --limits=cpu=200m,memory=512Mi --requests=cpu=100m",
        };
        var work = Work.AddTo(command, "set resources");
        foreach (var option in new Option[] { containers, limits, requests })
            command.Add(option);
        command.Run((parsed, cancellation) =>
        {
            var changes = ResourceChanges.Read(parsed.GetValue(limits), parsed.GetValue(requests));
            return work.RunAsync(parsed, work.Targets.Words(parsed), "resource requirements updated", value => changes.PatchOf(value, parsed.GetValue(containers) ?? "*"), cancellation);
        });
        return command;
    }

    private static KubeCommand ServiceAccount()
    {
        var command = new KubeCommand("serviceaccount", "Set who pods are to the cluster")
        {
            Usage = "(TYPE NAME | TYPE/NAME... | TYPE --all | -f FILE) ACCOUNT [options]",
            Examples = "akctl set serviceaccount deployment/web reader",
        };
        command.Aliases.Add("sa");
        var work = Work.AddTo(command, "set serviceaccount");
        command.Run((parsed, cancellation) =>
        {
            if (work.Targets.Words(parsed) is not [.. var resources, var account])
                throw new CliException("serviceaccount is required");
            return work.RunAsync(parsed, resources, "serviceaccount updated", value => PodTemplates.Required(value).Count == 0
                ? null
                : PodTemplates.At(value, new JsonObject { ["serviceAccountName"] = account }), cancellation);
        });
        return command;
    }

    // What all of them do: read the objects, patch each, say so.
    private sealed class Work
    {
        private readonly Option<string?> _dryRun = Flags.DryRun();
        private readonly Option<string?> _output = ResultPrinter.Option();

        private Work(TargetOptions targets) => Targets = targets;

        public TargetOptions Targets { get; }

        public static Work AddTo(Command command, string verb)
        {
            var work = new Work(TargetOptions.AddTo(command, verb));
            command.Add(work._dryRun);
            command.Add(work._output);
            return work;
        }

        public async Task EachAsync(ParseResult parsed, string[] resources, Action<Target, JsonObject> action, CancellationToken cancellation)
        {
            var session = CliSession.Open(parsed);
            foreach (var target in await Targets.ReadAsync(session, parsed, resources, Missing, cancellation))
                action(target, await session.SendAsync(session.Request("get", target.Kind, target.Name, ns: target.Namespace), cancellation));
        }

        public async Task RunAsync(ParseResult parsed, string[] resources, string done, Func<JsonObject, JsonObject?> patchOf, CancellationToken cancellation)
        {
            var printer = ResultPrinter.Of(parsed.GetValue(_output), DryRuns.Parse(parsed.GetValue(_dryRun)));
            var session = CliSession.Open(parsed);
            await EachTarget.RunAsync(await Targets.ReadAsync(session, parsed, resources, Missing, cancellation), async target =>
            {
                var value = await session.SendAsync(session.Request("get", target.Kind, target.Name, ns: target.Namespace), cancellation);
                if (patchOf(value) is not { } patch)
                {
                    // As kubectl: nobody is told of what is so already, but who asked for the object gets it.
                    if (printer.Format.Length > 0)
                        printer.Print(target.Kind, value, done);
                    return;
                }

                // What a patch makes of an object is the server's to say, and a try tells it without keeping it.
                var answer = await session.SendAsync(
                    session.Request("patch", target.Kind, target.Name, ns: target.Namespace, query: [("fieldManager", "kubectl-set"), ("dryRun", printer.DryRun == "none" ? null : "All")]) with
                    {
                        ContentType = "application/strategic-merge-patch+json",
                        Body = Encoding.UTF8.GetBytes(patch.ToJsonString()),
                    }, cancellation);
                printer.Print(target.Kind, answer, done);
            });
        }
    }
}
