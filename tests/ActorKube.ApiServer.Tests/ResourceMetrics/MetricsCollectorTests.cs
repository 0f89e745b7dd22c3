using System.Collections.Concurrent;
using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.ResourceMetrics;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorKube.ApiServer.Tests.ResourceMetrics;

public sealed class MetricsCollectorTests : IDisposable
{
    private readonly Clock _time = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly ConcurrentDictionary<string, bool> _broken = new();
    private readonly MetricsCollector _collector;

    public MetricsCollectorTests() => _collector = new MetricsCollector(Ask, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(60), _time, NullLogger<MetricsCollector>.Instance);

    public void Dispose() => _collector.Dispose();

    [Fact]
    public async Task All_kubelets_are_asked_at_once_and_not_again_within_the_resolution()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _collector.CollectAsync(Nodes("a", "b"), default)));
        _time.Advance(TimeSpan.FromSeconds(14));
        Assert.Same(all[0], await _collector.CollectAsync(Nodes("a", "b"), default));
        Assert.Equal(["a", "b"], _asked.Order());
        Assert.Equal(1UL, all[0].Node("a")!.NanoCores);
        Assert.Null(all[0].Node("c"));
        _time.Advance(TimeSpan.FromSeconds(1));
        await _collector.CollectAsync(Nodes("a", "b"), default);
        Assert.Equal(4, _asked.Count);
    }

    [Fact]
    public async Task What_a_kubelet_said_counts_for_a_minute_when_it_does_not_answer()
    {
        await _collector.CollectAsync(Nodes("a", "b"), default);
        _broken["a"] = true;
        _time.Advance(TimeSpan.FromSeconds(45));
        Assert.NotNull((await _collector.CollectAsync(Nodes("a", "b"), default)).Node("a"));
        _time.Advance(TimeSpan.FromSeconds(15));
        var later = await _collector.CollectAsync(Nodes("a", "b"), default);
        Assert.Null(later.Node("a"));
        Assert.NotNull(later.Node("b"));
    }

    [Fact]
    public async Task A_pod_of_the_same_name_is_not_the_one_that_was_measured()
    {
        var collection = await _collector.CollectAsync(Nodes("a"), default);
        Assert.NotNull(collection.Pod(new V1ObjectMeta { Name = "web", NamespaceProperty = "default", Uid = "u1" }));
        Assert.Null(collection.Pod(new V1ObjectMeta { Name = "web", NamespaceProperty = "default", Uid = "u2" }));
    }

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

        public void Advance(TimeSpan by) => _now += by;

        public override DateTimeOffset GetUtcNow() => _now;
    }

    private static List<V1Node> Nodes(params string[] names) => [.. names.Select(n => new V1Node { Metadata = new V1ObjectMeta { Name = n } })];

    private Task<ReadOnlyMemory<byte>> Ask(V1Node node, string path, CancellationToken cancelled)
    {
        _asked.Enqueue(node.Metadata.Name);
        return _broken.ContainsKey(node.Metadata.Name)
            ? Task.FromException<ReadOnlyMemory<byte>>(ApiError.Internal("broken"))
            : Task.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes("""
                {"node":{"cpu":{"time":"2026-01-31T12:00:00Z","usageNanoCores":1},"memory":{"workingSetBytes":1}},
                 "pods":[{"podRef":{"name":"web","namespace":"default","uid":"u1"},"containers":[{"name":"c","cpu":{"time":"2026-01-31T12:00:00Z","usageNanoCores":1},"memory":{"workingSetBytes":1}}]}]}
                """));
    }
}
