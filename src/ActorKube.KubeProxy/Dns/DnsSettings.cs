using Akka.Configuration;

namespace ActorKube.KubeProxy.Dns;

/// <summary>The section <c>actorkube.dns</c>, typed. Each key is explained in <c>reference.conf</c>.</summary>
public sealed record DnsSettings
{
    /// <summary>The cluster's zone.</summary>
    public string ClusterDomain { get; init; } = "cluster.local";

    /// <summary>Addresses to listen on; none for the pod network's gateways.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>The port.</summary>
    public int Port { get; init; } = 53;

    /// <summary>How long answers may be kept.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where the servers for other names are named.</summary>
    public string ResolvConf { get; init; } = "/etc/resolv.conf";

    /// <summary>How long each of those servers may take.</summary>
    public TimeSpan UpstreamTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many queries may be out at once.</summary>
    public int MaxUpstreamQueries { get; init; } = 1000;

    /// <summary>How long to wait before an address that could not be had is tried again.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Reads the settings; what is not set has its default.</summary>
    public static DnsSettings From(Config config)
    {
        var section = config.WithFallback(ReferenceConfig.Load()).GetConfig("actorkube.dns");
        return new DnsSettings
        {
            ClusterDomain = section.GetString("cluster-domain"),
            Addresses = [.. section.GetStringList("addresses")],
            Port = section.GetInt("port"),
            Ttl = section.GetTimeSpan("ttl"),
            ResolvConf = section.GetString("resolv-conf"),
            UpstreamTimeout = section.GetTimeSpan("upstream-timeout"),
            MaxUpstreamQueries = section.GetInt("max-upstream-queries"),
            RetryInterval = section.GetTimeSpan("retry-interval"),
        };
    }
}
