using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Top;

/// <summary>The rows of <c>top</c>, as kubectl has them: CPU in thousandths of a core, rounded up, memory in whole MiB. Pure.</summary>
internal static class TopRows
{
    private const long Mebibyte = 1 << 20;

    /// <summary>Nodes, with what part of their CPU and memory that is. A node of which nothing is known is unknown.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="metrics">NodeMetrics.</param>
    /// <param name="of"><c>allocatable</c> or <c>capacity</c>.</param>
    /// <param name="sortBy"><c>cpu</c>, <c>memory</c>, or null for their names.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Nodes(IEnumerable<JsonNode> nodes, IEnumerable<JsonNode> metrics, string of, string? sortBy)
    {
        var available = nodes.ToDictionary(n => n.Text("metadata", "name"), n => (Cpu: Amount(n, "status", of, "cpu"), Memory: Amount(n, "status", of, "memory")), StringComparer.Ordinal);
        var known = metrics.Where(m => available.ContainsKey(m.Text("metadata", "name")))
            .Select(m => new Used("", m.Text("metadata", "name"), "", Amount(m, "usage", "cpu"), Amount(m, "usage", "memory"))).ToList();
        var rows = Sorted(known, sortBy).Select(u => (IReadOnlyList<string>)
            [u.Name, Cpu(u), Part(u.Cpu, available[u.Name].Cpu), Memory(u), Part(u.Memory, available[u.Name].Memory)]);
        var unknown = available.Keys.Except(known.Select(u => u.Name)).Order(StringComparer.Ordinal).Select(n => (IReadOnlyList<string>)[n, "<unknown>", "<unknown>", "<unknown>", "<unknown>"]);
        return [.. rows, .. unknown];
    }

    /// <summary>Pods, or their containers.</summary>
    /// <param name="metrics">PodMetrics.</param>
    /// <param name="byContainer">Whether each container has a row.</param>
    /// <param name="withNamespace">Whether the first column is the namespace.</param>
    /// <param name="sortBy"><c>cpu</c>, <c>memory</c>, or null for their names.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Pods(IEnumerable<JsonNode> metrics, bool byContainer, bool withNamespace, string? sortBy) =>
    [
        .. Sorted(metrics.Select(Pod), sortBy).SelectMany(pod => byContainer ? Sorted(pod.Containers, sortBy).Select(c => (pod, Used: c)) : [(pod, Used: pod)])
            .Select(r => (IReadOnlyList<string>)[.. withNamespace ? [r.pod.Namespace] : (string[])[], r.pod.Name, .. byContainer ? [r.Used.Container] : (string[])[], Cpu(r.Used), Memory(r.Used)]),
    ];

    private sealed record Used(string Namespace, string Name, string Container, Quantity Cpu, Quantity Memory)
    {
        public IReadOnlyList<Used> Containers { get; init; } = [];
    }

    private static Used Pod(JsonNode metrics)
    {
        var (ns, name) = (metrics.Text("metadata", "namespace"), metrics.Text("metadata", "name"));
        var containers = metrics.List("containers").Select(c => new Used(ns, name, c.Text("name"), Amount(c, "usage", "cpu"), Amount(c, "usage", "memory"))).ToList();
        return new Used(ns, name, "", containers.Aggregate(Quantity.Zero, (sum, c) => sum + c.Cpu), containers.Aggregate(Quantity.Zero, (sum, c) => sum + c.Memory)) { Containers = containers };
    }

    private static IEnumerable<Used> Sorted(IEnumerable<Used> all, string? sortBy) => sortBy switch
    {
        "cpu" => all.OrderByDescending(u => u.Cpu.MilliValue),
        "memory" => all.OrderByDescending(u => u.Memory.Value),
        _ => all.OrderBy(u => u.Namespace, StringComparer.Ordinal).ThenBy(u => u.Name, StringComparer.Ordinal).ThenBy(u => u.Container, StringComparer.Ordinal),
    };

    private static Quantity Amount(JsonNode node, params ReadOnlySpan<string> path) => Quantity.TryParse(node.Text(path), out var amount) ? amount : Quantity.Zero;

    private static string Cpu(Used used) => string.Create(CultureInfo.InvariantCulture, $"{used.Cpu.MilliValue}m");

    private static string Memory(Used used) => string.Create(CultureInfo.InvariantCulture, $"{used.Memory.Value / Mebibyte}Mi");

    private static string Part(Quantity used, Quantity available) =>
        available.IsZero ? "<unknown>" : string.Create(CultureInfo.InvariantCulture, $"{(long)(used.MilliValue / (double)available.MilliValue * 100)}%");
}
