using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Create;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl expose</c>: makes a Service of the pods of a Deployment, ReplicaSet, ReplicationController, Service or pod.</summary>
internal static class ExposeCommand
{
    public static Command Create()
    {
        var port = Flags.Texts("--port", "PORT", "The Service's port; else those of the containers");
        var target = Flags.Text("--target-port", "PORT", "The containers' port, by number or name; else the same");
        var protocol = Flags.Text("--protocol", "TCP|UDP|SCTP", "The protocol; TCP unless the containers' ports say another");
        var name = Flags.Text("--name", "NAME", "The Service's name; else the object's");
        var type = Flags.Text("--type", "TYPE", "ClusterIP (the default), NodePort or LoadBalancer");
        var selector = Flags.Text("--selector", "LABELS", "Labels of the pods, if not the object's own: app=web,tier=front");
        var labels = Flags.Texts("--labels", "LABEL=VALUE", "Labels of the Service; else the object's", "-l");
        var clusterIp = Flags.Text("--cluster-ip", "ADDRESS", "The address to take, or None for none");
        var command = new KubeCommand("expose", "Make a Service of an object's pods")
        {
            Group = "Basic commands",
            Usage = "(TYPE NAME | TYPE/NAME | -f FILE) [--port=PORT] [--target-port=PORT] [options]",
            Examples = """
                # Port 80 of a Service for port 8080 of a Deployment's pods
                akctl expose deployment web --port=80 --target-port=8080

                # One pod, to the outside
                akctl expose pod web-1 --port=80 --type=NodePort --name=outside
                """,
        };
        var resources = new Argument<string[]>("resources") { Arity = ArgumentArity.ZeroOrMore };
        var (files, recursive) = (Flags.Filename("expose"), Flags.Recursive());
        command.Add(resources);
        foreach (var option in new Option[] { files, recursive, port, target, protocol, name, type, selector, labels, clusterIp })
            command.Add(option);
        var create = CreateOptions.AddTo(command);
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var creator = create.Read(parsed, session);
            await EachTarget.RunAsync(await FindAsync(session, parsed.GetValue(files) ?? [], parsed.GetValue(recursive), parsed.GetValue(resources)!, cancellation), async found =>
            {
                var value = await session.SendAsync(session.Request("get", found.Kind, found.Name, ns: found.Namespace), cancellation);
                var pods = parsed.GetValue(selector) is { Length: > 0 } said ? Pairs(said.Split(',')) : Exposures.SelectorOf(found.Kind, value);
                var ports = Ports(parsed.GetValue(port) ?? [], parsed.GetValue(protocol)) is { Count: > 0 } wanted ? wanted : Exposures.PortsOf(found.Kind, value);
                if (ports.Count == 0)
                    throw new CliException("couldn't find port via --port flag or introspection");
                var service = Exposures.Service(parsed.GetValue(name) is { Length: > 0 } chosen ? chosen : found.Name, pods, ports, parsed.GetValue(target), parsed.GetValue(type));
                var own = parsed.GetValue(labels) is { Length: > 0 } given ? Pairs(given) : value["metadata"]?["labels"]?.DeepClone() as JsonObject;
                if (own is { Count: > 0 })
                    service["metadata"]!["labels"] = own;
                if (parsed.GetValue(clusterIp) is { Length: > 0 } address)
                    service["spec"]!["clusterIP"] = address;
                await creator.CreateAsync("", "services", service, cancellation, "exposed", "kubectl-expose");
            });
        });
        return command;
    }

    private static async Task<IReadOnlyList<Target>> FindAsync(CliSession session, string[] files, bool recursive, string[] words, CancellationToken cancellation)
    {
        if (files.Length > 0)
            return [.. (await Manifests.ManifestReader.ReadAsync(session, files, recursive, cancellation)).Select(m => new Target(m.Kind, m.Name, m.Namespace))];
        if (words.Length == 0)
            throw new CliException("You must provide one or more resources by argument or filename.");
        return [.. (await session.Kinds.ResolveAsync(ResourceArguments.Read(words, "expose"), cancellation)).Select(n => n.ToTarget())];
    }

    private static List<(long Port, string Protocol)> Ports(string[] words, string? protocol) =>
        [.. words.Select(w => long.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (number, protocol ?? "TCP") : throw new CliException($"invalid port \"{w}\": it must be a number"))];

    private static JsonObject Pairs(IEnumerable<string> words) => new(words.Select(w => w.Split('=', 2) is [{ Length: > 0 } key, var value]
        ? KeyValuePair.Create<string, JsonNode?>(key, value)
        : throw new CliException($"unexpected label spec: {w}")));
}
