using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Akka.Configuration;

namespace ActorKube.Host.Processes;

/// <summary>What the process itself is told by its configuration, see <c>reference.conf</c>; every component reads its own section.</summary>
public sealed record ProcessSettings
{
    /// <summary>The whole configuration.</summary>
    public required Config Config { get; init; }

    /// <summary>Folder of everything the process keeps, absolute.</summary>
    public required string DataDir { get; init; }

    /// <summary>Address that other processes reach this one at.</summary>
    public required string ClusterHostname { get; init; }

    /// <summary>Port of the cluster's connections.</summary>
    public required int ClusterPort { get; init; }

    /// <summary><c>host:port</c> of control-plane processes to join.</summary>
    public required IReadOnlyList<string> SeedNodes { get; init; }

    /// <summary>Name of the Node object.</summary>
    public required string NodeName { get; init; }

    /// <summary>The node's InternalIP; null for the machine's own.</summary>
    public required IPAddress? NodeAddress { get; init; }

    /// <summary>Whether the node talks to the control plane by HTTPS alone.</summary>
    public required bool JoinByApi { get; init; }

    /// <summary>The file that a seed process wrote for its nodes; empty in <c>dev</c>.</summary>
    public required string JoinFile { get; init; }

    /// <summary><c>auto</c>, <c>cri</c>, <c>builtin</c> or <c>process</c>.</summary>
    public required string Runtime { get; init; }

    /// <summary>The CRI socket; empty to look for one.</summary>
    public required string RuntimeSocket { get; init; }

    /// <summary>Reads the settings. Throws <see cref="Configuration.ConfigurationException"/>.</summary>
    public static ProcessSettings From(Config config)
    {
        var section = config.GetConfig("actorkube");
        return new ProcessSettings
        {
            Config = config,
            DataDir = Path.GetFullPath(section.GetString("data-dir")),
            ClusterHostname = section.GetString("cluster.hostname"),
            ClusterPort = section.GetInt("cluster.port"),
            SeedNodes = [.. section.GetStringList("cluster.seed-nodes")],
            NodeName = NodeNameOf(section),
            NodeAddress = AddressOf(section, "node.address"),
            JoinByApi = OneOf(section, "node.join", "akka", "api") == "api",
            JoinFile = section.GetString("node.join-file"),
            Runtime = OneOf(section, "runtime.type", "auto", "cri", "builtin", "process"),
            RuntimeSocket = section.GetString("runtime.socket"),
        };
    }

    /// <summary>The node's name: as configured, else the machine's host name in lower case.</summary>
    internal static string NodeNameOf(Config section)
    {
        var name = section.GetString("node.name");
        return name.Length > 0 ? name : Dns.GetHostName().ToLowerInvariant();
    }

    /// <summary>
    /// The machine's own address: that of the route to the outside, or loopback on a machine without one. Nothing is sent: connecting a
    /// datagram socket only looks the route up.
    /// </summary>
    internal static IPAddress MachineAddress()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Connect(IPAddress.Parse("192.0.2.254"), 9);
            return ((IPEndPoint)socket.LocalEndPoint!).Address;
        }
        catch (SocketException)
        {
            return NetworkInterface.GetAllNetworkInterfaces()
                .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(i => i.GetIPProperties().UnicastAddresses)
                .Select(a => a.Address)
                .FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork, IPAddress.Loopback);
        }
    }

    private static IPAddress? AddressOf(Config section, string key) => section.GetString(key) switch
    {
        "" => null,
        var text => IPAddress.TryParse(text, out var address) ? address : throw new Configuration.ConfigurationException($"actorkube.{key}: '{text}' is not an IP address"),
    };

    private static string OneOf(Config section, string key, params string[] values)
    {
        var value = section.GetString(key);
        return values.Contains(value)
            ? value
            : throw new Configuration.ConfigurationException($"actorkube.{key}: '{value}' is not one of {string.Join(", ", values)}");
    }
}
