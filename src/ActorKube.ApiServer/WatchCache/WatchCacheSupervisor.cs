using Akka.Actor;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>Parent of the watch caches, at <c>/user/apiserver/watch-cache</c>. Starts one when it is told of its cache.</summary>
internal sealed class WatchCacheSupervisor : ReceiveActor
{
    /// <summary>Starts the actor of a cache.</summary>
    public sealed record Start(ResourceCache Cache);

    /// <summary>Ends the actor of a cache whose resource type is gone.</summary>
    public sealed record Stop(ResourceCache Cache);

    private readonly Dictionary<ResourceCache, IActorRef> _running = [];
    private int _again;

    public WatchCacheSupervisor(IActorRef store)
    {
        Receive<Start>(start => _running[start.Cache] = Context.ActorOf(Props.Create(() => new WatchCacheActor(start.Cache, store)), NameOf(start.Cache.Resource)));
        Receive<Stop>(stop =>
        {
            if (_running.Remove(stop.Cache, out var actor))
            {
                Context.Stop(actor);
            }
        });
    }

    // A resource type can come back while its former cache is still ending.
    private string NameOf(string resource) => Context.Child(resource).IsNobody() ? resource : $"{resource}-{++_again}";
}
