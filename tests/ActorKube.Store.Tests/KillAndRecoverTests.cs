using System.Diagnostics;
using System.Text;
using ActorKube.Store.Protocol;
using ActorKube.Store.Serialization;
using ActorKube.Store.Serialization.Wire;
using Akka.Actor;
using Microsoft.Data.Sqlite;

namespace ActorKube.Store.Tests;

/// <summary>A real process under load, killed without warning, again and again on the same files.</summary>
public sealed class KillAndRecoverTests : IDisposable
{
    private const int Callers = 16;

    // Snapshots often, so that recovery goes through them; no compaction of configmaps, so that the journal can be searched.
    private const string Settings = "snapshot { min-events = 150, max-events = 150 }\n history { keep-events = 50, delete-chunk = 40 }";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task No_acknowledged_write_is_lost_and_none_is_there_twice()
    {
        var acknowledged = new List<Ack>();
        for (var run = 0; run < 3; run++)
        {
            acknowledged.AddRange(await WriteUntilKilledAsync($"run{run}", acknowledgements: 600 + 100 * run));
            Check(acknowledged);
            await CheckStoreAsync(acknowledged);
        }
    }

    private async Task<List<Ack>> WriteUntilKilledAsync(string run, int acknowledgements)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "ActorKube.Store.TestHost.dll"));
        start.ArgumentList.Add($"sqlite.directory = \"{_directory.Path}\"\n{Settings}");
        start.ArgumentList.Add(run);
        start.ArgumentList.Add(Callers.ToString());
        using var process = Process.Start(start)!;
        var acks = new List<Ack>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            acks.Add(Ack.Parse(line));
            if (acks.Count == acknowledgements)
                process.Kill(); // SIGKILL; what it still printed is read to the end
        }

        await process.WaitForExitAsync();
        Assert.True(acks.Count >= acknowledgements, $"the process ended after {acks.Count} acknowledgements");
        return acks;
    }

    private void Check(List<Ack> acknowledged)
    {
        var journal = ReadJournal("configmaps");
        Assert.Equal(Enumerable.Range(1, journal.Count).Select(i => (long)i), journal.Select(e => e.Revision));
        Assert.Empty(journal.GroupBy(e => Text(e.Value)).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.All(acknowledged.Where(a => a.Resource == "configmaps"), ack =>
        {
            var written = journal[(int)ack.Revision - 1];
            Assert.Equal((ack.Key, ack.Token), (written.Key, Text(written.Value)));
        });
    }

    private async Task CheckStoreAsync(List<Ack> acknowledged)
    {
        await using var host = await StoreHost.StartAsync(StoreHost.SettingsIn(_directory.Path, Settings));
        foreach (var resource in acknowledged.GroupBy(a => a.Resource))
        {
            var probe = new StoreProbe(host.System);
            host.Store.Tell(new Subscribe(resource.Key, probe.Ref));
            var objects = (await probe.ExpectAsync<StoreSnapshot>()).Objects.ToDictionary(o => o.Key);
            Assert.All(resource, ack =>
            {
                var found = objects[ack.Key];
                Assert.True(found.Revision >= ack.Revision, $"{ack} is at {found.Revision}");
                if (found.Revision == ack.Revision)
                    Assert.Equal(ack.Token, Text(found.Value));
            });
        }
    }

    private List<StoreEvent> ReadJournal(string resource)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.Path, "journal.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT message FROM journal WHERE persistence_id = 'store-{resource}' ORDER BY sequence_number";
        using var reader = command.ExecuteReader();
        var events = new List<StoreEvent>();
        while (reader.Read())
            events.Add(EventData.Parser.ParseFrom(reader.GetFieldValue<byte[]>(0)).ToEvent());
        return events;
    }

    private static string Text(ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span);

    private sealed record Ack(string Resource, string Key, long Revision, string Token)
    {
        public static Ack Parse(string line) => line.Split(' ') is [var resource, var key, var revision, var token]
            ? new Ack(resource, key, long.Parse(revision), token)
            : throw new FormatException(line);
    }
}
