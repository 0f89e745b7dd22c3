using System.Text;
using ActorKube.Api.Backup;
using ActorKube.Store.Backup;
using ActorKube.Store.History;
using ActorKube.Store.Protocol;
using Akka.Actor;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace ActorKube.Store.Tests.Backup;

public sealed class BackupRestoreTests : IDisposable
{
    // Pods are compacted: their early events are gone. Services keep everything, and have snapshots. Nodes have events only.
    private const string Compaction = "snapshot { min-events = 100, max-events = 100 }\n history { none = [pods], keep-events = 20, delete-chunk = 50 }";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_restored_store_goes_on_where_the_other_one_was()
    {
        var (source, target) = (Sqlite("source"), Sqlite("target"));
        var before = await FillAsync(source);
        await RestoreAsync(target, await BackUpAsync(source));
        await CheckAsync(target, before);
        Assert.False(File.Exists(Path.Combine(target.Sqlite.Directory, "journal.db.restoring")));
    }

    [SkippableFact]
    public async Task A_store_moves_from_one_kind_of_database_to_another_and_back()
    {
        Skip.If(PostgreSqlCluster.Binaries is null, "PostgreSQL is not installed (apt-get install postgresql)");
        using var cluster = PostgreSqlCluster.Start();
        var (source, there, further, back) = (Sqlite("source"), await PostgreSqlAsync(cluster, "there"), await PostgreSqlAsync(cluster, "further"), Sqlite("back"));
        var before = await FillAsync(source);
        using (var connection = Open(source))
            Execute(connection, "INSERT INTO journal_base (persistence_id, object_key, sequence_number, created, identifier, manifest, writer_uuid, message) VALUES ('store-services', 'ns/old', 7, 5, 1864, 'event/2', 'w', x'0102')");
        await RestoreAsync(there, await BackUpAsync(source));
        await RestoreAsync(further, await BackUpAsync(there));
        await RestoreAsync(back, await BackUpAsync(further));
        Assert.Equal(BaseOf(source), BaseOf(back));
        await CheckAsync(back, before);
        await CheckAsync(there, before);
    }

    [SkippableFact]
    public async Task Only_an_empty_database_is_restored_to()
    {
        Skip.If(PostgreSqlCluster.Binaries is null, "PostgreSQL is not installed (apt-get install postgresql)");
        using var cluster = PostgreSqlCluster.Start();
        var source = Sqlite("source");
        await FillAsync(source);
        var backup = await BackUpAsync(source);
        foreach (var target in new[] { Sqlite("target"), await PostgreSqlAsync(cluster, "target") })
        {
            await RestoreAsync(target, backup);
            var error = await Assert.ThrowsAsync<RestoreException>(() => RestoreAsync(target, backup));
            Assert.Contains("is not empty: it has ", error.Message);
        }
    }

    [SkippableFact]
    public async Task Nothing_is_written_of_a_damaged_backup()
    {
        Skip.If(PostgreSqlCluster.Binaries is null, "PostgreSQL is not installed (apt-get install postgresql)");
        using var cluster = PostgreSqlCluster.Start();
        var source = Sqlite("source");
        var before = await FillAsync(source);
        var backup = await BackUpAsync(source);
        foreach (var target in new[] { Sqlite("target"), await PostgreSqlAsync(cluster, "target") })
        {
            foreach (var damaged in new[] { backup[..^1], [.. backup[..^1], (byte)(backup[^1] ^ 1)], backup[..(backup.Length / 2)] })
                await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(target, damaged));
            // Still empty.
            await RestoreAsync(target, backup);
            await CheckAsync(target, before);
        }
    }

    [Fact]
    public async Task No_process_of_before_has_the_epoch_of_a_restored_store()
    {
        var (source, target) = (Sqlite("source"), Sqlite("target"));
        await FillAsync(source);
        using (var connection = Open(source))
            Execute(connection, "INSERT INTO store_owner (name, owner, epoch, until) VALUES ('store', 'somebody', 41, 0)");
        await RestoreAsync(target, await BackUpAsync(source));
        using var restored = Open(target);
        using var command = restored.CreateCommand();
        command.CommandText = "SELECT epoch FROM store_owner WHERE name = 'store' AND owner = '' AND until = 0";
        Assert.True((long)command.ExecuteScalar()! > 1_000_000_000_000);
        Assert.Equal(42, StoreRestore.EpochAfter(41, DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public async Task A_backup_shows_one_moment_while_others_write()
    {
        var source = Sqlite("source");
        await using var host = await StoreHost.StartAsync(source);
        using var stop = new CancellationTokenSource();
        var written = 0L;
        var writers = Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                // Services first: whatever pods a backup has, it has their service.
                Assert.IsType<Committed>(await host.AskAsync(Some.Write($"ns/{w}-{i}", "x", "services")));
                Assert.IsType<Committed>(await host.AskAsync(Some.Write($"ns/{w}-{i}", "x", "endpoints")));
                Interlocked.Increment(ref written);
            }
        })).ToArray();
        for (var round = 0; round < 3; round++)
        {
            var known = Interlocked.Read(ref written);
            await Eventually.AssertAsync(() => Assert.True(Interlocked.Read(ref written) > known + 50));
            known = Interlocked.Read(ref written);
            var target = Sqlite($"target{round}");
            await RestoreAsync(target, await BackUpAsync(source));
            await using var restored = await StoreHost.StartAsync(target);
            var (services, endpoints) = (await ObjectsAsync(restored, "services"), await ObjectsAsync(restored, "endpoints"));
            Assert.True(endpoints.Count >= known, $"{known} were acknowledged before, {endpoints.Count} are there");
            Assert.Empty(endpoints.Keys.Except(services.Keys));
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
    }

    [Fact]
    public async Task A_damaged_store_is_not_backed_up_as_if_nothing_were()
    {
        var source = Sqlite("source");
        await FillAsync(source);
        using (var connection = Open(source))
            Execute(connection, "UPDATE journal SET message = zeroblob(40) WHERE persistence_id = 'store-services' AND sequence_number = 17");
        SqliteConnection.ClearAllPools();
        await using var run = await StoreBackup.In(source).BeginAsync();
        using var output = new MemoryStream();
        var error = await Assert.ThrowsAsync<StoreDamagedException>(() => run.WriteAsync(output, new BackupHeader(), []));
        Assert.StartsWith("event 17 of services in ", error.Message);
        var told = await Assert.ThrowsAsync<BackupException>(() => BackupInspector.InspectAsync(new MemoryStream(output.ToArray())));
        Assert.Contains("event 17 of services in ", told.Message);
    }

    private static async Task<byte[]> BackUpAsync(StoreSettings settings)
    {
        await using var run = await StoreBackup.In(settings).BeginAsync();
        using var output = new MemoryStream();
        await run.WriteAsync(output, new BackupHeader { Cluster = "uid", Time = DateTimeOffset.UnixEpoch }, []);
        return output.ToArray();
    }

    private static Task<BackupSummary> RestoreAsync(StoreSettings settings, byte[] backup) => StoreRestore.WriteAsync(settings, new MemoryStream(backup), TimeProvider.System);

    private static async Task<string> FillAsync(StoreSettings settings)
    {
        await using var host = await StoreHost.StartAsync(settings);
        // Some at a time: snapshots are taken in between.
        foreach (var round in Enumerable.Range(0, 250).Chunk(25))
        {
            var pods = round.Select(i => host.AskAsync(Some.Write($"ns/{i % 30}", $"{i}")));
            var services = round.Select(i => host.AskAsync(Some.Write($"ns/{i % 50}", $"{i}", "services") with { Unique = [$"ip/{i % 50}"] }));
            Assert.All(await Task.WhenAll([.. pods, .. services]), answer => Assert.IsType<Committed>(answer));
        }

        Assert.IsType<Committed>(await host.AskAsync(Some.DeleteAny("ns/3", "services")));
        Assert.IsType<Committed>(await host.AskAsync(Some.Create("n1", "ü", "nodes")));
        Assert.IsType<Committed>(await host.AskAsync(new Advance("nodes", 1)));
        await Eventually.AssertAsync(() => Assert.True(PodRows(settings) < 250)); // compacted
        return await TextAsync(host);
    }

    private static async Task CheckAsync(StoreSettings settings, string before)
    {
        var findings = await StoreInspection.OfEverythingAsync(settings);
        Assert.Empty(findings.Damages);
        Assert.Equal(3, findings.Resources);
        await using var host = await StoreHost.StartAsync(settings);
        Assert.Equal(before, await TextAsync(host));
        // Writers go on with the revisions they know.
        Assert.Equal(new Rejected(1), await host.AskAsync(Some.Create("n1", "again", "nodes")));
        Assert.Equal(new Committed(3), await host.AskAsync(Some.Update("n1", 1, "after", "nodes")));
        Assert.Equal(new Rejected(0) { Taken = "ip/4" }, await host.AskAsync(Some.Create("ns/other", "x", "services") with { Unique = ["ip/4"] }));
    }

    // Objects with their revisions, and every event that the journal has.
    private static async Task<string> TextAsync(StoreHost host)
    {
        var text = new StringBuilder();
        foreach (var resource in new[] { "pods", "services", "nodes" })
        {
            text.AppendLine($"{resource} {await host.AskAsync(new GetRevision(resource))}");
            foreach (var found in (await ObjectsAsync(host, resource)).Values.OrderBy(o => o.Key, StringComparer.Ordinal))
                text.AppendLine($"{found.Key} {found.Revision} {Encoding.UTF8.GetString(found.Value.Span)} {string.Join(',', found.Unique)}");
            if (resource == "pods")
                continue; // how much of it is left is a matter of chance
            foreach (var change in await ResourceHistory.Of(host.System)!.ReadAsync(resource, 1, long.MaxValue, int.MaxValue))
                text.AppendLine($"{change.Revision} {change.Previous} {change.Type} {change.Key} {Encoding.UTF8.GetString(change.Value.Span)} {change.Cause}");
        }

        return text.ToString();
    }

    private static async Task<Dictionary<string, StoredObject>> ObjectsAsync(StoreHost host, string resource)
    {
        var probe = new StoreProbe(host.System);
        host.Store.Tell(new Subscribe(resource, probe.Ref));
        return (await probe.ExpectAsync<StoreSnapshot>()).Objects.ToDictionary(o => o.Key);
    }

    private StoreSettings Sqlite(string name) => StoreHost.SettingsIn(Path.Combine(_directory.Path, name), Compaction);

    private static async Task<StoreSettings> PostgreSqlAsync(PostgreSqlCluster cluster, string name)
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return StoreHost.SettingsIn("unused", $"""
            provider = postgresql
            postgresql.connection-string = "{cluster.ConnectionString.Replace("Database=postgres", $"Database={name}")}"
            {Compaction}
            """);
    }

    // What is left behind the horizon.
    private static string BaseOf(StoreSettings settings)
    {
        using var connection = Open(settings);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT group_concat(persistence_id || ' ' || object_key || ' ' || sequence_number || ' ' || created || ' ' || coalesce(manifest, '') || ' ' || hex(message), '|') FROM (SELECT * FROM journal_base ORDER BY persistence_id, object_key)";
        var text = (string)command.ExecuteScalar()!;
        Assert.Contains("store-services ns/old 7 ", text);
        return text;
    }

    private static long PodRows(StoreSettings settings)
    {
        using var connection = Open(settings);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM journal WHERE persistence_id = 'store-pods'";
        return (long)command.ExecuteScalar()!;
    }

    private static SqliteConnection Open(StoreSettings settings)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(settings.Sqlite.Directory, "journal.db")};Pooling=false");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
