using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>What a pod asks of its node, as the scheduler counts it.</summary>
internal static class PodResources
{
    /// <summary>
    /// Containers run at once, so theirs add up; init containers run one after the other before them, so the greatest counts,
    /// together with the sidecars that were started before it.
    /// </summary>
    /// <param name="pod">The pod.</param>
    /// <param name="list"><c>requests</c> or <c>limits</c>.</param>
    /// <param name="resource">Such as <c>cpu</c>.</param>
    public static Quantity Of(JsonNode pod, string list, string resource)
    {
        var spec = pod.At("spec");
        var running = Sum(spec.List("containers"), list, resource);
        var (sidecars, start) = (Quantity.Zero, Quantity.Zero);
        foreach (var init in spec.List("initContainers"))
        {
            var own = Amount(init, list, resource);
            if (init.Text("restartPolicy") == "Always")
                sidecars += own;
            var needed = init.Text("restartPolicy") == "Always" ? sidecars : sidecars + own;
            start = needed > start ? needed : start;
        }

        running += sidecars;
        var total = start > running ? start : running;
        // A pod without a limit has none with its overhead either.
        return list == "limits" && total.IsZero ? total : total + Amount(spec.At("overhead").Text(resource));
    }

    /// <summary>A part of a whole in percent, rounded down.</summary>
    public static long Percent(Quantity part, Quantity whole) => whole.IsZero ? 0 : (long)(part.ToDouble() / whole.ToDouble() * 100);

    private static Quantity Sum(IReadOnlyList<JsonNode> containers, string list, string resource) =>
        containers.Aggregate(Quantity.Zero, (sum, c) => sum + Amount(c, list, resource));

    private static Quantity Amount(JsonNode container, string list, string resource) => Amount(container.Text("resources", list, resource));

    private static Quantity Amount(string text) => Quantity.TryParse(text, out var quantity) ? quantity : Quantity.Zero;
}
