using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Describe;
using ActorKube.Cli.Manifests;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl describe</c>: an object for people to read, with the events about it.</summary>
internal static class DescribeCommand
{
    public static Command Create()
    {
        var resources = new Argument<string[]>("resources") { Arity = ArgumentArity.ZeroOrMore };
        var files = Flags.Filename("describe");
        var recursive = Flags.Recursive();
        var selector = Flags.Selector();
        var all = Flags.AllNamespaces();
        var events = Flags.On("--show-events", "With the events about the object");
        var command = new KubeCommand("describe", "Show objects in detail, with the events about them")
        {
            Group = "Basic commands",
            Usage = "(TYPE [NAME_PREFIX | -l SELECTOR] | TYPE/NAME | -f FILE) [options]",
            Examples = """
                # Why a pod does not run: its state and its events
                akctl describe pod web-5d9c6b8f4-x2x7k

                # All pods whose names begin with web
                akctl describe pod web

                # A Deployment, by the file it was made from
                akctl describe -f web.yaml

                # A node and what runs on it
                akctl describe node node-1
                """,
        };
        command.Add(resources);
        foreach (var option in new Option[] { files, recursive, selector, all, events })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var describer = new Describer(session, parsed.GetValue(events));
            var targets = parsed.GetValue(files) is { Length: > 0 } sources
                ? (await ManifestReader.ReadAsync(session, sources, parsed.GetValue(recursive), cancellation)).Select(m => (Name: new ResourceName(m.Kind, m.Name), m.Namespace))
                : (await NamesAsync(session, parsed.GetValue(resources)!, cancellation)).Select(n => (Name: n, Namespace: parsed.GetValue(all) ? "" : (string?)null));
            var first = true;
            var errors = new List<Exception>();
            foreach (var (name, ns) in targets)
            {
                try
                {
                    foreach (var value in await ObjectsAsync(session, name, ns, parsed.GetValue(selector), cancellation))
                    {
                        Console.Write((first ? "" : "\n\n") + await describer.DescribeAsync(name.Kind, value, cancellation));
                        first = false;
                    }
                }
                catch (ApiException e)
                {
                    errors.Add(e);
                }
            }

            SeveralException.ThrowIfAny(errors);
            if (first)
                await Console.Error.WriteLineAsync(parsed.GetValue(all) ? "No resources found" : $"No resources found in {session.Namespace} namespace.");
        });
        return command;
    }

    private static Task<IReadOnlyList<ResourceName>> NamesAsync(CliSession session, string[] words, CancellationToken cancellation) => words.Length > 0
        ? session.Kinds.ResolveAsync(ResourceArguments.Read(words, "describe"), cancellation)
        : throw new UsageException("You must specify the type of resource to describe, such as 'pods' or 'deployment/web'.");

    private static async Task<IReadOnlyList<JsonObject>> ObjectsAsync(CliSession session, ResourceName name, string? ns, string? selector, CancellationToken cancellation)
    {
        if (name.Name is null)
            return ObjectPrinter.ItemsOf(await session.SendAsync(session.Request("list", name.Kind, ns: ns, query: ("labelSelector", selector)), cancellation), name.Kind);
        try
        {
            return [await session.SendAsync(session.Request("get", name.Kind, name.Name, ns: ns), cancellation)];
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // A name that is nobody's may be the beginning of somebody's.
            var list = ObjectPrinter.ItemsOf(await session.SendAsync(session.Request("list", name.Kind, ns: ns), cancellation), name.Kind);
            var alike = list.Where(o => o.Text("metadata", "name").StartsWith(name.Name, StringComparison.Ordinal)).ToList();
            if (alike.Count == 0)
                throw;
            return alike;
        }
    }
}
