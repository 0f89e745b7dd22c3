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
    /// Runs <see cref="ControllerManagerActor"/> at <c>/user/controller-manager</c> on the oldest control-plane process; when that leaves or dies, the next
    /// oldest starts one, which learns everything from the API server.
    /// </summary>
    /// <param name="builder">The actor system.</param>
    /// <param name="services">Gives the controllers their clients once the actor system stands.</param>
    public static AkkaConfigurationBuilder AddControllerManager(this AkkaConfigurationBuilder builder, Func<IDependencyResolver, ControllerManagerServices> services) => builder
        .AddHocon(ControllerManagerSettings.Reference(), HoconAddMode.Append)
        .WithSingleton<ControllerManagerKey>(
            "controller-manager",
            (system, _, resolver) => ControllerManagerActor.Props(services(resolver), ControllerManagerSettings.From(system.Settings.Config)),
            new ClusterSingletonOptions { Role = "control-plane" },
            createProxyToo: false);
}
