using Akka.Actor;
using Akka.Actor.Setup;

namespace ActorKube.Store.Cluster;

/// <summary>Who owns the store.</summary>
/// <param name="Owner">The process, as it calls itself; empty when it gave the lease back.</param>
/// <param name="Epoch">How many owners there have been: every write is made under one, and under an older one none is made any more.</param>
/// <param name="IsCurrent">Whether its time is not over yet.</param>
public sealed record LeaseHolder(string Owner, long Epoch, bool IsCurrent);

/// <summary>
/// The word of the database on which process of a control plane owns the store: whoever takes the lease when it is over. All may lose sight of each other; the
/// database, which the store needs anyway, is one, and times the lease by its own clock. A write to the journal is made only under the current
/// <see cref="LeaseHolder.Epoch"/>, and no owner can come between that look and the write.
/// </summary>
public sealed class StoreLease : Setup
{
    private readonly ILeaseTable _table;

    internal StoreLease(ILeaseTable table) => _table = table;

    internal StoreLease(StoreSettings settings, TimeProvider time)
        : this(settings.Provider switch
        {
            StoreProvider.Sqlite => new Database.SqliteLease(settings.Sqlite, time),
            StoreProvider.PostgreSql => new Database.PostgreSqlLease(settings.PostgreSqlConnectionString),
            _ => throw new InvalidOperationException($"{settings.Provider} has no lease"),
        })
    {
    }

    /// <summary>The lease of the store's database; null in a process without a store of several.</summary>
    public static StoreLease? Of(ActorSystem system) => system.Settings.Setup.Get<StoreLease>() is { HasValue: true } found ? found.Value : null;

    /// <summary>The lease of a database, for who asks before the actor system stands.</summary>
    public static StoreLease In(StoreSettings settings) => new(settings, TimeProvider.System);

    /// <summary>How a process calls itself: its address, and what tells it from an earlier process at that address.</summary>
    public static string NameOf(Akka.Cluster.UniqueAddress address) => FormattableString.Invariant($"{address.Address}#{(uint)address.Uid}");

    /// <summary>The address in a name.</summary>
    public static Address AddressOf(string owner) => Address.Parse(owner[..owner.LastIndexOf('#')]);

    /// <summary>Takes the lease when nobody has it, or for longer when the process has it already. Returns who has it then.</summary>
    /// <param name="owner">The process.</param>
    /// <param name="lifetime">For how long, from the moment the database is asked.</param>
    public async Task<LeaseHolder?> TakeAsync(string owner, TimeSpan lifetime)
    {
        var held = await _table.ReadAsync().ConfigureAwait(false);
        if (held is null)
            await _table.BeginAsync().ConfigureAwait(false);
        else if (held.IsCurrent && held.Owner != owner)
            return held;
        return await _table.TryTakeAsync(owner, lifetime).ConfigureAwait(false)
            ?? await _table.ReadAsync().ConfigureAwait(false)
            ?? throw new InvalidOperationException("the lease of the store is gone from the database");
    }

    /// <summary>Who has the lease; null before the first owner.</summary>
    public Task<LeaseHolder?> ReadAsync() => _table.ReadAsync();

    /// <summary>Gives the lease back, so that another one need not wait until it is over.</summary>
    public Task ReleaseAsync(string owner) => _table.ReleaseAsync(owner);
}

/// <summary>The one row that the lease is, in some database.</summary>
internal interface ILeaseTable
{
    /// <summary>The row; null when there is none.</summary>
    Task<LeaseHolder?> ReadAsync();

    /// <summary>Makes the row, held by nobody, unless there is one.</summary>
    Task BeginAsync();

    /// <summary>Takes the lease when it is over or the owner's own; null when it is another's. The epoch grows with a new owner.</summary>
    Task<LeaseHolder?> TryTakeAsync(string owner, TimeSpan lifetime);

    /// <summary>Ends the lease, when it is the owner's.</summary>
    Task ReleaseAsync(string owner);
}
