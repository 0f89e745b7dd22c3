using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Create;
using ActorKube.Cli.Manifests;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl create</c>: objects from manifests, and the simple ones from flags.</summary>
internal static class CreateCommand
{
    public static Command Create()
    {
        var files = Flags.Filename("create");
        var recursive = Flags.Recursive();
        var command = new KubeCommand("create", "Create objects")
        {
            Group = "Basic commands",
            Usage = "(-f FILE | KIND NAME ...) [options]",
            Examples = """
                # What a file says; an object that is there already is an error
                akctl create -f web.yaml

                # A namespace, and a Deployment in it
                akctl create namespace shop
                akctl create deployment web --image=web:1 --replicas=3 -n shop

                # The manifest of an object, to begin with
                akctl create deployment web --image=web:1 --dry-run=client -o yaml
                """,
        };
        command.Add(files);
        command.Add(recursive);
        var options = CreateOptions.AddTo(command);
        foreach (var sub in CreateKinds.All().Concat(CreateAccess.All()))
            command.Add(sub);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(files) is not { Length: > 0 } sources)
                throw new CliException("must specify one of -f or the kind of object to create");
            var creator = options.Read(parsed, CliSession.Open(parsed));
            var errors = new List<Exception>();
            var manifests = await ManifestReader.ReadAsync(creator.Session, sources, parsed.GetValue(recursive), errors, cancellation);
            if (manifests.Count == 0 && errors.Count == 0)
                throw new CliException("no objects passed to create");
            await EachTarget.RunAsync([.. errors.Select(Failed), .. manifests.Select(m => (Func<Task>)(() => creator.CreateAsync(m.Kind, m.Json, m.Namespace, m.Source, cancellation)))], create => create());
        });
        return command;
    }

    /// <summary>A command below <c>create</c> that makes one object with the name it is given.</summary>
    public static KubeCommand Sub(string verb, string description, string usage, string example, Option[] own, Func<ParseResult, string, (string Group, string Resource, JsonObject Object)> make, params string[] aliases)
    {
        var names = new Argument<string[]>("name") { Arity = ArgumentArity.ZeroOrMore };
        var command = new KubeCommand(verb, description) { Usage = usage, Examples = example, TakesTail = usage.Contains("--", StringComparison.Ordinal) && usage.Contains("COMMAND", StringComparison.Ordinal) };
        foreach (var alias in aliases)
            command.Aliases.Add(alias);
        command.Add(names);
        foreach (var option in own)
            command.Add(option);
        var options = CreateOptions.AddTo(command);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(names) is not [var name])
                throw new UsageException($"exactly one NAME is required, got {parsed.GetValue(names)!.Length}");
            var (group, resource, value) = make(parsed, name);
            await options.Read(parsed, CliSession.Open(parsed)).CreateAsync(group, resource, value, cancellation);
        });
        return command;
    }

    private static Func<Task> Failed(Exception error) => () => Task.FromException(error);
}
