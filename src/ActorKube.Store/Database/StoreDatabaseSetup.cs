using Akka.Actor;
using Akka.Actor.Setup;

namespace ActorKube.Store.Database;

/// <summary>Hands the process's database to the plugins, which Akka.Persistence starts by name.</summary>
internal sealed class StoreDatabaseSetup(Func<IStoreDatabase> open) : Setup
{
    private readonly Lazy<IStoreDatabase> _database = new(open);
    private int _opened;

    /// <summary>The database of the actor system, opened on first use and closed when the system has ended.</summary>
    public static IStoreDatabase Of(ActorSystem system) =>
        (system.Settings.Setup.Get<StoreDatabaseSetup>().Value ?? throw new InvalidOperationException("AddStore was not called")).Open(system);

    /// <summary>The same; null where the plugins are not the store's own.</summary>
    public static IStoreDatabase? Find(ActorSystem system) => system.Settings.Setup.Get<StoreDatabaseSetup>() is { HasValue: true } found ? found.Value.Open(system) : null;

    private IStoreDatabase Open(ActorSystem system)
    {
        if (Interlocked.Exchange(ref _opened, 1) == 0)
            system.WhenTerminated.ContinueWith(_ => _database.Value.Dispose(), TaskScheduler.Default);
        return _database.Value;
    }
}
