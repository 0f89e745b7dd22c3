using ActorKube.ContainerRuntime.Builtin.Native;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Builtin.Network;

/// <summary>
/// Ports of the host that lead to pods (<c>hostPort</c>), by the packet filter. Must be called on threads in the host's network namespace.
/// </summary>
internal sealed class HostPorts(ILogger logger)
{
    private const string RouteLocalnet = "/proc/sys/net/ipv4/conf/all/route_localnet";

    /// <summary>Opens a sandbox's host ports. Repeated it changes nothing.</summary>
    /// <exception cref="ContainerRuntimeException">The packet filter took them not.</exception>
    public void Open(SandboxEntry entry)
    {
        var elements = ElementsOf(entry);
        if (elements.Count == 0)
            return;
        Must(HostPortRules.Schema);

        // The machine's own clients reach a host port at 127.0.0.1 too.
        if (elements.Any(e => e.Map.EndsWith('4')) && File.ReadAllText(RouteLocalnet).Trim() != "1")
            File.WriteAllText(RouteLocalnet, "1");
        foreach (var element in elements)
        {
            if (Nft(HostPortRules.Add(element)).Code == 0)
                continue;

            // Left by a pod that ended while nobody was there to clear it away.
            _ = Nft(HostPortRules.Delete(element));
            Must(HostPortRules.Add(element));
        }
    }

    /// <summary>Closes a sandbox's host ports. What is not there is closed.</summary>
    public void Close(SandboxEntry entry)
    {
        foreach (var element in ElementsOf(entry))
        {
            var (code, output) = Nft(HostPortRules.Delete(element));
            if (code != 0)
                logger.LogDebug("Host port {Element} of sandbox {Sandbox} was closed already: {Output}", element.Key, entry.Id, output);
        }
    }

    private static IReadOnlyList<HostPortElement> ElementsOf(SandboxEntry entry) =>
        entry.HasHostNetwork ? [] : HostPortRules.Of(entry.Config.PortMappings, entry.Record.Addresses);

    private static void Must(string script)
    {
        var (code, output) = Nft(script);
        if (code != 0)
            throw new ContainerRuntimeException($"host ports: nft: {output.Trim()}");
    }

    private static (int Code, string Output) Nft(string script) =>
        BuiltinRuntimeRequirements.Find("nft", null) is { } nft
            ? ChildProcess.Run(nft, [script])
            : throw new ContainerRuntimeException("host ports need nft: apt-get install nftables", ContainerRuntimeError.Unavailable);
}
