using Akka.Cluster.Hosting;
using Akka.Hosting;

namespace ActorKube.Scheduler;

/// <summary>Marks the scheduler in the actor registry.</summary>
public sealed class SchedulerKey;

/// <summary>Wires the scheduler into an actor system.</summary>
public static class SchedulerHosting
{
    /// <summary>
    /// Runs <see cref="SchedulerActor"/> at <c>/user/scheduler</c> on the oldest control-plane process; when that leaves or dies, the next
    /// oldest starts one, which learns everything from the API server.
    /// </summary>
    /// <param name="builder">The actor system.</param>
    /// <param name="services">Gives the scheduler its clients once the actor system stands.</param>
    public static AkkaConfigurationBuilder AddScheduler(this AkkaConfigurationBuilder builder, Func<Akka.DependencyInjection.IDependencyResolver, SchedulerServices> services) => builder
        .AddHocon(SchedulerSettings.Reference(), HoconAddMode.Append)
        .WithSingleton<SchedulerKey>(
            "scheduler",
            (system, _, resolver) => SchedulerActor.Props(services(resolver), SchedulerSettings.From(system.Settings.Config)),
            new ClusterSingletonOptions { Role = "control-plane" },
            createProxyToo: false);
}
