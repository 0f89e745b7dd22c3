using System.Text;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;
using ActorKube.Store.Protocol;
using CsCheck;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.WatchCache;

public sealed class WatchTests
{
    private static readonly Cause Cause = new("test", "update", "test", 0);

    /// <summary>A step of a history: an object gets a label value, or goes.</summary>
    private sealed record Step(int Name, string? Color);

    private static readonly Gen<Step[]> History =
        Gen.Select(Gen.Int[0, 6], Gen.OneOf(Gen.Const("red"), Gen.Const("blue"), Gen.Const((string?)null))).Select((name, color) => new Step(name, color)).Array[0, 120];

    private static ServedResource Serve(int history = 1000)
    {
        var kind = KindRegistry.BuiltIn.Of<V1ConfigMap>();
        return new ServedResource
        {
            Kind = kind,
            Strategy = StrategyRegistry.BuiltIn.Of(kind),
            Cache = new ResourceCache("configmaps", typeof(V1ConfigMap), history, TimeProvider.System),
            Revisions = new RevisionReader("configmaps", Akka.Actor.ActorRefs.Nobody, TimeSpan.FromSeconds(1)),
        };
    }

    private static StoreEvent Event(long revision, string name, StoreEventType type, string color) => new(
        revision, $"default/{name}", type, Json(name, color), Cause);

    private static byte[] Json(string name, string color) =>
        Encoding.UTF8.GetBytes($$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"color":"{{{color}}}"},"name":"{{{name}}}","namespace":"default"}}""");

    /// <summary>The store's events of a history, and the objects after each of them.</summary>
    private static (List<StoreEvent> Events, List<Dictionary<string, (long Revision, string Color)>> States) Play(Step[] steps)
    {
        var state = new Dictionary<string, (long, string Color)>();
        var events = new List<StoreEvent>();
        var states = new List<Dictionary<string, (long, string)>> { new(state) };
        foreach (var step in steps)
        {
            var name = $"n{step.Name}";
            var revision = events.Count + 1;
            if (step.Color is not null)
            {
                events.Add(Event(revision, name, state.ContainsKey(name) ? StoreEventType.Updated : StoreEventType.Created, step.Color));
                state[name] = (revision, step.Color);
            }
            else if (state.Remove(name, out var last))
            {
                events.Add(Event(revision, name, StoreEventType.Removed, last.Color));
            }
            else
            {
                continue;
            }

            states.Add(new(state));
        }

        return (events, states);
    }

    private static Selection Red(ServedResource resource) => Selection.Create(resource.Strategy, "default", "color=red", null);

    /// <summary>Reads what is there for a watch and no more.</summary>
    private static async Task<List<ApiWatchEvent>> ReadAsync(ServedResource resource, WatchOptions options, Func<List<ApiWatchEvent>, bool> enough)
    {
        var seen = new List<ApiWatchEvent>();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        if (enough(seen))
        {
            return seen;
        }

        await foreach (var batch in Watch.RunAsync(resource, resource.Cache.State!, options, stop.Token))
        {
            seen.AddRange(batch);
            if (enough(seen))
            {
                break;
            }
        }

        return seen;
    }

    [Fact]
    public void A_watch_from_any_revision_rebuilds_the_selected_objects() =>
        Gen.Select(History, Gen.Double[0, 1]).Sample((steps, where) =>
        {
            var resource = Serve();
            var (events, states) = Play(steps);
            var from = (int)(where * events.Count);
            resource.Cache.Apply(new StoreSnapshot("configmaps", 0, []));
            foreach (var batch in events.Chunk(7))
            {
                resource.Cache.Apply(new StoreEvents("configmaps", batch));
            }

            var mirror = states[from].Where(s => s.Value.Color == "red").ToDictionary(s => s.Key, s => s.Value.Revision);
            var selection = Red(resource);
            var state = resource.Cache.State!;
            long last = from;
            for (var position = state.Log.PositionAfter(from, state.LogStart)!.Value; position < state.NextPosition; position++)
            {
                var change = state.Log.Read(position)!;
                if (Watch.ToEvent(resource, change, selection) is not { } seen)
                {
                    continue;
                }

                var (name, revision) = (seen.Object.Metadata.Name, ResourceVersions.Parse(seen.Object.Metadata.ResourceVersion));
                // Ordered, and each event makes sense to a client that holds what it was told before.
                Assert.True(revision > last);
                last = revision;
                Assert.Equal(seen.Type != "ADDED", mirror.ContainsKey(name));
                if (seen.Type == "DELETED")
                {
                    mirror.Remove(name);
                }
                else
                {
                    Assert.Equal("red", seen.Object.Metadata.Labels["color"]);
                    mirror[name] = revision;
                }
            }

            var expected = states[^1].Where(s => s.Value.Color == "red").ToDictionary(s => s.Key, s => s.Value.Revision);
            Assert.Equal(expected.OrderBy(e => e.Key), mirror.OrderBy(e => e.Key));
        }, iter: 300);

    [Fact]
    public void The_state_of_any_recent_revision_can_be_had_again() =>
        Gen.Select(History, Gen.Double[0, 1]).Sample((steps, where) =>
        {
            var resource = Serve();
            var (events, states) = Play(steps);
            resource.Cache.Apply(new StoreSnapshot("configmaps", 0, []));
            if (events.Count > 0)
            {
                resource.Cache.Apply(new StoreEvents("configmaps", events));
            }

            var at = (int)(where * events.Count);
            var state = resource.Cache.AtRevision(at)!;
            Assert.Equal(states[at].Select(s => ($"default/{s.Key}", s.Value.Revision)).Order(), state.Objects.Range("").Select(o => (o.Key, o.Revision)).Order());
        }, iter: 200);

    [Fact]
    public async Task Initial_events_come_first_and_end_with_the_marked_bookmark()
    {
        var resource = Serve();
        resource.Cache.Apply(new StoreSnapshot("configmaps", 5, [new StoredObject("default/a", 3, Json("a", "red")), new StoredObject("default/b", 5, Json("b", "blue"))]));
        var options = new WatchOptions(Red(resource), null, true, true, true);
        var seen = await ReadAsync(resource, options, s => s.Count == 2);
        Assert.Equal(("ADDED", "a"), (seen[0].Type, seen[0].Object.Metadata.Name));
        Assert.Equal("BOOKMARK", seen[1].Type);
        Assert.Equal("true", seen[1].Object.Metadata.Annotations["k8s.io/initial-events-end"]);
        Assert.Equal(ResourceVersions.Format(5), seen[1].Object.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task Changes_that_come_later_are_seen_as_they_come()
    {
        var resource = Serve();
        resource.Cache.Apply(new StoreSnapshot("configmaps", 0, []));
        var reading = ReadAsync(resource, new WatchOptions(Red(resource), 0, false, false, false), s => s.Count == 3);
        resource.Cache.Apply(new StoreEvents("configmaps", [Event(1, "a", StoreEventType.Created, "red")]));
        resource.Cache.Apply(new StoreEvents("configmaps", [Event(2, "a", StoreEventType.Updated, "blue")]));
        resource.Cache.Apply(new StoreEvents("configmaps", [Event(3, "a", StoreEventType.Updated, "red"), Event(4, "b", StoreEventType.Created, "blue")]));
        var seen = await reading;
        Assert.Equal(["ADDED", "DELETED", "ADDED"], seen.Select(s => s.Type));
        Assert.Equal(["2", "3", "4"], seen.Select(s => s.Object.Metadata.ResourceVersion));
        Assert.Equal("red", seen[1].Object.Metadata.Labels["color"]);
    }

    [Fact]
    public async Task Bookmarks_come_when_the_cache_ticks()
    {
        var resource = Serve();
        resource.Cache.Apply(new StoreSnapshot("configmaps", 7, []));
        var reading = ReadAsync(resource, new WatchOptions(Red(resource), 7, false, false, true), s => s.Count == 1);
        while (!reading.IsCompleted)
        {
            resource.Cache.TickBookmarks();
            await Task.Yield();
        }

        Assert.Equal(("BOOKMARK", "8"), ((await reading)[0].Type, (await reading)[0].Object.Metadata.ResourceVersion));
    }

    [Fact]
    public async Task A_watch_from_too_long_ago_is_gone()
    {
        var resource = Serve(history: 4);
        resource.Cache.Apply(new StoreSnapshot("configmaps", 0, []));
        resource.Cache.Apply(new StoreEvents("configmaps", [.. Enumerable.Range(1, 10).Select(i => Event(i, $"n{i}", StoreEventType.Created, "red"))]));
        var gone = await Assert.ThrowsAsync<ApiException>(() => ReadAsync(resource, new WatchOptions(Red(resource), 3, false, false, false), s => s.Count > 0));
        Assert.True(gone.IsGone);
        Assert.Equal(410, gone.Code);
        Assert.Equal(3, (await ReadAsync(resource, new WatchOptions(Red(resource), 7, false, false, false), s => s.Count == 3)).Count);
    }

    [Fact]
    public async Task A_watch_that_falls_behind_is_ended_and_the_others_go_on()
    {
        var resource = Serve(history: 8);
        resource.Cache.Apply(new StoreSnapshot("configmaps", 0, []));
        resource.Cache.Apply(new StoreEvents("configmaps", [Event(1, "first", StoreEventType.Created, "red")]));
        await using var slow = Watch.RunAsync(resource, resource.Cache.State!, new WatchOptions(Red(resource), 0, false, false, false), CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await slow.MoveNextAsync());
        for (var i = 2; i <= 30; i++)
        {
            resource.Cache.Apply(new StoreEvents("configmaps", [Event(i, $"n{i}", StoreEventType.Created, "red")]));
        }

        var gone = await Assert.ThrowsAsync<ApiException>(async () => await slow.MoveNextAsync());
        Assert.True(gone.IsGone);
        Assert.Single(await ReadAsync(resource, new WatchOptions(Red(resource), 29, false, false, false), s => s.Count == 1));
    }

    [Fact]
    public async Task A_snapshot_with_changes_in_between_ends_watches()
    {
        var resource = Serve();
        resource.Cache.Apply(new StoreSnapshot("configmaps", 3, []));
        var reading = ReadAsync(resource, new WatchOptions(Red(resource), 3, false, false, false), _ => false);
        resource.Cache.Apply(new StoreSnapshot("configmaps", 3, []));
        Assert.False(reading.IsCompleted);
        resource.Cache.Apply(new StoreSnapshot("configmaps", 4, [new StoredObject("default/a", 4, Json("a", "red"))]));
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => reading)).IsGone);
    }
}
