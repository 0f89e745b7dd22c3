using ActorKube.Store.Backup;
using ActorKube.Store.Database;
using ActorKube.Store.Database.AkkaPersistenceSql;
using ActorKube.Store.Cluster;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;

namespace ActorKube.Store;

/// <summary>Puts the store into a process.</summary>
public static class StoreHosting
{
    /// <summary>Adds the journal, the snapshot store, the serializer and <c>/user/store</c>, registered as <see cref="StoreActor"/>.</summary>
    public static AkkaConfigurationBuilder AddStore(this AkkaConfigurationBuilder builder, StoreSettings settings)
    {
        return builder
            .AddDatabase(settings)
            .AddSetup(StoreBackup.In(settings))
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
        if (settings.Plugin == StorePlugin.AkkaPersistenceSql)
        {
            throw new ConfigurationException(
                "actorkube.store.plugin: 'akka-persistence-sql' is for a store that no other process can own, since it does not ask the lease before it writes; where several may own it, it is 'built-in'");
        }

        var (time, lease) = (TimeProvider.System, new StoreLease(settings, TimeProvider.System));
        var ownership = new StoreOwnership(time);
        return builder
            .AddDatabase(settings, ownership)
            .AddSetup(StoreBackup.In(settings))
            .AddSetup(lease)
            .AddSetup(ownership)
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

    // Snapshots and the history are read and written by the store's own classes whatever writes the journal: the tables are the same.
    private static AkkaConfigurationBuilder AddDatabase(this AkkaConfigurationBuilder builder, StoreSettings settings, StoreOwnership? ownership = null)
    {
        builder.AddSetup(BuiltInPlugin.Setup(settings, ownership)).AddHocon(BuiltInPlugin.Hocon(settings), HoconAddMode.Prepend);
        return settings.Plugin switch
        {
            StorePlugin.BuiltIn => builder,
            StorePlugin.AkkaPersistenceSql => builder.AddSetup(AkkaPersistenceSqlPlugin.Setup(settings)).AddHocon(AkkaPersistenceSqlPlugin.Hocon(settings), HoconAddMode.Prepend),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Plugin, "unknown plugin"),
        };
    }
}
