using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Forward;
using ActorKube.Cli.Logs;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl port-forward</c>: ports of a pod on this machine.</summary>
internal static class PortForwardCommand
{
    public static Command Create()
    {
        var words = new Argument<string[]>("words") { Arity = ArgumentArity.ZeroOrMore };
        var address = Flags.Texts("--address", "ADDRESS", "Where to listen: addresses of this machine, or localhost");
        var command = new KubeCommand("port-forward", "Bring ports of a pod to this machine")
        {
            Group = "Looking into pods",
            Usage = "(POD | TYPE/NAME) [LOCAL_PORT:]REMOTE_PORT... [options]",
            Examples = """
                # Port 8080 here is port 80 of the pod
                akctl port-forward web-5d9c6b8f4-x2x7k 8080:80

                # The port of a Service, by one of its pods
                akctl port-forward service/web 8080:http

                # Any port that is free here
                akctl port-forward deployment/web :80
                """,
        };
        command.Add(words);
        command.Add(address);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(words) is not [var target, .. { Length: > 0 } ports])
                throw new UsageException("TYPE/NAME and list of ports are required for port-forward");
            var session = CliSession.Open(parsed);
            var arguments = ResourceArguments.Read([target], "port-forward");
            var pod = (await PodTargets.FindAllAsync(session, arguments, cancellation))[0];
            if (pod.Text("status", "phase") is not "Running" and var phase)
                throw new CliException($"unable to forward port because pod is not running. Current status={phase}");
            var service = await ServiceAsync(session, arguments[0], cancellation);
            var pairs = ports.Select(p => PortPair.Parse(p, pod, service)).ToList();
            await using var forwarder = await PortForwarder.ConnectAsync(session, pod.Text("metadata", "namespace"), pod.Text("metadata", "name"), cancellation);
            await forwarder.ListenAsync(Addresses(parsed.GetValue(address) ?? []), pairs, cancellation);
        });
        return command;
    }

    private static async Task<JsonObject?> ServiceAsync(CliSession session, ResourceArgument argument, CancellationToken cancellation)
    {
        if (argument.Name is null)
            return null;
        var kind = await session.Kinds.FindAsync(argument.Type, cancellation);
        return kind.GroupResource == "services" ? await session.SendAsync(session.Request("get", kind, argument.Name), cancellation) : null;
    }

    private static List<IPAddress> Addresses(string[] named) =>
        [.. (named.Length > 0 ? named : ["localhost"]).SelectMany(name => name == "localhost" ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
            : IPAddress.TryParse(name, out var address) ? (IPAddress[])[address] : throw new CliException($"{name} is not a valid IP"))];
}
