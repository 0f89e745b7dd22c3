using Akka.Configuration;
using k8s.Models;

namespace ActorKube.Kubelet.Hollow;

/// <summary>Hollow nodes: kubelets without containers, thousands in a process, for trying a control plane out. See <c>actorkube.hollow</c>.</summary>
public sealed record HollowSettings
{
    /// <summary>How many nodes; 0: this is a real one.</summary>
    public int Nodes { get; init; }

    /// <summary>What their names begin with; a number follows.</summary>
    public string NamePrefix { get; init; } = "hollow-";

    /// <summary>Over how many zones they are spread.</summary>
    public int Zones { get; init; } = 3;

    /// <summary>How many nodes register in a second.</summary>
    public int RegisterPerSecond { get; init; } = 200;

    /// <summary>Processors of each.</summary>
    public ResourceQuantity Cpu { get; init; } = new("32");

    /// <summary>Memory of each.</summary>
    public ResourceQuantity Memory { get; init; } = new("256Gi");

    /// <summary>How many pods each takes.</summary>
    public int MaxPods { get; init; } = 110;

    /// <summary>From a pod's arrival to its readiness.</summary>
    public TimeSpan StartDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>From a pod's deletion to its end.</summary>
    public TimeSpan StopDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the containers of pods run that are not to be restarted always.</summary>
    public TimeSpan RunTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The part of the pods that fail in place of becoming ready, 0 to 1.</summary>
    public double Failures { get; init; }

    /// <summary>How often each node's Lease is renewed.</summary>
    public TimeSpan LeaseRenewInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a Lease is good for.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Reads <c>actorkube.hollow</c>.</summary>
    public static HollowSettings From(Config config)
    {
        var section = config.GetConfig("actorkube.hollow");
        return new HollowSettings
        {
            Nodes = section.GetInt("nodes"),
            NamePrefix = section.GetString("name-prefix"),
            Zones = Math.Max(1, section.GetInt("zones")),
            RegisterPerSecond = Math.Max(1, section.GetInt("register-per-second")),
            Cpu = new ResourceQuantity(section.GetString("cpu")),
            Memory = new ResourceQuantity(section.GetString("memory")),
            MaxPods = section.GetInt("max-pods"),
            StartDelay = section.GetTimeSpan("start-delay"),
            StopDelay = section.GetTimeSpan("stop-delay"),
            RunTime = section.GetTimeSpan("run-time"),
            Failures = section.GetDouble("failures"),
            LeaseRenewInterval = section.GetTimeSpan("lease.renew-interval"),
            LeaseDuration = section.GetTimeSpan("lease.duration"),
        };
    }
}
