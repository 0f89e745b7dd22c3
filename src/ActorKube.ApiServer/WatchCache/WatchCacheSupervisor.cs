using Akka.Actor;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>Parent of the watch caches, at <c>/user/apiserver/watch-cache</c>. Starts one when it is told of its cache.</summary>
internal sealed class WatchCacheSupervisor : ReceiveActor
{
    /// <summary>Starts the actor of a cache.</summary>
    public sealed record Start(ResourceCache Cache);

    public WatchCacheSupervisor(IActorRef store) =>
        Receive<Start>(start => Context.ActorOf(Props.Create(() => new WatchCacheActor(start.Cache, store)), start.Cache.Resource));
}
