using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.DependencyInjection;
using Akka.Hosting;

namespace ActorKube.Scheduler;

/// <summary>Marks the scheduler in the actor registry.</summary>
public sealed class SchedulerKey;

/// <summary>Wires the scheduler into an actor system.</summary>
public static class SchedulerHosting
{
    /// <summary>
    /// Runs <see cref="SchedulerActor"/> at <c>/user/scheduler</c> on one control-plane process; when that leaves or dies, another
    /// one starts one, which learns everything from the API server.
    /// </summary>
    /// <param name="builder">The actor system.</param>
    /// <param name="services">Gives the scheduler its clients once the actor system stands.</param>
    /// <param name="singleton">What runs it on one process at a time in place of a cluster singleton: takes its name and how to make it. Null: a cluster singleton.</param>
    public static AkkaConfigurationBuilder AddScheduler(this AkkaConfigurationBuilder builder, Func<IDependencyResolver, SchedulerServices> services,
        Func<string, Func<ActorSystem, IDependencyResolver, Props>, Action<ActorSystem, IActorRegistry, IDependencyResolver>>? singleton = null)
    {
        const string name = "scheduler";
        Props Scheduler(ActorSystem system, IDependencyResolver resolver) => SchedulerActor.Props(services(resolver), SchedulerSettings.From(system.Settings.Config));
        builder.AddHocon(SchedulerSettings.Reference(), HoconAddMode.Append);
        return singleton is null
            ? builder.WithSingleton<SchedulerKey>(name, (system, _, resolver) => Scheduler(system, resolver), new ClusterSingletonOptions { Role = "control-plane" }, createProxyToo: false)
            : builder.WithActors(singleton(name, Scheduler));
    }
}
