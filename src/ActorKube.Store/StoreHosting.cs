using ActorKube.Store.Database;
using Akka.Hosting;

namespace ActorKube.Store;

/// <summary>Puts the store into a process.</summary>
public static class StoreHosting
{
    /// <summary>Adds the journal, the snapshot store, the serializer and <c>/user/store</c>, registered as <see cref="StoreActor"/>.</summary>
    public static AkkaConfigurationBuilder AddStore(this AkkaConfigurationBuilder builder, StoreSettings settings) => builder
        .AddSetup(PersistencePlugins.Setup(settings))
        .AddHocon(PersistencePlugins.Hocon(settings), HoconAddMode.Prepend)
        .AddHocon(StoreSettings.Reference, HoconAddMode.Append)
        .WithActors((system, registry) => registry.Register<StoreActor>(system.ActorOf(StoreActor.Props(settings), StoreActor.Name)));
}
