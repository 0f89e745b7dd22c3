using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.DependencyInjection;
using Akka.Hosting;

namespace ActorKube.ControllerManager;

/// <summary>Marks the controller-manager in the actor registry.</summary>
public sealed class ControllerManagerKey;

/// <summary>Wires the controller-manager into an actor system.</summary>
public static class ControllerManagerHosting
{
    /// <summary>
    /// Runs <see cref="ControllerManagerActor"/> at <c>/user/controller-manager</c> on one control-plane process; when that leaves or dies, another
    /// one starts one, which learns everything from the API server.
    /// </summary>
    /// <param name="builder">The actor system.</param>
    /// <param name="services">Gives the controllers their clients once the actor system stands.</param>
    /// <param name="singleton">What runs it on one process at a time in place of a cluster singleton: takes its name and how to make it. Null: a cluster singleton.</param>
    public static AkkaConfigurationBuilder AddControllerManager(this AkkaConfigurationBuilder builder, Func<IDependencyResolver, ControllerManagerServices> services,
        Func<string, Func<ActorSystem, IDependencyResolver, Props>, Action<ActorSystem, IActorRegistry, IDependencyResolver>>? singleton = null)
    {
        const string name = "controller-manager";
        Props Controllers(ActorSystem system, IDependencyResolver resolver) => ControllerManagerActor.Props(services(resolver), ControllerManagerSettings.From(system.Settings.Config));
        builder.AddHocon(ControllerManagerSettings.Reference(), HoconAddMode.Append);
        return singleton is null
            ? builder.WithSingleton<ControllerManagerKey>(name, (system, _, resolver) => Controllers(system, resolver), new ClusterSingletonOptions { Role = "control-plane" }, createProxyToo: false)
            : builder.WithActors(singleton(name, Controllers));
    }
}
