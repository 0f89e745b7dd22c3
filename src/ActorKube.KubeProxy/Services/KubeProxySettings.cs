using Akka.Configuration;

namespace ActorKube.KubeProxy.Services;

/// <summary>The section <c>actorkube.kube-proxy</c>, typed. Each key is explained in <c>reference.conf</c>.</summary>
public sealed record KubeProxySettings
{
    /// <summary>Name of the nftables table.</summary>
    public string Table { get; init; } = "actorkube";

    /// <summary>Time within which changes are taken together.</summary>
    public TimeSpan MinSyncPeriod { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How often the table's presence is checked.</summary>
    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a standing-by proxy tries to take over.</summary>
    public TimeSpan TakeOverInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The bit of the packet mark, as a number with that one bit set.</summary>
    public int MasqueradeMark { get; init; } = 1 << 14;

    /// <summary>Pod ranges beside those of the nodes.</summary>
    public IReadOnlyList<string> ClusterCidrs { get; init; } = [];

    /// <summary>Whether node ports answer on 127.0.0.1.</summary>
    public bool LocalhostNodePorts { get; init; } = true;

    /// <summary>The device to other machines' pods: <c>actorkube.pod-network.vxlan.device</c>.</summary>
    public string OverlayDevice { get; init; } = "ak-vxlan";

    /// <summary>The nft program.</summary>
    public IReadOnlyList<string> Nft { get; init; } = ["nft"];

    /// <summary>The conntrack program.</summary>
    public IReadOnlyList<string> Conntrack { get; init; } = ["conntrack"];

    /// <summary>Reads the settings; what is not set has its default.</summary>
    public static KubeProxySettings From(Config config)
    {
        var all = config.WithFallback(ReferenceConfig.Load());
        var section = all.GetConfig("actorkube.kube-proxy");
        var bit = section.GetInt("masquerade-bit");
        return new KubeProxySettings
        {
            Table = section.GetString("table"),
            MinSyncPeriod = section.GetTimeSpan("min-sync-period"),
            SyncPeriod = section.GetTimeSpan("sync-period"),
            TakeOverInterval = section.GetTimeSpan("take-over-interval"),
            MasqueradeMark = bit is >= 0 and <= 31 ? 1 << bit : throw new ConfigurationException($"actorkube.kube-proxy.masquerade-bit is {bit}: it must be from 0 to 31"),
            ClusterCidrs = [.. section.GetStringList("cluster-cidrs")],
            LocalhostNodePorts = section.GetBoolean("localhost-node-ports"),
            OverlayDevice = all.GetString("actorkube.pod-network.vxlan.device"),
            Nft = [.. section.GetStringList("nft")],
            Conntrack = [.. section.GetStringList("conntrack")],
        };
    }
}
