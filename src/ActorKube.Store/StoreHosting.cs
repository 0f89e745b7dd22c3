using ActorKube.Store.Database;
using ActorKube.Store.Database.AkkaPersistenceSql;
using ActorKube.Store.Cluster;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.Hosting;

namespace ActorKube.Store;

/// <summary>Puts the store into a process.</summary>
public static class StoreHosting
{
    /// <summary>Adds the journal, the snapshot store, the serializer and <c>/user/store</c>, registered as <see cref="StoreActor"/>.</summary>
    public static AkkaConfigurationBuilder AddStore(this AkkaConfigurationBuilder builder, StoreSettings settings)
    {
        var (setup, hocon) = Plugin(settings);
        return builder
            .AddSetup(setup)
            .AddHocon(hocon, HoconAddMode.Prepend)
            .AddHocon(StoreSettings.Reference, HoconAddMode.Append)
            .WithActors((system, registry) => registry.Register<StoreActor>(system.ActorOf(StoreActor.Props(settings), StoreActor.Name)));
    }

    /// <summary>
    /// The same for a control plane of several processes: one of them owns the store, the oldest; when it dies, the next oldest takes it over from the database,
    /// which all of them must reach. What is registered as <see cref="StoreActor"/> passes messages to the owner.
    /// </summary>
    /// <param name="builder">The actor system's configuration.</param>
    /// <param name="settings">The section <c>actorkube.store</c>.</param>
    /// <param name="role">The role of the cluster's members that may own the store.</param>
    /// <param name="proof">What only such members know.</param>
    public static AkkaConfigurationBuilder AddClusteredStore(this AkkaConfigurationBuilder builder, StoreSettings settings, string role, byte[] proof)
    {
        var (setup, hocon) = Plugin(settings);
        return builder
            .AddSetup(setup)
            .AddSetup(new StoreLease(settings, TimeProvider.System))
            .AddHocon(hocon, HoconAddMode.Prepend)
            .AddHocon(StoreSettings.Reference, HoconAddMode.Append)
            .AddHocon(ClusterSingleton.DefaultConfig(), HoconAddMode.Append)
            .WithActors((system, registry) =>
            {
                system.ActorOf(
                    ClusterSingletonManager.Props(
                        StoreDoorActor.Props(settings, proof), PoisonPill.Instance,
                        ClusterSingletonManagerSettings.Create(system).WithSingletonName(DoorName).WithRole(role).WithHandOverRetryInterval(HandOverRetry)),
                    StoreActor.Name);
                var door = system.ActorOf(
                    ClusterSingletonProxy.Props(
                        $"/user/{StoreActor.Name}",
                        ClusterSingletonProxySettings.Create(system).WithSingletonName(DoorName).WithRole(role).WithBufferSize(0).WithSingletonIdentificationInterval(HandOverRetry)),
                    "store-door");
                registry.Register<StoreActor>(system.ActorOf(StoreGatewayActor.Props(door, proof, TimeProvider.System), "store-gateway"));
            });
    }

    /// <summary>The paths that the processes of a control plane must be able to select in each other for <see cref="AddClusteredStore"/>.</summary>
    public static IReadOnlyList<string> SelectionPaths { get; } = [$"/user/{StoreActor.Name}", $"/user/{StoreActor.Name}/{DoorName}"];

    private const string DoorName = "door";

    private static readonly TimeSpan HandOverRetry = TimeSpan.FromMilliseconds(500);

    private static (Setup Setup, Config Hocon) Plugin(StoreSettings settings) => settings.Plugin switch
    {
        StorePlugin.BuiltIn => (BuiltInPlugin.Setup(settings), BuiltInPlugin.Hocon(settings)),
        StorePlugin.AkkaPersistenceSql => (AkkaPersistenceSqlPlugin.Setup(settings), AkkaPersistenceSqlPlugin.Hocon(settings)),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Plugin, "unknown plugin"),
    };
}
