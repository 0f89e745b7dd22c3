using System.Collections.Immutable;
using ActorKube.Kubelet.Pods;
using Akka.Configuration;
using k8s.Models;

namespace ActorKube.Kubelet;

/// <summary>The kubelet's configuration, as <c>reference.conf</c> explains it.</summary>
public sealed record KubeletSettings
{
    /// <summary>The Node object's name.</summary>
    public required string NodeName { get; init; }

    /// <summary>Where pods' volumes and files live.</summary>
    public required string RootDirectory { get; init; }

    /// <summary>Where containers' logs live.</summary>
    public required string PodLogsDirectory { get; init; }

    /// <summary>The node's addresses; empty to find them on the machine.</summary>
    public ImmutableArray<string> NodeAddresses { get; init; } = [];

    /// <summary>Extra labels of the Node.</summary>
    public ImmutableDictionary<string, string> NodeLabels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Taints the Node registers with, as <c>key=value:Effect</c>.</summary>
    public ImmutableArray<string> RegisterWithTaints { get; init; } = [];

    /// <summary>How many pods the node takes.</summary>
    public int MaxPods { get; init; } = 110;

    /// <summary>What is held back from pods, by resource name.</summary>
    public ImmutableDictionary<string, ResourceQuantity> Reserved { get; init; } = ImmutableDictionary<string, ResourceQuantity>.Empty;

    /// <summary>How often the Lease is renewed.</summary>
    public TimeSpan LeaseRenewInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the Lease is good for.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How often the node's state is looked at.</summary>
    public TimeSpan NodeStatusUpdateFrequency { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the node's status is written although nothing changed.</summary>
    public TimeSpan NodeStatusReportFrequency { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often all containers are listed.</summary>
    public TimeSpan RelistPeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often ConfigMaps and Secrets in volumes are looked at besides being watched.</summary>
    public TimeSpan VolumeRefreshPeriod { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The address the server listens on.</summary>
    public string ServerAddress { get; init; } = "0.0.0.0";

    /// <summary>The server's port; 0 for any free one.</summary>
    public int ServerPort { get; init; } = 10250;

    /// <summary>DNS servers of pods with dnsPolicy ClusterFirst.</summary>
    public ImmutableArray<string> ClusterDns { get; init; } = [];

    /// <summary>The cluster's DNS domain.</summary>
    public string ClusterDomain { get; init; } = "cluster.local";

    /// <summary>The resolver file behind dnsPolicy Default.</summary>
    public string ResolvConf { get; init; } = "/etc/resolv.conf";

    /// <summary>Parent of the pods' cgroups; empty for the runtime's default.</summary>
    public string CgroupRoot { get; init; } = "/kubepods";

    /// <summary>How failed containers are held back.</summary>
    public BackOffPolicy CrashLoopBackOff { get; init; } = BackOffPolicy.Default;

    /// <summary>How failed image pulls are held back.</summary>
    public BackOffPolicy ImagePullBackOff { get; init; } = BackOffPolicy.Default;

    /// <summary>How many images are pulled at once.</summary>
    public int MaxParallelImagePulls { get; init; } = 4;

    /// <summary>The size at which a log is rotated.</summary>
    public long ContainerLogMaxSize { get; init; } = 10 << 20;

    /// <summary>How many files of a log are kept.</summary>
    public int ContainerLogMaxFiles { get; init; } = 5;

    /// <summary>How often logs' sizes are looked at.</summary>
    public TimeSpan ContainerLogMonitorInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often it is read what node and containers use.</summary>
    public TimeSpan StatsInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time over which CPU usage is measured.</summary>
    public TimeSpan StatsWindow { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Kernel parameters pods may set besides the safe ones; a name, or a prefix that ends in <c>*</c>.</summary>
    public ImmutableArray<string> AllowedUnsafeSysctls { get; init; } = [];

    /// <summary>The embedded <c>reference.conf</c>.</summary>
    public static Config Reference { get; } = ConfigurationFactory.FromResource("ActorKube.Kubelet.reference.conf", typeof(KubeletSettings).Assembly);

    /// <summary>Reads <c>actorkube.kubelet</c>; what the configuration leaves out comes from the reference.</summary>
    public static KubeletSettings From(Config config)
    {
        var c = config.WithFallback(Reference).GetConfig("actorkube.kubelet");
        var root = c.GetString("root-dir");
        return new KubeletSettings
        {
            NodeName = Or(c.GetString("node-name"), Environment.MachineName.ToLowerInvariant()),
            RootDirectory = root,
            PodLogsDirectory = Or(c.GetString("pod-logs-dir"), Path.Combine(root, "pod-logs")),
            NodeAddresses = [.. c.GetStringList("node-addresses")],
            NodeLabels = c.GetConfig("node-labels") is { IsEmpty: false } labels
                ? labels.Root.GetObject().Items.ToImmutableDictionary(i => i.Key, i => i.Value.GetString())
                : ImmutableDictionary<string, string>.Empty,
            RegisterWithTaints = [.. c.GetStringList("register-with-taints")],
            MaxPods = c.GetInt("max-pods"),
            AllowedUnsafeSysctls = [.. c.GetStringList("allowed-unsafe-sysctls")],
            Reserved = new[] { "cpu", "memory", "ephemeral-storage" }.ToImmutableDictionary(r => r, r => new ResourceQuantity(c.GetString($"reserved.{r}"))),
            LeaseRenewInterval = c.GetTimeSpan("lease.renew-interval"),
            LeaseDuration = c.GetTimeSpan("lease.duration"),
            NodeStatusUpdateFrequency = c.GetTimeSpan("node-status-update-frequency"),
            NodeStatusReportFrequency = c.GetTimeSpan("node-status-report-frequency"),
            RelistPeriod = c.GetTimeSpan("relist-period"),
            VolumeRefreshPeriod = c.GetTimeSpan("volume-refresh-period"),
            ServerAddress = c.GetString("server.address"),
            ServerPort = c.GetInt("server.port"),
            ClusterDns = [.. c.GetStringList("cluster-dns")],
            ClusterDomain = c.GetString("cluster-domain"),
            ResolvConf = c.GetString("resolv-conf"),
            CgroupRoot = c.GetString("cgroup-root"),
            CrashLoopBackOff = new BackOffPolicy(c.GetTimeSpan("crash-loop-back-off.initial"), c.GetTimeSpan("crash-loop-back-off.max")),
            ImagePullBackOff = new BackOffPolicy(c.GetTimeSpan("image-pull-back-off.initial"), c.GetTimeSpan("image-pull-back-off.max")),
            MaxParallelImagePulls = c.GetInt("max-parallel-image-pulls"),
            StatsInterval = c.GetTimeSpan("stats.interval"),
            StatsWindow = c.GetTimeSpan("stats.window"),
            ContainerLogMaxSize = c.GetByteSize("container-log.max-size") ?? 10 << 20,
            ContainerLogMaxFiles = c.GetInt("container-log.max-files"),
            ContainerLogMonitorInterval = c.GetTimeSpan("container-log.monitor-interval"),
        };
    }

    private static string Or(string value, string otherwise) => string.IsNullOrEmpty(value) ? otherwise : value;
}
