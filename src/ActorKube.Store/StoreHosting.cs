using ActorKube.Store.Database;
using ActorKube.Store.Database.AkkaPersistenceSql;
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
            .AddHocon(hocon, HoconAddMode.Prepend)
            .AddHocon(StoreSettings.Reference, HoconAddMode.Append)
            .WithActors((system, registry) => registry.Register<StoreActor>(system.ActorOf(StoreActor.Props(settings), StoreActor.Name)));
    }

    private static (Setup Setup, Config Hocon) Plugin(StoreSettings settings) => settings.Plugin switch
    {
        StorePlugin.BuiltIn => (BuiltInPlugin.Setup(settings), BuiltInPlugin.Hocon(settings)),
        StorePlugin.AkkaPersistenceSql => (AkkaPersistenceSqlPlugin.Setup(settings), AkkaPersistenceSqlPlugin.Hocon(settings)),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Plugin, "unknown plugin"),
    };
}
