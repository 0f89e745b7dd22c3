using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace ActorKube.ApiServer.ResourceMetrics;

/// <summary>What a node and its pods used, as its kubelet says. Immutable.</summary>
/// <param name="Node">The node itself; null when the kubelet does not know yet.</param>
/// <param name="Pods">Its pods whose usage is known.</param>
internal sealed record NodeSummary(Measure? Node, ImmutableArray<PodMeasure> Pods)
{
    // Kubelets that do not say over which time they measured do so over that of their housekeeping.
    private static readonly TimeSpan UsualWindow = TimeSpan.FromSeconds(10);

    /// <summary>Reads the answer of a kubelet's <c>/stats/summary</c>, ours or Kubernetes'. A pod counts when CPU and memory of all its containers are known.</summary>
    /// <exception cref="JsonException">It is no such answer.</exception>
    public static NodeSummary Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var pods = ImmutableArray.CreateBuilder<PodMeasure>();
        foreach (var pod in Items(root, "pods"))
        {
            var containers = Items(pod, "containers").Select(c => (Name: Text(c, "name"), Measure: MeasureOf(c))).ToList();
            if (containers.Count > 0 && containers.All(c => c.Measure is not null) && pod.TryGetProperty("podRef", out var reference))
            {
                pods.Add(new PodMeasure(Text(reference, "namespace"), Text(reference, "name"), Text(reference, "uid"), [.. containers.Select(c => new ContainerMeasure(c.Name, c.Measure!))]));
            }
        }

        return new NodeSummary(root.TryGetProperty("node", out var node) ? MeasureOf(node) : null, pods.ToImmutable());
    }

    private static Measure? MeasureOf(JsonElement of)
    {
        if (!of.TryGetProperty("cpu", out var cpu) || !of.TryGetProperty("memory", out var memory) || Number(cpu, "usageNanoCores") is not { } cores || Number(memory, "workingSetBytes") is not { } bytes
            || !DateTimeOffset.TryParse(Text(cpu, "time"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return null;
        }

        var window = cpu.TryGetProperty("windowSeconds", out var seconds) && seconds.TryGetDouble(out var told) ? TimeSpan.FromSeconds(told) : UsualWindow;
        return new Measure(time, window, cores, bytes);
    }

    private static IEnumerable<JsonElement> Items(JsonElement of, string name) =>
        of.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : [];

    private static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";

    private static ulong? Number(JsonElement of, string name) => of.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetUInt64(out var value) ? value : null;
}

/// <summary>CPU and memory at a time.</summary>
/// <param name="Time">When.</param>
/// <param name="Window">The time up to then over which CPU was measured.</param>
/// <param name="NanoCores">CPU in billionths of a core.</param>
/// <param name="WorkingSetBytes">Memory.</param>
internal sealed record Measure(DateTimeOffset Time, TimeSpan Window, ulong NanoCores, ulong WorkingSetBytes);

/// <summary>What a pod's containers used.</summary>
internal sealed record PodMeasure(string Namespace, string Name, string Uid, ImmutableArray<ContainerMeasure> Containers);

/// <summary>What a container used.</summary>
internal sealed record ContainerMeasure(string Name, Measure Measure);
