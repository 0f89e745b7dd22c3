using ActorKube.Store.Protocol;
using Akka.Actor;

namespace ActorKube.Store.Tests;

public sealed class StoreActorTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Writes_survive_a_restart()
    {
        var settings = StoreHost.SettingsIn(_directory.Path);
        await using (var first = await StoreHost.StartAsync(settings))
        {
            Assert.Equal(new Committed(1), await first.AskAsync(Some.Create("ns/a")));
            Assert.Equal(new Committed(2), await first.AskAsync(Some.Create("ns/b")));
            Assert.Equal(new Committed(3), await first.AskAsync(Some.Update("ns/a", 1)));
            Assert.Equal(new Committed(4), await first.AskAsync(Some.Delete("ns/b", 2)));
            Assert.Equal(new Rejected(3), await first.AskAsync(Some.Update("ns/a", 1)));
            Assert.Equal(new Rejected(0), await first.AskAsync(Some.DeleteAny("ns/b")));
        }

        await using var second = await StoreHost.StartAsync(settings);
        Assert.Equal(new CurrentRevision(4), await second.AskAsync(new GetRevision("pods")));
        Assert.Equal(new Rejected(3), await second.AskAsync(Some.Create("ns/a")));
        Assert.Equal(new Committed(5), await second.AskAsync(Some.Create("ns/b")));
    }
}
