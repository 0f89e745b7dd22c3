using System.Data.Common;
using ActorKube.Api.Backup;
using ActorKube.Store.Database;
using Akka.Actor;
using Akka.Actor.Setup;

namespace ActorKube.Store.Backup;

/// <summary>Makes backups of a store's database, whoever owns the store: they show one moment of the database, and no writer waits for them.</summary>
public sealed class StoreBackup : Setup
{
    private readonly StoreSettings _settings;

    internal StoreBackup(StoreSettings settings) => _settings = settings;

    /// <summary>Of the actor system's store; null where it has none.</summary>
    public static StoreBackup? Of(ActorSystem system) => system.Settings.Setup.Get<StoreBackup>() is { HasValue: true } found ? found.Value : null;

    /// <summary>Of a database.</summary>
    public static StoreBackup In(StoreSettings settings) => new(settings);

    /// <summary>Begins a backup, whose moment is now.</summary>
    /// <exception cref="StoreDamagedException">The database is damaged.</exception>
    public async Task<StoreBackupRun> BeginAsync() => await StoreCuts.OpenWithResourcesAsync(_settings).ConfigureAwait(false) is var (cut, resources)
        ? new StoreBackupRun(cut, resources)
        : throw new StoreDamagedException($"there is no store in {(_settings.Provider == StoreProvider.Sqlite ? _settings.Sqlite.Directory : PostgreSqlConnections.NameOf(_settings.PostgreSqlConnectionString))} yet");
}

/// <summary>A backup under way. It holds the database's moment until it is disposed.</summary>
public sealed class StoreBackupRun : IAsyncDisposable
{
    private readonly IStoreCut _cut;
    private readonly IReadOnlyList<CutResource> _resources;
    private long _events;

    internal StoreBackupRun(IStoreCut cut, IReadOnlyList<CutResource> resources) => (_cut, _resources) = (cut, resources);

    /// <summary>Writes the backup. When the database cannot be read to the end, the backup ends with a <see cref="BackupFailure"/>, and this throws what it was.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="about">What is known of the cluster; the database's part is added.</param>
    /// <param name="keys">Key files that go with it.</param>
    /// <param name="cancellation">Ends the wait for the stream.</param>
    /// <exception cref="StoreDamagedException">The database is damaged.</exception>
    public async Task WriteAsync(Stream output, BackupHeader about, IReadOnlyList<BackupKey> keys, CancellationToken cancellation = default)
    {
        using var writer = new BackupWriter(output);
        try
        {
            await writer.WriteAsync(about with { Database = _cut.Kind, Epoch = await _cut.EpochAsync().ConfigureAwait(false) }, cancellation).ConfigureAwait(false);
            foreach (var key in keys)
                await writer.WriteAsync(key, cancellation).ConfigureAwait(false);
            foreach (var resource in _resources)
                await WriteAsync(writer, resource, cancellation).ConfigureAwait(false);
            await writer.WriteAsync(new BackupEnd(_resources.Count, _events), cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StoreDamagedException or DbException)
        {
            var failure = e as StoreDamagedException ?? StoreCuts.DamageOf(e, _cut) ?? e;
            await writer.WriteAsync(new BackupFailure(failure.Message), cancellation).ConfigureAwait(false);
            await writer.CompleteAsync(cancellation).ConfigureAwait(false);
            throw failure;
        }

        await writer.CompleteAsync(cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _cut.DisposeAsync();

    private async Task WriteAsync(BackupWriter writer, CutResource resource, CancellationToken cancellation)
    {
        if (resource.Gap(_cut) is { } gap)
            throw new StoreDamagedException(gap);
        var snapshot = await SnapshotAsync(resource).ConfigureAwait(false);
        await writer.WriteAsync(new BackupResource(resource.Id, resource.Last, resource.First, resource.Last - resource.First + 1, snapshot?.SequenceNr ?? 0), cancellation).ConfigureAwait(false);
        if (snapshot is not null)
            await writer.WriteAsync(new BackupSnapshot(snapshot.SequenceNr, snapshot.Created, snapshot.Serializer, snapshot.Manifest, snapshot.Message), cancellation).ConfigureAwait(false);
        await foreach (var kept in _cut.BaseAsync(resource.Id).WithCancellation(cancellation).ConfigureAwait(false))
            await writer.WriteAsync(kept, cancellation).ConfigureAwait(false);
        await foreach (var (row, isMarked) in _cut.RowsAsync(resource, resource.First, cancellation).ConfigureAwait(false))
        {
            if (RowCheck.ProblemOf(row) is { } problem)
                throw new StoreDamagedException($"event {row.SequenceNr} of {resource.Name} in {_cut.JournalName} is damaged: {problem}");
            await writer.WriteAsync(new BackupEvent(row.SequenceNr, row.Created, row.Serializer, row.Manifest, row.Writer, isMarked, row.Message), cancellation).ConfigureAwait(false);
            _events++;
        }
    }

    // A damaged one is left out where all events are there.
    private async Task<SnapshotRow?> SnapshotAsync(CutResource resource)
    {
        if (resource.Snapshot == 0)
            return null;
        var row = await _cut.SnapshotAsync(resource.Id, resource.Snapshot).ConfigureAwait(false);
        if (row is null || RowCheck.ProblemOf(row, whole: false) is not { } problem)
            return row;
        return resource.First == 1 ? null : throw new StoreDamagedException($"snapshot {row.SequenceNr} of {resource.Name} in {_cut.SnapshotsName} is damaged: {problem}");
    }
}
