using System.Text;
using ActorKube.Api.Backup;
using ActorKube.Store.Backup;
using ActorKube.Store.Protocol;
using Akka.Actor;
using Microsoft.Data.Sqlite;

namespace ActorKube.Store.Tests.Database;

/// <summary>Snapshots that are so large that they are saved in parts.</summary>
public sealed class SnapshotPartsTests : IDisposable
{
    private const string OftenSaved = "snapshot { min-events = 100, max-events = 100 }";
    private const int Objects = 120;

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_large_snapshot_is_saved_in_parts_and_read_again()
    {
        await FillAsync(rounds: 4);
        Assert.InRange((long)Sql("SELECT count(*) FROM snapshot WHERE persistence_id = 'parts-0/store-pods'")!, 10, Objects);
        Assert.InRange((long)Sql("SELECT count(*) FROM snapshot WHERE persistence_id = 'parts-1/store-pods'")!, 10, Objects);
        Assert.Equal("snapshot-head/1", Sql("SELECT manifest FROM snapshot WHERE persistence_id = 'store-pods'"));
        Sql("DELETE FROM journal WHERE sequence_number < 100", "journal"); // so that it takes the snapshot to start
        await CheckAsync(_directory.Path);
    }

    [Fact]
    public async Task A_missing_part_is_noticed_and_the_events_are_replayed_where_all_are_there()
    {
        await FillAsync(rounds: 1);
        Sql("DELETE FROM snapshot WHERE persistence_id LIKE 'parts-%' AND sequence_number = 3");
        await CheckAsync(_directory.Path);
        Sql("DELETE FROM journal WHERE sequence_number < 50", "journal");
        var found = await StoreInspection.AtStartAsync(StoreHost.SettingsIn(_directory.Path));
        Assert.Contains(found.Damages, d => d.Contains("pods", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_backup_has_it_in_one_piece()
    {
        await FillAsync(rounds: 2);
        using var stream = new MemoryStream();
        await using (var run = await StoreBackup.In(StoreHost.SettingsIn(_directory.Path)).BeginAsync())
            await run.WriteAsync(stream, new BackupHeader(), []);
        using var target = new TempDirectory();
        stream.Position = 0;
        await StoreRestore.WriteAsync(StoreHost.SettingsIn(target.Path), stream, TimeProvider.System);
        await CheckAsync(target.Path);
    }

    private async Task FillAsync(int rounds)
    {
        await using var host = await StoreHost.StartAsync(StoreHost.SettingsIn(_directory.Path, OftenSaved));
        for (var round = 0; round < rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Objects).Select(i => host.AskAsync(Some.Write($"ns/{i}", Text(i)))));
            var newest = (round + 1) * Objects;
            await Eventually.AssertAsync(() => Assert.InRange((long)(Sql("SELECT ifnull(max(sequence_number), 0) FROM snapshot WHERE persistence_id = 'store-pods'") ?? 0L), newest - 110, newest));
        }
    }

    private static async Task CheckAsync(string directory)
    {
        await using var host = await StoreHost.StartAsync(StoreHost.SettingsIn(directory, OftenSaved));
        var probe = new StoreProbe(host.System);
        host.Store.Tell(new Subscribe("pods", probe.Ref));
        var objects = (await probe.ExpectAsync<StoreSnapshot>()).Objects;
        Assert.Equal(Objects, objects.Count);
        Assert.All(objects, o => Assert.Equal($$"""{"data":"{{Text(int.Parse(o.Key[3..], null))}}"}""", Encoding.UTF8.GetString(o.Value.Span)));
    }

    private static string Text(int i) => new((char)('a' + (i % 26)), 20_000);

    private object? Sql(string sql, string file = "snapshots")
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.Path, file + ".db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
