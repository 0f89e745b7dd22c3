using System.Text;
using ActorKube.Api.Kinds;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;
using ActorKube.Store.Protocol;
using CsCheck;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.WatchCache;

public sealed class SleepersTests
{
    private static readonly Cause Cause = new("test", "update", "test", 0);

    private sealed record Step(int Name, int Node, bool Remove);

    private static readonly Gen<Step[]> History = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 3], Gen.Bool).Select((name, node, remove) => new Step(name, node, remove)).Array[1, 60];

    [Fact]
    public void Each_watch_sees_what_concerns_it_in_order_however_it_is_found_and_however_long_it_slept() =>
        Gen.Select(History, Gen.Int[1, 5]).Sample((steps, size) =>
        {
            var resource = Serve(history: 8);
            resource.Cache.Apply(new StoreSnapshot("pods", 0, []));
            var selections = new[]
            {
                Selection.Create(resource.Strategy, "", null, null),
                Selection.Create(resource.Strategy, "", null, "spec.nodeName=n1"),
                Selection.Create(resource.Strategy, "default", null, "spec.nodeName=n2,status.phase!=Failed"),
                Selection.Create(resource.Strategy, "", null, "spec.nodeName!=n1"),
                Selection.Create(resource.Strategy, "default", null, "metadata.name=p3"),
                Selection.Create(resource.Strategy, "elsewhere", null, null),
            };
            var watches = selections.Select(s => new Reader(resource, s)).ToList();
            var events = Play(steps);
            foreach (var batch in events.Chunk(size))
            {
                resource.Cache.Apply(new StoreEvents("pods", batch));
                // Every watch reads before the next batch comes: what slept through more than the log holds must still not have missed anything.
                watches.ForEach(w => w.CatchUp(resource.Cache.State!));
            }

            for (var i = 0; i < selections.Length; i++)
                Assert.Equal(Expected(events, i), watches[i].Seen);
        }, iter: 200, threads: 1);

    // What each of the selections above should see.
    private static List<string> Expected(List<StoreEvent> events, int selection)
    {
        var (seen, nodes) = (new List<string>(), new Dictionary<string, string>());
        foreach (var change in events)
        {
            var (name, node) = (change.Key["default/".Length..], NodeOf(change));
            var before = nodes.TryGetValue(name, out var old) && IsSelected(name, old);
            var after = change.Type != StoreEventType.Removed && IsSelected(name, node);
            if (before || after)
                seen.Add($"{(before, after) switch { (false, true) => "ADDED", (true, true) => "MODIFIED", _ => "DELETED" }} {name} {change.Revision + 1}");
            if (change.Type == StoreEventType.Removed)
                nodes.Remove(name);
            else
                nodes[name] = node;
        }

        return seen;

        bool IsSelected(string name, string node) => selection switch { 0 => true, 1 => node == "n1", 2 => node == "n2", 3 => node != "n1", 4 => name == "p3", _ => false };
    }

    private static string NodeOf(StoreEvent change) => Encoding.UTF8.GetString(change.Value.Span).Split("\"nodeName\":\"")[1].Split('"')[0];

    private static List<StoreEvent> Play(Step[] steps)
    {
        var (events, nodes) = (new List<StoreEvent>(), new Dictionary<string, int>());
        foreach (var step in steps)
        {
            var name = $"p{step.Name}";
            if (step.Remove && nodes.Remove(name, out var last))
                events.Add(Event(events.Count + 1, name, StoreEventType.Removed, last));
            else if (!step.Remove)
            {
                events.Add(Event(events.Count + 1, name, nodes.ContainsKey(name) ? StoreEventType.Updated : StoreEventType.Created, step.Node));
                nodes[name] = step.Node;
            }
        }

        return events;
    }

    private static StoreEvent Event(long revision, string name, StoreEventType type, int node) => new(
        revision, $"default/{name}", type, Encoding.UTF8.GetBytes($$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}","namespace":"default"},"spec":{"containers":[],"nodeName":"n{{{node}}}"}}"""), Cause);

    private static ServedResource Serve(int history)
    {
        var kind = KindRegistry.BuiltIn.Of<V1Pod>();
        return new ServedResource
        {
            Kind = kind,
            Strategy = StrategyRegistry.BuiltIn.Of(kind),
            Cache = new ResourceCache("pods", typeof(V1Pod), history, TimeProvider.System),
            Revisions = new RevisionReader("pods", Akka.Actor.ActorRefs.Nobody, TimeSpan.FromSeconds(1)),
        };
    }

    // Drives a watch by hand: it is asleep between two calls.
    private sealed class Reader
    {
        private readonly ServedResource _resource;
        private readonly Selection _selection;
        private readonly WatchCursor _cursor;
        private ValueTask _sleep;

        public Reader(ServedResource resource, Selection selection)
        {
            (_resource, _selection) = (resource, selection);
            _cursor = new WatchCursor(selection, resource.Cache.State!.Log, resource.Cache.State.NextPosition);
            _sleep = resource.Cache.SleepAsync(_cursor);
        }

        public List<string> Seen { get; } = [];

        public void CatchUp(CacheState state)
        {
            if (!_sleep.IsCompleted)
                return;
            for (; _cursor.Position < state.NextPosition; _cursor.Position++)
            {
                var change = _cursor.Log.Read(_cursor.Position);
                Assert.NotNull(change);
                if (Watch.ToEvent(_resource, change, _selection) is { } seen)
                    Seen.Add($"{seen.Type} {seen.Object.Metadata.Name} {seen.Object.Metadata.ResourceVersion}");
            }

            _sleep = _resource.Cache.SleepAsync(_cursor);
        }
    }
}
