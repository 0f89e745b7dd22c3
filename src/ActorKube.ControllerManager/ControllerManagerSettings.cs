using System.Net;
using System.Net.Sockets;
using ActorKube.ControllerManager.Autoscaling;
using ActorKube.ControllerManager.Nodes;
using Akka.Configuration;

namespace ActorKube.ControllerManager;

/// <summary>The section <c>actorkube.controller-manager</c>, typed. Each key is explained in <c>reference.conf</c>.</summary>
public sealed record ControllerManagerSettings
{
    /// <summary>How many objects each controller works on at a time.</summary>
    public required int ConcurrentSyncs { get; init; }

    /// <summary>Seeds names; 0 for chance.</summary>
    public required int Seed { get; init; }

    /// <summary>When nodes count as dead, and what then.</summary>
    public required NodeLifecycleSettings NodeLifecycle { get; init; }

    /// <summary>How autoscalers work.</summary>
    public required AutoscalerSettings Autoscaler { get; init; }

    /// <summary>The pods' address ranges; empty when nodes are given none.</summary>
    public required IReadOnlyList<ClusterCidr> ClusterCidrs { get; init; }

    /// <summary>How many finished pods may stay; 0 for all.</summary>
    public required int TerminatedPodThreshold { get; init; }

    /// <summary>How often pods are looked over.</summary>
    public required TimeSpan PodGcInterval { get; init; }

    /// <summary>How long a node must be missing before its pods are deleted.</summary>
    public required TimeSpan PodGcQuarantine { get; init; }

    /// <summary>How many objects the garbage collector looks at at a time.</summary>
    public required int GarbageCollectorSyncs { get; init; }

    /// <summary>How long certificates are good for at most.</summary>
    public required TimeSpan SigningDuration { get; init; }

    /// <summary>How long a token that was made for a service account by itself may lie unused until it is ended.</summary>
    public required TimeSpan LegacyTokenCleanUpPeriod { get; init; }

    /// <summary>The defaults, as configuration.</summary>
    public static Config Reference()
    {
        using var reader = new StreamReader(typeof(ControllerManagerSettings).Assembly.GetManifestResourceStream("ActorKube.ControllerManager.reference.conf")!);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }

    /// <summary>Reads the settings; what is not set has its default. Throws <see cref="FormatException"/> for a range that is none.</summary>
    public static ControllerManagerSettings From(Config config)
    {
        var section = config.WithFallback(Reference()).GetConfig("actorkube.controller-manager");
        var autoscaler = section.GetConfig("horizontal-pod-autoscaler");
        var (nodes, ipam, podGc) = (section.GetConfig("node-lifecycle"), section.GetConfig("node-ipam"), section.GetConfig("pod-gc"));
        return new ControllerManagerSettings
        {
            ConcurrentSyncs = section.GetInt("concurrent-syncs"),
            Seed = section.GetInt("seed"),
            NodeLifecycle = new NodeLifecycleSettings
            {
                GracePeriod = nodes.GetTimeSpan("grace-period"),
                ReconnectGracePeriod = nodes.GetTimeSpan("reconnect-grace-period"),
                StartupGracePeriod = nodes.GetTimeSpan("startup-grace-period"),
                EvictionInterval = nodes.GetTimeSpan("eviction-interval"),
                SecondaryEvictionInterval = nodes.GetTimeSpan("secondary-eviction-interval"),
                UnhealthyZoneThreshold = nodes.GetDouble("unhealthy-zone-threshold"),
                LargeClusterSize = nodes.GetInt("large-cluster-size"),
            },
            Autoscaler = new AutoscalerSettings
            {
                SyncPeriod = autoscaler.GetTimeSpan("sync-period"),
                Tolerance = autoscaler.GetDouble("tolerance"),
                DownscaleStabilization = autoscaler.GetTimeSpan("downscale-stabilization"),
                CpuInitializationPeriod = autoscaler.GetTimeSpan("cpu-initialization-period"),
                InitialReadinessDelay = autoscaler.GetTimeSpan("initial-readiness-delay"),
            },
            ClusterCidrs = !ipam.GetBoolean("enabled") ? [] :
            [
                .. ipam.GetStringList("cluster-cidrs").Select(text => IPNetwork.TryParse(text, out var range)
                    ? new ClusterCidr(range, ipam.GetInt(range.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 ? "node-mask-ipv6" : "node-mask-ipv4"))
                    : throw new FormatException($"actorkube.controller-manager.node-ipam.cluster-cidrs: '{text}' is no address range")),
            ],
            TerminatedPodThreshold = podGc.GetInt("terminated-threshold"),
            PodGcInterval = podGc.GetTimeSpan("interval"),
            PodGcQuarantine = podGc.GetTimeSpan("quarantine"),
            LegacyTokenCleanUpPeriod = section.GetTimeSpan("service-accounts.legacy-token-clean-up-period"),
            SigningDuration = section.GetTimeSpan("certificates.signing-duration"),
            GarbageCollectorSyncs = section.GetInt("garbage-collector.concurrent-syncs"),
        };
    }
}
