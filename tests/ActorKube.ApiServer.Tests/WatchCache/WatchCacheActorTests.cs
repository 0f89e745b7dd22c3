using ActorKube.ApiServer.WatchCache;
using ActorKube.Store.Protocol;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.WatchCache;

public sealed class WatchCacheActorTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ResourceCache _cache = new("configmaps", typeof(V1ConfigMap), 100, TimeProvider.System);
    private readonly TestProbe _store;
    private readonly IActorRef _actor;

    public WatchCacheActorTests()
    {
        _store = CreateTestProbe();
        _actor = Sys.ActorOf(Props.Create(() => new WatchCacheActor(_cache, _store.Ref)));
    }

    [Fact]
    public void Goes_on_from_what_it_has_when_the_store_moved_and_asks_again_when_that_is_not_heard()
    {
        Assert.Null(_store.ExpectMsg<Subscribe>(Patience).After);
        _actor.Tell(new StoreSnapshot("configmaps", 7, []));
        _actor.Tell(StoreMoved.Instance);
        Assert.Equal(7, _store.FishForMessage<Subscribe>(s => s.After is not null, Patience).After);
        // Nobody answers: the store was between two owners.
        Assert.Equal(7, _store.ExpectMsg<Subscribe>(Patience).After);
        _actor.Tell(new StoreEvents("configmaps", [new StoreEvent(8, "", StoreEventType.Advanced, default, Cause.None)]));
        _actor.Tell(StoreMoved.Instance);
        Assert.Equal(8, _store.FishForMessage<Subscribe>(s => s.After == 8, Patience).After);
    }

    [Fact]
    public void Events_after_a_gap_are_asked_for_again_and_not_taken()
    {
        _store.ExpectMsg<Subscribe>(Patience);
        _actor.Tell(new StoreSnapshot("configmaps", 7, []));
        _actor.Tell(new StoreEvents("configmaps", [new StoreEvent(9, "", StoreEventType.Advanced, default, Cause.None)]));
        Assert.Equal(7, _store.FishForMessage<Subscribe>(s => s.After is not null, Patience).After);
        Assert.Equal(7, _cache.State!.Revision);
    }
}
