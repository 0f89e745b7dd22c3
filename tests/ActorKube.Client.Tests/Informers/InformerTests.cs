using ActorKube.Client.Informers;
using ActorKube.Client.Tests.Fakes;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CsCheck;
using k8s.Models;

namespace ActorKube.Client.Tests.Informers;

public class InformerTests() : TestKit("""
    akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
    akka.test { default-timeout = 20s, single-expect-default = 20s }
    """)
{
    private readonly FakeApi _api = new();

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Tells_what_is_there_then_that_it_has_synced_then_changes()
    {
        _api.Add(ConfigMap("a"));
        var informer = Informer();
        informer.Subscribe(TestActor);

        Assert.Equal("a", ExpectMsg<ResourceAdded<V1ConfigMap>>().Object.Metadata.Name);
        ExpectMsg<InformerSynced<V1ConfigMap>>();
        await informer.Synced;

        _api.Add(ConfigMap("b"));
        ExpectMsg<ResourceAdded<V1ConfigMap>>();
        Assert.NotNull(informer.Lister.Get("default", "b"));
        _api.Change<V1ConfigMap>("b", c => c.Data = new Dictionary<string, string> { ["k"] = "v" });
        var update = ExpectMsg<ResourceUpdated<V1ConfigMap>>();
        Assert.Null(update.Old.Data);
        Assert.Equal("v", update.New.Data["k"]);
        _api.Purge<V1ConfigMap>("b");
        ExpectMsg<ResourceDeleted<V1ConfigMap>>();
        Assert.Null(informer.Lister.Get("default", "b"));
    }

    [Fact]
    public async Task A_late_subscriber_is_told_everything()
    {
        _api.Add(ConfigMap("a"));
        var informer = Informer();
        await informer.Synced;

        informer.Subscribe(TestActor);

        ExpectMsg<ResourceAdded<V1ConfigMap>>();
        ExpectMsg<InformerSynced<V1ConfigMap>>();
    }

    [Fact]
    public async Task Goes_on_from_the_last_version_after_the_connection_broke()
    {
        var informer = await Synced();
        ExpectMsg<InformerSynced<V1ConfigMap>>();
        _api.BreakWatches();
        _api.Add(ConfigMap("missed"));

        AdvanceUntil(() => informer.Lister.Get("default", "missed") is not null);

        ExpectMsg<ResourceAdded<V1ConfigMap>>();
        Assert.Single(_api.Requests, r => r.Verb == "list");
    }

    [Fact]
    public async Task Lists_again_and_tells_the_difference_when_its_version_is_too_old()
    {
        _api.Add(ConfigMap("kept"));
        _api.Add(ConfigMap("changed"));
        _api.Add(ConfigMap("deleted"));
        _api.Add(ConfigMap("replaced"));
        var informer = await Synced();
        for (var i = 0; i < 4; i++)
            ExpectMsg<ResourceAdded<V1ConfigMap>>();
        ExpectMsg<InformerSynced<V1ConfigMap>>();

        _api.BreakWatches();
        _api.Purge<V1ConfigMap>("deleted");
        _api.Purge<V1ConfigMap>("replaced");
        _api.Add(ConfigMap("replaced"));
        _api.Change<V1ConfigMap>("changed", c => c.Data = new Dictionary<string, string> { ["k"] = "v" });
        _api.Add(ConfigMap("new"));
        _api.Compact();
        AdvanceUntil(() => informer.Lister.Get("default", "new") is not null);

        var told = ReceiveN(5).Select(m => m switch
        {
            ResourceDeleted<V1ConfigMap> d => $"deleted {d.Object.Metadata.Name}",
            ResourceAdded<V1ConfigMap> a => $"added {a.Object.Metadata.Name}",
            ResourceUpdated<V1ConfigMap> u => $"updated {u.New.Metadata.Name}",
            _ => m.ToString()!,
        }).ToList();
        Assert.Equal(["deleted deleted", "updated changed", "added new", "deleted replaced", "added replaced"], told);
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_bookmark_moves_the_version_to_go_on_from()
    {
        var informer = await Synced();
        ExpectMsg<InformerSynced<V1ConfigMap>>();
        _api.Add(new V1Secret { Metadata = new V1ObjectMeta { Name = "other", NamespaceProperty = "default" } });
        _api.Bookmark();
        _api.Add(ConfigMap("seen"));
        ExpectMsg<ResourceAdded<V1ConfigMap>>();
        _api.Bookmark();
        _api.Compact();
        _api.BreakWatches();

        AdvanceUntil(() => _api.OpenWatches == 1);
        _api.Add(ConfigMap("after"));

        ExpectMsg<ResourceAdded<V1ConfigMap>>();
        Assert.Single(_api.Requests, r => r.Verb == "list");
        Assert.Equal(2, informer.Lister.List().Count);
    }

    [Fact]
    public async Task Tries_again_with_growing_waits_while_the_server_cannot_be_reached()
    {
        _api.FailNext(3);
        var informer = Informer();
        AwaitCondition(() => _api.Requests.Count == 1);

        AdvanceUntil(() => informer.HasSynced);

        await informer.Synced;
        Assert.Equal(4, _api.Requests.Count);
    }

    [Fact]
    public async Task Finds_objects_by_index_and_forgets_keys_that_no_longer_hold()
    {
        _api.Add(ConfigMap("a", "red"));
        var informer = await Synced();
        informer.AddIndex("colour", c => c.Metadata.Labels is { } l && l.TryGetValue("colour", out var colour) ? [colour] : []);
        Assert.Single(informer.Lister.ByIndex("colour", "red"));

        _api.Add(ConfigMap("b", "red"));
        _api.Change<V1ConfigMap>("a", c => c.Metadata.Labels["colour"] = "blue");
        FishForMessage(m => m is ResourceUpdated<V1ConfigMap>);

        Assert.Equal(["b"], informer.Lister.ByIndex("colour", "red").Select(c => c.Metadata.Name));
        Assert.Equal(["a"], informer.Lister.ByIndex("colour", "blue").Select(c => c.Metadata.Name));
        Assert.Empty(informer.Lister.ByIndex("colour", "green"));
    }

    [Fact]
    public void The_same_selection_shares_one_informer()
    {
        var factory = new InformerFactory(Sys, _api.Client);
        Assert.Same(factory.Informer<V1Pod>(), factory.Informer<V1Pod>());
        Assert.NotSame(factory.Informer<V1Pod>(), factory.Informer<V1Pod>(fieldSelector: "spec.nodeName=n1"));
    }

    [Fact]
    public void The_told_changes_rebuild_the_objects_whatever_happens_between_lists() => Gen.Select(Gen.Int[0, 6], Gen.Int[0, 3]).Array[0, 12].Array[1, 5].Sample(rounds =>
    {
        var cache = new InformerCache<V1ConfigMap>();
        var rebuilt = new Dictionary<string, V1ConfigMap>();
        var version = 0;
        foreach (var round in rounds)
        {
            var items = round.DistinctBy(r => r.Item1).Select(r =>
            {
                var map = ConfigMap($"m{r.Item1}");
                map.Metadata.Uid = $"u{r.Item2}";
                map.Metadata.ResourceVersion = $"{++version}";
                return map;
            }).ToList();
            foreach (var change in cache.Replace(items))
            {
                switch (change)
                {
                    case ResourceAdded<V1ConfigMap> added:
                        Assert.True(rebuilt.TryAdd(added.Object.Metadata.Name, added.Object));
                        break;
                    case ResourceUpdated<V1ConfigMap> updated:
                        Assert.Same(rebuilt[updated.Old.Metadata.Name], updated.Old);
                        Assert.Equal(updated.Old.Metadata.Uid, updated.New.Metadata.Uid);
                        rebuilt[updated.New.Metadata.Name] = updated.New;
                        break;
                    case ResourceDeleted<V1ConfigMap> deleted:
                        Assert.True(rebuilt.Remove(deleted.Object.Metadata.Name));
                        break;
                }
            }

            Assert.Equal(items.Select(i => i.Metadata.ResourceVersion).Order(), rebuilt.Values.Select(i => i.Metadata.ResourceVersion).Order());
            Assert.Equal(items.Count, cache.List("default").Count);
        }
    });

    private IInformer<V1ConfigMap> Informer() =>
        new InformerFactory(Sys, _api.Client, new InformerOptions { Random = new Random(1) }).Informer<V1ConfigMap>();

    private async Task<IInformer<V1ConfigMap>> Synced()
    {
        var informer = Informer();
        informer.Subscribe(TestActor);
        await informer.Synced;
        AwaitCondition(() => _api.OpenWatches == 1);
        return informer;
    }

    private void AdvanceUntil(Func<bool> condition) => AwaitCondition(() =>
    {
        Clock.Advance(TimeSpan.FromMilliseconds(100));
        return condition();
    }, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(10));

    private static V1ConfigMap ConfigMap(string name, string? colour = null) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = "default",
            Labels = colour is null ? null : new Dictionary<string, string> { ["colour"] = colour },
        },
    };
}
