using ActorKube.ApiServer.WatchCache;
using ActorKube.Store.Protocol;
using Akka.Actor;

namespace ActorKube.ApiServer.Tests.WatchCache;

public sealed class RevisionReaderTests
{
    [Fact]
    public async Task Of_many_readers_at_once_each_learns_a_revision_of_after_it_came()
    {
        using var system = ActorSystem.Create("revision-reader-test");
        var store = system.ActorOf(Props.Create(() => new Counter()));
        var reader = new RevisionReader("pods", store, TimeSpan.FromMinutes(1));
        var newest = 0L;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                var known = Interlocked.Read(ref newest);
                var revision = await reader.ReadAsync();
                Assert.True(revision > known, $"revision {revision} is none of after {known} was known");
                long seen;
                while ((seen = Interlocked.Read(ref newest)) < revision && Interlocked.CompareExchange(ref newest, revision, seen) != seen)
                {
                }
            }
        })));
    }

    // Every answer is a newer one.
    private sealed class Counter : ReceiveActor
    {
        public Counter()
        {
            var revision = 0L;
            Receive<GetRevision>(_ => Sender.Tell(new CurrentRevision(++revision)));
        }
    }
}
