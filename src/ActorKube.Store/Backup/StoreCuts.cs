using System.Runtime.CompilerServices;
using ActorKube.Store.Database;
using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;

namespace ActorKube.Store.Backup;

/// <summary>A resource type in a cut, looked at more closely than <see cref="JournalExtent"/>.</summary>
/// <param name="Id">Under which name the journal has it.</param>
/// <param name="First">Its oldest event that can be replayed; where there is none, its newest row.</param>
/// <param name="Last">Its newest row.</param>
/// <param name="Missing">The first event between the two that is not there; 0 when all are.</param>
/// <param name="Snapshot">The revision of its newest snapshot that fits; 0 for none.</param>
internal sealed record CutResource(string Id, long First, long Last, long Missing, long Snapshot)
{
    /// <summary>The resource type's name.</summary>
    public string Name => StoredRows.ResourceOf(Id);

    /// <summary>What is missing, for people; null when nothing is.</summary>
    public string? Gap(IStoreCut cut)
    {
        if (Missing > 0)
            return $"event {Missing} of {Name} in {cut.JournalName} is missing, between others that are there";
        return First > Snapshot + 1
            ? $"events {Snapshot + 1} to {First - 1} of {Name} in {cut.JournalName} are missing, and no snapshot in {cut.SnapshotsName} makes up for them"
            : null;
    }
}

/// <summary>Opens cuts, and looks at what is in them.</summary>
internal static class StoreCuts
{
    private const int Tries = 5;

    /// <summary>Begins a cut of a store's database; null where there is none yet.</summary>
    public static Task<IStoreCut?> OpenAsync(StoreSettings settings) => settings.Provider switch
    {
        StoreProvider.Sqlite => SqliteCut.OpenAsync(settings.Sqlite),
        StoreProvider.PostgreSql => PostgreSqlCut.OpenAsync(settings.PostgreSqlConnectionString),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Provider, "unknown provider"),
    };

    /// <summary>
    /// The same, with its resource types. The two files of SQLite are not looked at in the same instant: where a snapshot took the place of another one in between,
    /// and events were deleted behind it, they do not fit each other; then the next try does.
    /// </summary>
    public static async Task<(IStoreCut Cut, IReadOnlyList<CutResource> Resources)?> OpenWithResourcesAsync(StoreSettings settings)
    {
        for (var tries = 1; ; tries++)
        {
            var cut = await OpenAsync(settings).ConfigureAwait(false);
            if (cut is null)
                return null;
            try
            {
                var resources = await ResourcesAsync(cut).ConfigureAwait(false);
                if (tries == Tries || cut.Kind != "sqlite" || resources.All(r => r.Gap(cut) is null))
                    return (cut, resources);
            }
            catch (Exception e)
            {
                await cut.DisposeAsync().ConfigureAwait(false);
                if (DamageOf(e, cut) is { } damage)
                    throw damage;
                throw;
            }

            await cut.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The resource types in a cut.</summary>
    public static async Task<IReadOnlyList<CutResource>> ResourcesAsync(IStoreCut cut)
    {
        var resources = new List<CutResource>();
        foreach (var (id, first, last, count) in await cut.ExtentsAsync().ConfigureAwait(false))
        {
            var snapshot = (await cut.SnapshotsAsync(id).ConfigureAwait(false)).FirstOrDefault(s => s <= last);
            var (whole, start, missing) = (count == last - first + 1, first, 0L);
            if (!whole)
            {
                // Rows that were marked instead of deleted leave holes behind them that are none.
                (var marked, start) = await cut.MarkedAsync(id).ConfigureAwait(false);
                if (start == 0)
                    start = last;
                else if (count - marked != last - start + 1)
                    missing = await cut.FirstMissingAsync(id, start).ConfigureAwait(false);
            }

            resources.Add(new CutResource(id, start, last, missing, snapshot));
        }

        return resources;
    }

    /// <summary>What a database says when its own files are damaged, in the store's words; null when it says something else.</summary>
    public static StoreDamagedException? DamageOf(Exception e, IStoreCut cut) => e switch
    {
        SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB } => new StoreDamagedException($"{cut.JournalName} or {cut.SnapshotsName} is damaged: {e.Message}", e),
        PostgresException { SqlState: PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted } => new StoreDamagedException($"{cut.JournalName} is damaged: {e.Message}", e),
        _ => null,
    };

    /// <summary>The rows of a resource type from a number on, without those that are only marked; the newest one is there in any case.</summary>
    public static async IAsyncEnumerable<CutRow> RowsAsync(this IStoreCut cut, CutResource resource, long from, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var row in cut.RowsAsync(resource.Id, from).WithCancellation(cancellation).ConfigureAwait(false))
        {
            if (!row.IsMarked || row.Row.SequenceNr == resource.Last)
                yield return row;
        }
    }
}
