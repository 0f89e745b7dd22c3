using ActorKube.Store.Backup;
using ActorKube.Store.Database;
using ActorKube.Store.Database.AkkaPersistenceSql;
using ActorKube.Store.Cluster;
using Akka.Actor;
using Akka.Actor.Setup;
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
            .AddSetup(StoreBackup.In(settings))
            .AddHocon(hocon, HoconAddMode.Prepend)
            .AddHocon(StoreSettings.Reference, HoconAddMode.Append)
            .WithActors((system, registry) => registry.Register<StoreActor>(system.ActorOf(StoreActor.Props(settings), StoreActor.Name)));
    }

    /// <summary>
    /// The same for a control plane of several processes: one of them owns the store, whoever has the lease in the database, which all of them must reach; when it
    /// is silent for longer than the lease lasts, another one takes the store over from the database. What is registered as <see cref="StoreActor"/> passes
    /// messages to the owner.
    /// </summary>
    /// <param name="builder">The actor system's configuration.</param>
    /// <param name="settings">The section <c>actorkube.store</c>.</param>
    /// <param name="proof">What only members of the cluster know that may own the store.</param>
    public static AkkaConfigurationBuilder AddClusteredStore(this AkkaConfigurationBuilder builder, StoreSettings settings, byte[] proof)
    {
        var (time, lease) = (TimeProvider.System, new StoreLease(settings, TimeProvider.System));
        var ownership = new StoreOwnership(time);
        var (setup, hocon) = Plugin(settings, ownership);
        return builder
            .AddSetup(setup)
            .AddSetup(StoreBackup.In(settings))
            .AddSetup(lease)
            .AddSetup(ownership)
            .AddHocon(hocon, HoconAddMode.Prepend)
            .AddHocon(StoreSettings.Reference, HoconAddMode.Append)
            .WithActors((system, registry) =>
            {
                var door = system.ActorOf(StoreDoorActor.Props(settings, proof, lease, ownership, time), StoreActor.Name);
                registry.Register<StoreActor>(system.ActorOf(StoreGatewayActor.Props(door, proof, time), "store-gateway"));
                // Once this process takes no more requests, another one may have the store at once.
                CoordinatedShutdown.Get(system).AddTask(
                    CoordinatedShutdown.PhaseServiceStop, "release-store", () => door.Ask<Akka.Done>(new ReleaseStore(), ReleaseLimit));
            });
    }

    /// <summary>Where the process' door to the store is: it takes <see cref="OpenStore"/>, <see cref="YieldStore"/> and <see cref="ReleaseStore"/>.</summary>
    public const string DoorPath = $"/user/{StoreActor.Name}";

    private static readonly TimeSpan ReleaseLimit = TimeSpan.FromSeconds(4);

    private static (Setup Setup, Config Hocon) Plugin(StoreSettings settings, StoreOwnership? ownership = null) => settings.Plugin switch
    {
        StorePlugin.BuiltIn => (BuiltInPlugin.Setup(settings, ownership), BuiltInPlugin.Hocon(settings)),
        StorePlugin.AkkaPersistenceSql => (AkkaPersistenceSqlPlugin.Setup(settings), AkkaPersistenceSqlPlugin.Hocon(settings)),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Plugin, "unknown plugin"),
    };
}
