using System.Text;
using ActorKube.Store.History;
using ActorKube.Store.Protocol;
using CsCheck;

namespace ActorKube.Store.Tests.History;

/// <summary>The history of real SQLite files.</summary>
public sealed class ResourceHistoryTests : IDisposable
{
    private const string QuickCompaction = "snapshot { min-events = 100, max-events = 100 }\n history { none = [pods], keep-events = 20, delete-chunk = 50, first-look = 50ms, interval = 50ms }";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Tells_every_form_an_object_had_and_of_earlier_ones_of_its_name_when_asked()
    {
        await using var host = await StoreHost.StartAsync(StoreHost.SettingsIn(_directory.Path));
        await WriteAsync(host, Some.Create("ns/a", "1"), Some.Create("ns/b"), Some.Update("ns/a", 1, "3"), Some.Delete("ns/a", 3), Some.Create("ns/a", "5"), Some.Update("ns/b", 2), Some.Update("ns/a", 5, "7"));
        var history = ResourceHistory.Of(host.System)!;

        Assert.Equal([7, 5], await RevisionsAsync(history, newest: 7, earlierLives: false));
        Assert.Equal([7, 5, 4, 3, 1], await RevisionsAsync(history, newest: 7, earlierLives: true));
        Assert.Equal([7, 5], await RevisionsAsync(history, newest: 0, earlierLives: false));
        Assert.Equal("""{"data":"3"}""", Encoding.UTF8.GetString((await history.FindAsync("pods", 3))!.Value.Span));
        Assert.Equal("alice", (await history.FindAsync("pods", 3))!.Cause.User);
        Assert.Null(await history.FindAsync("pods", 8));
        Assert.Empty(await RevisionsAsync(history, newest: 0, earlierLives: true, key: "ns/never"));
    }

    [Fact]
    public async Task A_time_leads_to_the_newest_revision_of_then()
    {
        await using var host = await StoreHost.StartAsync(StoreHost.SettingsIn(_directory.Path));
        var history = ResourceHistory.Of(host.System)!;
        Assert.Equal(0, await history.RevisionAtAsync("pods", DateTimeOffset.UtcNow));

        var times = new List<DateTimeOffset>();
        for (var i = 1; i <= 20; i++)
        {
            times.Add(DateTimeOffset.UtcNow);
            while (DateTimeOffset.UtcNow == times[^1])
                await Task.Yield();
            await WriteAsync(host, Some.Write("ns/a"));
        }

        for (var i = 0; i < times.Count; i++)
            Assert.Equal(i, await history.RevisionAtAsync("pods", times[i]));
        Assert.Equal(20, await history.RevisionAtAsync("pods", DateTimeOffset.UtcNow.AddHours(1)));
    }

    [Fact]
    public async Task Any_past_moment_is_the_present_less_what_came_after()
    {
        await using var host = await StoreHost.StartAsync(StoreHost.SettingsIn(_directory.Path));
        var keys = Gen.Int[0, 6].Select(i => $"ns/{i}");
        IStoreMessage[] commands = [.. Gen.Select(keys, Gen.Int[0, 3], (key, what) => what == 0 ? (IStoreMessage)Some.DeleteAny(key) : Some.Write(key, $"{what}")).Array[200].Single()];
        var states = new List<Dictionary<string, long>> { new() };
        foreach (var command in commands)
        {
            if (await host.AskAsync(command) is not Committed committed)
                continue;
            var state = new Dictionary<string, long>(states[^1]);
            if (command is Put put)
                state[put.Key] = committed.Revision;
            else
                state.Remove(((Remove)command).Key);
            states.Add(state);
        }

        var history = ResourceHistory.Of(host.System)!;
        for (var revision = 0; revision < states.Count; revision++)
        {
            var then = new Dictionary<string, long>(states[^1]);
            foreach (var (key, before) in await history.BeforeAsync("pods", revision, states.Count - 1, _ => true))
            {
                if (before is null || before.Type == StoreEventType.Removed)
                    then.Remove(key);
                else
                    then[key] = before.Revision;
            }

            Assert.Equal(states[revision].OrderBy(s => s.Key), then.OrderBy(s => s.Key));
        }
    }

    [Fact]
    public async Task Says_so_where_the_journal_does_not_go_back_so_far()
    {
        await using var host = await StoreHost.StartAsync(StoreHost.SettingsIn(_directory.Path, QuickCompaction));
        var history = ResourceHistory.Of(host.System)!;
        var start = DateTimeOffset.UtcNow;
        for (var i = 0; i < 300; i++)
            await WriteAsync(host, Some.Write($"ns/{i % 3}"));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await history.FindAsync("pods", 1) is not null)
            await Task.Delay(10, patience.Token);

        await Assert.ThrowsAsync<HistoryGoneException>(() => history.BeforeAsync("pods", 1, 300, _ => true));
        await Assert.ThrowsAsync<HistoryGoneException>(() => history.RevisionAtAsync("pods", start));
        Assert.Equal(300, await history.RevisionAtAsync("pods", DateTimeOffset.UtcNow));
        Assert.Single(await history.BeforeAsync("pods", 299, 300, _ => true));
    }

    private static async Task WriteAsync(StoreHost host, params IStoreMessage[] commands)
    {
        foreach (var command in commands)
            Assert.IsType<Committed>(await host.AskAsync(command));
    }

    private static async Task<List<long>> RevisionsAsync(ResourceHistory history, long newest, bool earlierLives, string key = "ns/a")
    {
        var revisions = new List<long>();
        await foreach (var change in history.OfObjectAsync("pods", key, newest, earlierLives))
            revisions.Add(change.Revision);
        return revisions;
    }
}
