using ActorKube.Api.Backup;

namespace ActorKube.Store.Backup;

/// <summary>An empty database that a backup is written to. Nothing of it is to be seen before <see cref="CommitAsync"/>.</summary>
internal interface IRestoreTarget : IAsyncDisposable
{
    /// <summary>The database, for people.</summary>
    string Name { get; }

    /// <summary>Looks whether the database can be written to.</summary>
    /// <exception cref="RestoreException">There is something in it, or a process owns it.</exception>
    Task BeginAsync();

    /// <summary>What follows is of this resource type.</summary>
    Task ResourceAsync(BackupResource resource);

    /// <summary>Adds a snapshot.</summary>
    Task SnapshotAsync(BackupSnapshot snapshot);

    /// <summary>Adds what stays of an object behind the horizon of the history.</summary>
    Task BaseAsync(BackupBase kept);

    /// <summary>Adds an event.</summary>
    Task EventAsync(BackupEvent change);

    /// <summary>Makes everything durable, and to be seen, at once.</summary>
    /// <param name="epoch">The epoch after which the next owner's comes.</param>
    Task CommitAsync(long epoch);
}

/// <summary>A backup cannot be written to a database. The message is one line that says why.</summary>
/// <param name="message">Why.</param>
/// <param name="inner">How it was noticed.</param>
public sealed class RestoreException(string message, Exception? inner = null) : Exception(message, inner)
{
    internal static RestoreException NotEmpty(string name, long events) =>
        new($"{name} is not empty: it has {events} events. A backup is only restored to an empty database; name another one, or move this one away");

    internal static RestoreException Owned(string name) => new($"{name} is owned by a running process; stop it first");
}
