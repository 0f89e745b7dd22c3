using ActorKube.Store.Backup;
using ActorKube.Store.Protocol;
using Microsoft.Data.Sqlite;

namespace ActorKube.Store.Tests.Backup;

/// <summary>Damage done to real SQLite files, and what is said of it.</summary>
public sealed class StoreInspectionTests : IAsyncLifetime
{
    // Pods are compacted: 250 events, a snapshot after most of them, the early ones gone. Services have all 250 events and a snapshot. Nodes have 3 events.
    private const string Compaction = "snapshot { min-events = 100, max-events = 100 }\n history { none = [pods], keep-events = 20, delete-chunk = 50 }";

    private readonly TempDirectory _directory = new();
    private StoreSettings _settings = null!;

    public async Task InitializeAsync()
    {
        _settings = StoreHost.SettingsIn(_directory.Path, Compaction);
        await using (var host = await StoreHost.StartAsync(_settings))
        {
            foreach (var round in Enumerable.Range(0, 250).Chunk(25))
                Assert.All(await Task.WhenAll(round.SelectMany(i => new[] { host.AskAsync(Some.Write($"ns/{i}")), host.AskAsync(Some.Write($"ns/{i}", resource: "services")) })), a => Assert.IsType<Committed>(a));
            Assert.All(await Task.WhenAll(Enumerable.Range(0, 3).Select(i => host.AskAsync(Some.Write($"{i}", resource: "nodes")))), a => Assert.IsType<Committed>(a));
            // The next start finds a snapshot of both, and no early pods.
            await Eventually.AssertAsync(() => Assert.True(Number("SELECT min(sequence_number) FROM journal WHERE persistence_id = 'store-pods'") > 1));
            await Eventually.AssertAsync(() => Assert.True(SnapshotOf("services") >= 100));
        }

        SqliteConnection.ClearAllPools();
    }

    public Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Nothing_is_said_of_a_sound_store()
    {
        var (start, everything) = (await StoreInspection.AtStartAsync(_settings), await StoreInspection.OfEverythingAsync(_settings));
        Assert.Empty(start.Damages.Concat(start.Healed).Concat(everything.Damages).Concat(everything.Healed));
        Assert.Equal(3, everything.Resources);
        Assert.True(start.Events < everything.Events, "a start needs only the events after the snapshots");
        Assert.Equal(everything.Events, await StoreScrub.RunAsync(_settings, damage => Assert.Fail(damage), TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task There_is_nothing_to_say_of_a_store_that_is_not_there()
    {
        Assert.Equal(0, (await StoreInspection.AtStartAsync(StoreHost.SettingsIn(Path.Combine(_directory.Path, "none")))).Resources);
        Assert.False(Directory.Exists(Path.Combine(_directory.Path, "none")));
    }

    [Theory]
    [InlineData("UPDATE journal SET message = CAST(substr(message, 1, 9) || x'00' || substr(message, 11) AS BLOB) WHERE {0}", "its content does not have its checksum")]
    [InlineData("UPDATE journal SET message = CAST(substr(message, 1, length(message) - 3) AS BLOB) WHERE {0}", "it does not end with its checksum")]
    [InlineData("UPDATE journal SET message = x'' WHERE {0}", "it does not end with its checksum")]
    [InlineData("UPDATE journal SET manifest = 'put/1' WHERE {0}", "its manifest is 'put/1', not an event's")]
    [InlineData("UPDATE journal SET identifier = 9 WHERE {0}", "it is said to be written by serializer 9, which is not the store's")]
    [InlineData("UPDATE journal SET message = (SELECT message FROM journal WHERE persistence_id = 'store-nodes' AND sequence_number = 1) WHERE {0}", "it holds event 1")]
    public async Task A_damaged_event_that_the_start_needs_is_named(string damage, string problem)
    {
        Do(string.Format(damage, "persistence_id = 'store-nodes' AND sequence_number = 2"));
        var expected = $"event 2 of nodes in {Path.Combine(_directory.Path, "journal.db")} is damaged: {problem}";
        Assert.Equal([expected], (await StoreInspection.AtStartAsync(_settings)).Damages);
        Assert.Equal([expected], (await StoreInspection.OfEverythingAsync(_settings)).Damages);
    }

    [Fact]
    public async Task A_damaged_event_of_the_past_is_found_by_who_looks_at_everything()
    {
        Do("UPDATE journal SET message = CAST(substr(message, 1, 9) || x'00' || substr(message, 11) AS BLOB) WHERE persistence_id = 'store-services' AND sequence_number = 17");
        Assert.Empty((await StoreInspection.AtStartAsync(_settings)).Damages);
        Assert.StartsWith("event 17 of services in ", Assert.Single((await StoreInspection.OfEverythingAsync(_settings)).Damages));
        var told = new List<string>();
        await StoreScrub.RunAsync(_settings, told.Add, TimeProvider.System, CancellationToken.None);
        Assert.StartsWith("event 17 of services in ", Assert.Single(told));
    }

    [Theory]
    [InlineData("services", 17)]
    [InlineData("nodes", 2)]
    public async Task A_missing_event_is_named_wherever_it_is(string resource, int number)
    {
        Do($"DELETE FROM journal WHERE persistence_id = 'store-{resource}' AND sequence_number = {number}");
        var expected = $"event {number} of {resource} in {Path.Combine(_directory.Path, "journal.db")} is missing, between others that are there";
        Assert.Equal([expected], (await StoreInspection.AtStartAsync(_settings)).Damages);
    }

    [Fact]
    public async Task Missing_first_events_are_named_where_no_snapshot_makes_up_for_them()
    {
        Do("DELETE FROM journal WHERE persistence_id = 'store-nodes' AND sequence_number = 1");
        Assert.StartsWith("events 1 to 1 of nodes in ", Assert.Single((await StoreInspection.AtStartAsync(_settings)).Damages));
    }

    [Fact]
    public async Task A_damaged_snapshot_is_no_loss_where_all_events_are_there()
    {
        Damage("services");
        var findings = await StoreInspection.AtStartAsync(_settings);
        Assert.Empty(findings.Damages);
        Assert.StartsWith($"snapshot {SnapshotOf("services")} of services in ", Assert.Single(findings.Healed));
        await using var host = await StoreHost.StartAsync(_settings);
        Assert.Equal(new CurrentRevision(250), await host.AskAsync(new GetRevision("services")));
        Assert.Equal(new Committed(251), await host.AskAsync(Some.Write("ns/249", resource: "services")));
    }

    [Fact]
    public async Task A_damaged_snapshot_whose_events_are_gone_is_named()
    {
        Damage("pods");
        Assert.StartsWith($"snapshot {SnapshotOf("pods")} of pods in {Path.Combine(_directory.Path, "snapshots.db")} is damaged: ", Assert.Single((await StoreInspection.AtStartAsync(_settings)).Damages));
    }

    [Fact]
    public async Task Rows_that_only_hold_the_place_of_their_number_are_no_gap()
    {
        // What a deletion of everything leaves behind, with writes after it.
        Do("UPDATE journal SET deleted = 1 WHERE persistence_id = 'store-pods' AND sequence_number = (SELECT min(sequence_number) FROM journal WHERE persistence_id = 'store-pods')");
        Do($"DELETE FROM journal WHERE persistence_id = 'store-pods' AND deleted = 0 AND sequence_number < {SnapshotOf("pods")}");
        Assert.Empty((await StoreInspection.AtStartAsync(_settings)).Damages);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public async Task A_damaged_file_is_named(int from)
    {
        var file = Path.Combine(_directory.Path, "journal.db");
        // What is still in the write-ahead log would be read from there.
        Assert.Equal(0, Number("PRAGMA wal_checkpoint(TRUNCATE)"));
        File.Delete(file + "-wal");
        File.Delete(file + "-shm");
        using (var stream = new FileStream(file, FileMode.Open))
        {
            stream.Position = from;
            stream.Write(Enumerable.Repeat((byte)0x55, 3 * 4096).ToArray());
        }

        Assert.Contains(file, Assert.Single((await StoreInspection.OfEverythingAsync(_settings)).Damages.Take(1)));
        Assert.NotEmpty((await StoreInspection.OfEverythingAsync(_settings)).Damages);
    }

    private void Damage(string resource)
    {
        using var connection = Open("snapshots.db");
        using var command = connection.CreateCommand();
        command.CommandText = $"UPDATE snapshot SET snapshot = CAST(substr(snapshot, 1, 99) || x'00' || substr(snapshot, 101) AS BLOB) WHERE persistence_id = 'store-{resource}'";
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    private long SnapshotOf(string resource)
    {
        using var connection = Open("snapshots.db");
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT max(sequence_number) FROM snapshot WHERE persistence_id = 'store-{resource}'";
        return command.ExecuteScalar() is long found ? found : 0;
    }

    private long Number(string sql)
    {
        using var connection = Open("journal.db");
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private void Do(string sql)
    {
        using var connection = Open("journal.db");
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0);
    }

    private SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.Path, file)};Pooling=false");
        connection.Open();
        return connection;
    }
}
