using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ActorKube.Store.Resources;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace ActorKube.Store;

/// <summary>The database that keeps the journal.</summary>
public enum StoreProvider
{
    /// <summary>Files of this process's own.</summary>
    Sqlite,

    /// <summary>A server that control-plane processes share.</summary>
    PostgreSql,
}

/// <summary>The Akka.Persistence plugin that writes to the database.</summary>
public enum StorePlugin
{
    /// <summary>The store's own.</summary>
    BuiltIn,

    /// <summary>Akka.Persistence.Sql.</summary>
    AkkaPersistenceSql,
}

/// <summary>How much of the database is looked at for damage before a process starts on it.</summary>
public enum StoreCheck
{
    /// <summary>Nothing.</summary>
    Off,

    /// <summary>What the start needs.</summary>
    Needed,

    /// <summary>Every row.</summary>
    All,
}

/// <summary>The section <c>actorkube.store</c>, typed. <c>reference.conf</c> explains each setting.</summary>
public sealed partial record StoreSettings
{
    /// <summary>The configuration embedded in this assembly: every default, and the serializer's bindings.</summary>
    public static Config Reference { get; } = ConfigurationFactory.FromResource("ActorKube.Store.reference.conf", typeof(StoreSettings).Assembly);

    /// <summary>The defaults.</summary>
    public static StoreSettings Default { get; } = From(Config.Empty);

    /// <summary>Where events are kept.</summary>
    public required StoreProvider Provider { get; init; }

    /// <summary>What writes to it.</summary>
    public required StorePlugin Plugin { get; init; }

    /// <summary>Settings of <see cref="StoreProvider.Sqlite"/>.</summary>
    public required SqliteSettings Sqlite { get; init; }

    /// <summary>Npgsql connection string for <see cref="StoreProvider.PostgreSql"/>.</summary>
    public required string PostgreSqlConnectionString { get; init; }

    /// <summary>Most events in one write.</summary>
    public required int BatchMaxEvents { get; init; }

    /// <summary>Most bytes of objects in one write.</summary>
    public required long BatchMaxBytes { get; init; }

    /// <summary>Fewest events between snapshots.</summary>
    public required int SnapshotMinEvents { get; init; }

    /// <summary>Most events between snapshots.</summary>
    public required int SnapshotMaxEvents { get; init; }

    /// <summary>Newest events of each resource type kept in memory for subscribers that come back.</summary>
    public required int RecentEvents { get; init; }

    /// <summary>How long the past is kept where no other period is set; null for ever.</summary>
    public required TimeSpan? HistoryPeriod { get; init; }

    /// <summary>The same for single resource types.</summary>
    public required ImmutableDictionary<string, TimeSpan?> HistoryPeriods { get; init; }

    /// <summary>Resource types without a history, unless they have a period of their own.</summary>
    public required ImmutableHashSet<string> NoHistory { get; init; }

    /// <summary>Newest events that are kept in any case.</summary>
    public required int KeepEvents { get; init; }

    /// <summary>Events looked at, and deleted, in one transaction.</summary>
    public required int DeleteChunk { get; init; }

    /// <summary>How long after its start a resource type looks for the first time what of its past may go.</summary>
    public required TimeSpan CompactionDelay { get; init; }

    /// <summary>How often it looks.</summary>
    public required TimeSpan CompactionInterval { get; init; }

    /// <summary>Resource types that load at the same time.</summary>
    public required int MaxConcurrentRecoveries { get; init; }

    /// <summary>Events read in one query.</summary>
    public required int ReplayBatch { get; init; }

    /// <summary>What is looked at for damage before the start.</summary>
    public required StoreCheck CheckAtStart { get; init; }

    /// <summary>Whether the history is looked at while the process runs.</summary>
    public required bool CheckInBackground { get; init; }

    /// <summary>How long the owner of the store may be silent before another process takes it over.</summary>
    public required TimeSpan LeaseLifetime { get; init; }

    /// <summary>How often the owner renews its lease and the others look at it.</summary>
    public required TimeSpan LeaseInterval { get; init; }

    /// <summary>First delay before a failed actor starts again.</summary>
    public required TimeSpan MinBackoff { get; init; }

    /// <summary>Longest delay before a failed actor starts again.</summary>
    public required TimeSpan MaxBackoff { get; init; }

    /// <summary>Reads the section <c>actorkube.store</c>; what it lacks comes from the reference.</summary>
    /// <param name="config">The whole configuration of the process.</param>
    /// <exception cref="ConfigurationException">A value is not one of those allowed.</exception>
    public static StoreSettings From(Config config)
    {
        var store = config.WithFallback(Reference).GetConfig("actorkube.store");
        return new StoreSettings
        {
            Provider = Choice(store, "provider", ("sqlite", StoreProvider.Sqlite), ("postgresql", StoreProvider.PostgreSql)),
            Plugin = Choice(store, "plugin", ("built-in", StorePlugin.BuiltIn), ("akka-persistence-sql", StorePlugin.AkkaPersistenceSql)),
            Sqlite = new SqliteSettings
            {
                Directory = store.GetString("sqlite.directory"),
                Synchronous = Choice(store, "sqlite.synchronous", ("full", "FULL"), ("normal", "NORMAL")),
                WalAutocheckpoint = Positive(store, "sqlite.wal-autocheckpoint"),
                CacheSize = Positive(store, "sqlite.cache-size"),
                BusyTimeout = store.GetTimeSpan("sqlite.busy-timeout"),
            },
            PostgreSqlConnectionString = store.GetString("postgresql.connection-string"),
            BatchMaxEvents = Positive(store, "batch.max-events"),
            BatchMaxBytes = store.GetByteSize("batch.max-bytes") ?? throw Wrong("batch.max-bytes", "", "a size"),
            SnapshotMinEvents = Positive(store, "snapshot.min-events"),
            SnapshotMaxEvents = Positive(store, "snapshot.max-events"),
            RecentEvents = Positive(store, "recent-events"),
            HistoryPeriod = Period("history.period", store.GetValue("history.period")),
            HistoryPeriods = store.GetValue("history.periods").GetObject().Items.ToImmutableDictionary(i => i.Key, i => Period($"history.periods.{i.Key}", i.Value)),
            NoHistory = [.. store.GetStringList("history.none")],
            KeepEvents = Positive(store, "history.keep-events"),
            DeleteChunk = Positive(store, "history.delete-chunk"),
            CompactionDelay = store.GetTimeSpan("history.first-look"),
            CompactionInterval = store.GetTimeSpan("history.interval"),
            MaxConcurrentRecoveries = Positive(store, "recovery.max-concurrent"),
            ReplayBatch = Positive(store, "recovery.replay-batch"),
            CheckAtStart = Choice(store, "check.at-start", ("needed", StoreCheck.Needed), ("all", StoreCheck.All), ("off", StoreCheck.Off)),
            CheckInBackground = store.GetBoolean("check.in-background"),
            LeaseLifetime = store.GetTimeSpan("lease.lifetime"),
            LeaseInterval = store.GetTimeSpan("lease.interval"),
            MinBackoff = store.GetTimeSpan("restart.min-backoff"),
            MaxBackoff = store.GetTimeSpan("restart.max-backoff"),
        };
    }

    /// <summary>How many events after its last snapshot a resource type with that many objects takes the next.</summary>
    public int EventsPerSnapshot(int objects) => Math.Clamp(objects, SnapshotMinEvents, Math.Max(SnapshotMinEvents, SnapshotMaxEvents));

    /// <summary>How much of the past of a resource type is kept.</summary>
    public Retention RetentionOf(string resource) => new(
        HistoryPeriods.TryGetValue(resource, out var own) ? own : NoHistory.Contains(resource) ? TimeSpan.Zero : HistoryPeriod, KeepEvents);

    private static TimeSpan? Period(string key, HoconValue value) => value.GetString() switch
    {
        "infinite" => null,
        { } text when Duration().IsMatch(text) => value.GetTimeSpan(allowInfinite: false),
        var text => throw Wrong(key, text ?? "", "a duration, such as 7d, or infinite"),
    };

    [GeneratedRegex(@"^\d+(\.\d+)?\s*(ms|milliseconds?|s|seconds?|m|minutes?|h|hours?|d|days?)$")]
    private static partial Regex Duration();

    private static int Positive(Config config, string key)
    {
        var value = config.GetInt(key);
        return value > 0 ? value : throw Wrong(key, value.ToString(), "a number above 0");
    }

    private static T Choice<T>(Config config, string key, params (string Name, T Value)[] choices)
    {
        var name = config.GetString(key);
        foreach (var choice in choices)
        {
            if (choice.Name == name)
                return choice.Value;
        }

        throw Wrong(key, name, string.Join(" or ", choices.Select(c => c.Name)));
    }

    private static ConfigurationException Wrong(string key, string value, string expected) =>
        new($"actorkube.store.{key}: '{value}' is not {expected}");
}

/// <summary>The section <c>actorkube.store.sqlite</c>.</summary>
public sealed record SqliteSettings
{
    /// <summary>Directory of the database files.</summary>
    public required string Directory { get; init; }

    /// <summary>SQLite's <c>synchronous</c>: FULL or NORMAL.</summary>
    public required string Synchronous { get; init; }

    /// <summary>Pages in the write-ahead log before a checkpoint.</summary>
    public required int WalAutocheckpoint { get; init; }

    /// <summary>KiB of page cache per connection.</summary>
    public required int CacheSize { get; init; }

    /// <summary>How long a connection waits for another one's write.</summary>
    public required TimeSpan BusyTimeout { get; init; }
}
