using ActorKube.Api.Machinery;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Store.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Tests;

public sealed class EventExpiryActorTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    private static StoredObject Event(string name, int createdMinutesAgo, int? lastMinutesAgo = null) => new($"default/{name}", 1, ApiJson.Serialize(new Corev1Event
    {
        ApiVersion = "v1",
        Kind = "Event",
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default", CreationTimestamp = Now.AddMinutes(-createdMinutesAgo) },
        InvolvedObject = new V1ObjectReference(),
        LastTimestamp = lastMinutesAgo is { } last ? Now.AddMinutes(-last) : null,
    }));

    [Fact]
    public void Only_events_that_nobody_wrote_lately_are_over()
    {
        var cache = new ResourceCache("events", typeof(Corev1Event), 10, TimeProvider.System);
        cache.Apply(new StoreSnapshot("events", 1, [Event("old", 90), Event("seen-again", 90, 5), Event("young", 5), Event("older", 200, 61)]));
        var expired = EventExpiryActor.Expired(cache.State!, Now.AddMinutes(-60), 100);
        Assert.Equal(["default/old", "default/older"], expired.Select(e => e.Key));
        Assert.Single(EventExpiryActor.Expired(cache.State!, Now.AddMinutes(-60), 1));
    }
}
