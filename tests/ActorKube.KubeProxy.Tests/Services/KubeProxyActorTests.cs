using System.Collections.Concurrent;
using ActorKube.KubeProxy.Services;
using ActorKube.Tests;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests.Services;

public sealed class KubeProxyActorTests : TestKit
{
    private readonly FakeInformers _informers = new();
    private readonly FakeNft _nft = new();
    private readonly FakeLock _lock = new();

    public KubeProxyActorTests() : base("akka.loglevel = OFF")
    {
    }

    [Fact]
    public void Writes_nothing_before_it_knows_all_Services_then_everything_at_once()
    {
        Start();
        _informers.Of<V1Service>().Put(Some.Service("web", "10.96.0.10"));
        _informers.Of<V1Service>().Sync();
        _informers.Of<V1EndpointSlice>().Put(Some.Slice("web", 8080, "10.244.0.2"));
        Assert.False(_nft.Scripts.TryTake(out _, 100));

        _informers.Of<V1EndpointSlice>().Sync();
        _informers.Of<V1Node>().Sync();

        var script = Next();
        Assert.StartsWith("table inet actorkube\ndelete table inet actorkube\n", script);
        Assert.Contains("10.96.0.10 . tcp . 80 : goto vip4-0", script);
    }

    [Fact]
    public void Changes_that_come_while_nft_runs_go_into_one_transaction()
    {
        StartSynced();
        Next();
        var held = _nft.Hold();
        _informers.Of<V1Service>().Put(Some.Service("a", "10.96.0.1"));
        Next();
        _informers.Of<V1Service>().Put(Some.Service("b", "10.96.0.2"));
        _informers.Of<V1Service>().Put(Some.Service("c", "10.96.0.3"));
        Assert.False(_nft.Scripts.TryTake(out _, 100));

        held.SetResult();

        var script = Next();
        Assert.Contains("10.96.0.2 . tcp . 80", script);
        Assert.Contains("10.96.0.3 . tcp . 80", script);
        Assert.DoesNotContain("10.96.0.1 ", script);
    }

    [Fact]
    public void A_refused_change_leads_to_a_full_sync()
    {
        StartSynced();
        Next();
        _nft.Refuse = 1;
        _informers.Of<V1Service>().Put(Some.Service("a", "10.96.0.1"));

        Assert.StartsWith("add element", Next());
        var script = Next();
        Assert.StartsWith("table inet actorkube\ndelete", script);
        Assert.Contains("10.96.0.1 . tcp . 80", script);

        _informers.Of<V1Service>().Put(Some.Service("b", "10.96.0.2"));
        Assert.StartsWith("add element", Next());
    }

    [Fact]
    public void A_refused_full_sync_is_tried_again()
    {
        _nft.Refuse = 1;
        StartSynced();

        Assert.Equal(Next(), Next());
    }

    [Fact]
    public void Stands_by_while_another_proxy_writes_and_takes_over_with_what_holds_then()
    {
        _lock.Free = false;
        StartSynced();
        _informers.Of<V1Service>().Put(Some.Service("a", "10.96.0.1"));
        _informers.Of<V1Service>().Put(Some.Service("b", "10.96.0.2"));
        _informers.Of<V1Service>().Delete("default", "a");
        Assert.False(_nft.Scripts.TryTake(out _, 200));

        _lock.Free = true;

        var script = Next();
        Assert.Contains("10.96.0.2 . tcp . 80", script);
        Assert.DoesNotContain("10.96.0.1 ", script);
    }

    [Fact]
    public void A_table_that_somebody_removed_is_written_again()
    {
        StartSynced();
        Next();
        _nft.Gone = true;

        Assert.StartsWith("table inet actorkube\ndelete", Next());
    }

    [Fact]
    public void A_heartbeat_of_a_node_costs_nothing_and_a_new_range_is_taken_in()
    {
        _informers.Of<V1Node>().Put(Some.Node("n1", "10.0.0.1", "10.244.0.0/24"));
        StartSynced();
        Assert.Contains("set pods4 { type ipv4_addr; flags interval; auto-merge; elements = { 10.244.0.0/24 } }", Next());

        _informers.Of<V1Node>().Put(Some.Node("n1", "10.0.0.1", "10.244.0.0/24").With(n => n.Status.Phase = "beat"));
        Assert.False(_nft.Scripts.TryTake(out _, 100));
        _informers.Of<V1Node>().Put(Some.Node("n2", "10.0.0.2", "10.244.1.0/24"));
        Assert.Equal("add element inet actorkube pods4 { 10.244.1.0/24 }\n", Next());
    }

    [Fact]
    public void One_of_two_locks_of_a_table_is_had_and_the_other_after_it()
    {
        var name = "test-" + Guid.NewGuid().ToString("N");
        using var second = new TableLock(name);
        using (var first = new TableLock(name))
        {
            Assert.True(first.TryTake());
            Assert.True(first.TryTake());
            Assert.False(second.TryTake());
        }

        Assert.True(second.TryTake());
    }

    private void Start() => Sys.ActorOf(KubeProxyActor.Props(
        new KubeProxyServices("n1", _informers, _nft, _lock, TimeProvider.System, (_, _) => null),
        new KubeProxySettings { TakeOverInterval = TimeSpan.FromMilliseconds(50), SyncPeriod = TimeSpan.FromMilliseconds(100), Conntrack = ["true"] }));

    private void StartSynced()
    {
        Start();
        _informers.Of<V1Node>().Sync();
        _informers.Of<V1Service>().Sync();
        _informers.Of<V1EndpointSlice>().Sync();
    }

    private string Next() => _nft.Scripts.TryTake(out var script, TimeSpan.FromSeconds(10)) ? script : throw new TimeoutException("nothing was written");

    private sealed class FakeNft : INftables
    {
        private TaskCompletionSource? _held;

        public BlockingCollection<string> Scripts { get; } = [];

        public int Refuse { get; set; }

        public bool Gone { get; set; }

        public TaskCompletionSource Hold() => _held = new TaskCompletionSource();

        public async Task ApplyAsync(string script, CancellationToken cancellationToken)
        {
            Scripts.Add(script, cancellationToken);
            if (_held is { } held)
            {
                await held.Task;
                _held = null;
            }

            if (Refuse-- > 0)
                throw new NftablesException("no");
        }

        public Task<string?> ListAsync(string arguments, CancellationToken cancellationToken)
        {
            var gone = Gone && arguments.StartsWith("list chain", StringComparison.Ordinal);
            Gone = false;
            return Task.FromResult(gone ? null : "{\"nftables\":[]}");
        }
    }

    private sealed class FakeLock : ITableLock
    {
        public bool Free { get; set; } = true;

        public bool TryTake() => Free;

        public void Dispose()
        {
        }
    }
}
