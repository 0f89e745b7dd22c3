using System.Collections.Frozen;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Endpoints;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer.ResourceMetrics;

/// <summary>
/// Collects from all kubelets what nodes and pods use, when somebody asks and what is at hand is older than <paramref name="resolution"/>. Kubelets measure by themselves,
/// so each API server can answer at once, and one that nobody asks does nothing. What a kubelet said counts for a minute when it does not answer.
/// </summary>
/// <param name="ask">Gets a path of a node's kubelet.</param>
/// <param name="resolution">How old an answer may be.</param>
/// <param name="patience">How long a kubelet may take.</param>
/// <param name="time">Clock.</param>
/// <param name="log">Where it logs.</param>
internal sealed class MetricsCollector(
    Func<V1Node, string, CancellationToken, Task<ReadOnlyMemory<byte>>> ask, TimeSpan resolution, TimeSpan patience, TimeProvider time, ILogger<MetricsCollector> log) : IDisposable
{
    private const string Path = "/stats/summary?only_cpu_and_memory=true";
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopped = new();
    private Task<Collection>? _latest;
    private DateTimeOffset _started;

    /// <summary>What the nodes' kubelets said.</summary>
    public async Task<Collection> CollectAsync(IReadOnlyList<V1Node> nodes, CancellationToken cancellationToken)
    {
        Task<Collection> latest;
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (_latest is null || now - _started >= resolution)
            {
                var before = _latest is { IsCompletedSuccessfully: true } done ? done.Result : Collection.Empty;
                (_latest, _started) = (Task.Run(() => AskAllAsync(nodes, before, now), CancellationToken.None), now);
            }

            latest = _latest;
        }

        return await latest.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private async Task<Collection> AskAllAsync(IReadOnlyList<V1Node> nodes, Collection before, DateTimeOffset now)
    {
        var answers = await Task.WhenAll(nodes.Select(n => AskAsync(n, before.Answers.GetValueOrDefault(n.Metadata.Name), now))).ConfigureAwait(false);
        return new Collection(answers.OfType<NodeAnswer>().ToFrozenDictionary(a => a.Node, StringComparer.Ordinal));
    }

    private async Task<NodeAnswer?> AskAsync(V1Node node, NodeAnswer? before, DateTimeOffset now)
    {
        var name = node.Metadata.Name;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopped.Token);
            limit.CancelAfter(patience);
            return new NodeAnswer(name, now, NodeSummary.Read(await ask(node, Path, limit.Token).ConfigureAwait(false)));
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException or HttpRequestException or IOException or System.Text.Json.JsonException)
        {
            log.LogDebug("The kubelet of node {Node} does not say what it uses: {Reason}", name, e.Message);
            return before is not null && now - before.Time < Memory ? before : null;
        }
    }
}

/// <summary>What a node's kubelet said.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Time">When it was asked.</param>
/// <param name="Summary">What it said.</param>
internal sealed record NodeAnswer(string Node, DateTimeOffset Time, NodeSummary Summary);

/// <summary>What kubelets said, by node. Immutable.</summary>
internal sealed class Collection(FrozenDictionary<string, NodeAnswer> answers)
{
    private readonly FrozenDictionary<(string Namespace, string Name), PodMeasure> _pods = answers.Values.SelectMany(a => a.Summary.Pods)
        .GroupBy(p => (p.Namespace, p.Name)).ToFrozenDictionary(g => g.Key, g => g.MaxBy(p => p.Containers.Max(c => c.Measure.Time))!);

    /// <summary>Nothing.</summary>
    public static Collection Empty { get; } = new(FrozenDictionary<string, NodeAnswer>.Empty);

    /// <summary>The answers by node.</summary>
    public FrozenDictionary<string, NodeAnswer> Answers => answers;

    /// <summary>What a node uses; null when it is not known.</summary>
    public Measure? Node(string name) => answers.GetValueOrDefault(name)?.Summary.Node;

    /// <summary>What a pod uses; null when it is not known, or only of another pod that had the name before.</summary>
    public PodMeasure? Pod(V1ObjectMeta pod) =>
        _pods.GetValueOrDefault((pod.NamespaceProperty, pod.Name)) is { } measure && (measure.Uid.Length == 0 || measure.Uid == pod.Uid) ? measure : null;
}
