using System.Collections.Immutable;
using Akka.Configuration;

namespace ActorKube.Scheduler;

/// <summary>The section <c>actorkube.scheduler</c>, typed. Each key is explained in <c>reference.conf</c>.</summary>
public sealed record SchedulerSettings
{
    /// <summary>The scheduler's name in <c>spec.schedulerName</c>.</summary>
    public string Name { get; init; } = "default-scheduler";

    /// <summary>Back-off after the first attempt.</summary>
    public TimeSpan PodInitialBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest back-off.</summary>
    public TimeSpan PodMaxBackoff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a pod waits without any change that could help it.</summary>
    public TimeSpan UnschedulableFlushInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>0 chooses by cluster size.</summary>
    public int PercentageOfNodesToScore { get; init; }

    /// <summary>Bindings under way at once.</summary>
    public int MaxBindingsInFlight { get; init; } = 500;

    /// <summary>Start of the random numbers that break ties.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Weight of each plugin's score; 1 when not named.</summary>
    public IReadOnlyDictionary<string, int> Weights { get; init; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>The defaults, as configuration.</summary>
    public static Config Reference()
    {
        using var reader = new StreamReader(typeof(SchedulerSettings).Assembly.GetManifestResourceStream("ActorKube.Scheduler.reference.conf")!);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }

    /// <summary>Reads the settings; what is not set has its default.</summary>
    public static SchedulerSettings From(Config config)
    {
        var section = config.WithFallback(Reference()).GetConfig("actorkube.scheduler");
        var weights = section.GetConfig("weights");
        return new SchedulerSettings
        {
            Name = section.GetString("name"),
            PodInitialBackoff = section.GetTimeSpan("pod-initial-backoff"),
            PodMaxBackoff = section.GetTimeSpan("pod-max-backoff"),
            UnschedulableFlushInterval = section.GetTimeSpan("unschedulable-flush-interval"),
            PercentageOfNodesToScore = section.GetInt("percentage-of-nodes-to-score"),
            MaxBindingsInFlight = section.GetInt("max-bindings-in-flight"),
            Seed = section.GetInt("seed"),
            Weights = weights.Root.GetObject().Items.Keys.ToDictionary(k => k, k => weights.GetInt(k)),
        };
    }
}
