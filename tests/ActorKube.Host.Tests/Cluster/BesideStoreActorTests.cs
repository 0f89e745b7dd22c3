using ActorKube.Host.Cluster;
using ActorKube.Store.Cluster;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorKube.Host.Tests.Cluster;

public sealed class BesideStoreActorTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TestProbe _told;
    private volatile bool _ownsStore;

    public BesideStoreActorTests() => _told = CreateTestProbe();

    [Fact]
    public void Runs_while_the_store_is_here_and_stops_when_it_goes()
    {
        var told = _told.Ref;
        Sys.ActorOf(BesideStoreActor.Props(() => _ownsStore, Props.Create(() => new One(told)), "one"), "one");
        OwnerIs(here: true);
        Assert.Equal("started", _told.ExpectMsg<string>(Patience));
        OwnerIs(here: false);
        Assert.Equal("stopped", _told.ExpectMsg<string>(Patience));
        OwnerIs(here: true);
        Assert.Equal("started", _told.ExpectMsg<string>(Patience));
    }

    [Fact]
    public void Never_runs_two_at_once_though_the_store_comes_and_goes_meanwhile()
    {
        var told = _told.Ref;
        var beside = Sys.ActorOf(BesideStoreActor.Props(() => _ownsStore, Props.Create(() => new One(told)), "one"));
        for (var i = 0; i < 20; i++)
        {
            OwnerIs(here: true);
            OwnerIs(here: false);
        }

        OwnerIs(here: true);
        Sys.Stop(Watch(beside));
        ExpectTerminated(beside, Patience);
        var messages = _told.ReceiveWhile<string>(TimeSpan.FromMilliseconds(500), m => (string)m);
        Assert.Equal(Enumerable.Range(0, messages.Count).Select(i => i % 2 == 0 ? "started" : "stopped"), messages);
    }

    // Without the news it would look by itself a moment later.
    private void OwnerIs(bool here)
    {
        _ownsStore = here;
        Sys.EventStream.Publish(new StoreOwnerChanged(1));
    }

    private sealed class One(IActorRef told) : ReceiveActor
    {
        protected override void PreStart() => told.Tell("started");

        protected override void PostStop() => told.Tell("stopped");
    }
}
