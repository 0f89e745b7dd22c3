using System.Security.Cryptography;
using System.Text;
using Akka.Configuration;

namespace ActorKube.KubeProxy.PodNetwork;

/// <summary>How pods of different machines reach each other.</summary>
public enum PodNetworkMode
{
    /// <summary>Inside UDP datagrams.</summary>
    Vxlan,

    /// <summary>By plain routes.</summary>
    Routes,

    /// <summary>By what somebody else sets up.</summary>
    None,
}

/// <summary>The section <c>actorkube.pod-network</c>, typed. Each key is explained in <c>reference.conf</c>.</summary>
public sealed record PodNetworkSettings
{
    /// <summary>How pods of different machines reach each other.</summary>
    public PodNetworkMode Mode { get; init; } = PodNetworkMode.Vxlan;

    /// <summary>Name of the bridge; empty for <see cref="BridgeOf"/>.</summary>
    public string Bridge { get; init; } = "";

    /// <summary>Largest packet of pods.</summary>
    public int Mtu { get; init; } = 1450;

    /// <summary>The VXLAN device.</summary>
    public string VxlanDevice { get; init; } = "ak-vxlan";

    /// <summary>The VXLAN network's number.</summary>
    public int VxlanId { get; init; } = 1;

    /// <summary>The UDP port of VXLAN.</summary>
    public int VxlanPort { get; init; } = 8472;

    /// <summary>Ranges of Services' addresses.</summary>
    public IReadOnlyList<string> ServiceCidrs { get; init; } = ["10.96.0.0/16"];

    /// <summary>Marks our routes.</summary>
    public int RouteProtocol { get; init; } = 196;

    /// <summary>Where network configurations of container runtimes lie.</summary>
    public string CniConfDir { get; init; } = "/etc/cni/net.d";

    /// <summary>Where network plugins lie.</summary>
    public string CniBinDir { get; init; } = "/opt/cni/bin";

    /// <summary>Our configuration's file name.</summary>
    public string CniFile { get; init; } = "10-actorkube.conflist";

    /// <summary>How often everything is checked.</summary>
    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait after a failure.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The bridge of a node.</summary>
    public string BridgeFor(string nodeName) => Bridge.Length > 0 ? Bridge : BridgeOf(nodeName);

    /// <summary>The name a node's bridge has unless configured: unique among the nodes of a machine, and short enough for an interface.</summary>
    public static string BridgeOf(string nodeName) => "ak-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(nodeName)))[..8];

    /// <summary>Reads the settings; what is not set has its default.</summary>
    public static PodNetworkSettings From(Config config)
    {
        var section = config.WithFallback(ReferenceConfig.Load()).GetConfig("actorkube.pod-network");
        var mode = section.GetString("mode") switch
        {
            "vxlan" => PodNetworkMode.Vxlan,
            "routes" => PodNetworkMode.Routes,
            "none" => PodNetworkMode.None,
            var other => throw new ConfigurationException($"actorkube.pod-network.mode is {other}: it must be vxlan, routes or none"),
        };
        var bridge = section.GetString("bridge");
        if (bridge.Length > 15)
        {
            throw new ConfigurationException($"actorkube.pod-network.bridge is {bridge}: an interface's name has at most 15 characters");
        }

        return new PodNetworkSettings
        {
            Mode = mode,
            Bridge = bridge,
            Mtu = section.GetInt("mtu") is > 0 and var mtu ? mtu : mode == PodNetworkMode.Vxlan ? 1450 : 1500,
            VxlanDevice = section.GetString("vxlan.device"),
            VxlanId = section.GetInt("vxlan.id"),
            VxlanPort = section.GetInt("vxlan.port"),
            ServiceCidrs = [.. section.GetStringList("service-cidrs")],
            RouteProtocol = section.GetInt("route-protocol"),
            CniConfDir = section.GetString("cni.conf-dir"),
            CniBinDir = section.GetString("cni.bin-dir"),
            CniFile = section.GetString("cni.file"),
            SyncPeriod = section.GetTimeSpan("sync-period"),
            RetryInterval = section.GetTimeSpan("retry-interval"),
        };
    }
}
