using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.Describe;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Logs;

/// <summary>Finds the pods and containers that <c>logs</c> and <c>exec</c> mean.</summary>
internal static class PodTargets
{
    private const string DefaultContainer = "kubectl.kubernetes.io/default-container";

    /// <summary>The kind.</summary>
    public static ResourceKind Pods { get; } = KindRegistry.BuiltIn.Find("", "v1", "pods")!;

    /// <summary>A pod by its name, or the best of those that a Deployment, ReplicaSet, Service or another owner of a selector selects.</summary>
    public static async Task<JsonObject> FindAsync(CliSession session, IReadOnlyList<ResourceArgument> words, CancellationToken cancellation)
    {
        var pods = await FindAllAsync(session, words, cancellation);
        if (pods.Count > 1)
            await Console.Error.WriteLineAsync($"Found {pods.Count} pods, using pod/{pods[0].Text("metadata", "name")}");
        return pods[0];
    }

    /// <summary>A pod by its name, or all that something selects, those that most likely have something to say first.</summary>
    public static async Task<IReadOnlyList<JsonObject>> FindAllAsync(CliSession session, IReadOnlyList<ResourceArgument> words, CancellationToken cancellation)
    {
        var argument = words switch
        {
            [{ Name: null } pod] => new ResourceArgument("pods", pod.Type),
            [var one] => one,
            _ => throw new CliException("only one pod, or one TYPE/NAME, can be named"),
        };
        var kind = await session.Kinds.FindAsync(argument.Type, cancellation);
        var value = await session.SendAsync(session.Request("get", kind, argument.Name!), cancellation);
        if (kind == Pods)
            return [value];
        var pods = (await ListAsync(session, SelectorOf(kind, value), cancellation)).Order(Comparer<JsonObject>.Create(Compare)).ToList();
        return pods.Count > 0 ? pods : throw new CliException($"no pods found of {new ResourceName(kind, argument.Name)}");
    }

    /// <summary>The pods with these labels, in the server's order.</summary>
    public static async Task<IReadOnlyList<JsonObject>> ListAsync(CliSession session, string selector, CancellationToken cancellation)
    {
        var list = await session.SendAsync(session.Request("list", Pods, query: ("labelSelector", selector)), cancellation);
        return ObjectPrinter.ItemsOf(list, Pods);
    }

    /// <summary>All containers, with what they are where they are no regular ones.</summary>
    public static IReadOnlyList<(string Name, string Note)> ContainersOf(JsonObject pod) =>
    [
        .. pod.List("spec", "containers").Select(c => (c.Text("name"), "")),
        .. pod.List("spec", "initContainers").Select(c => (c.Text("name"), " (init)")),
        .. pod.List("spec", "ephemeralContainers").Select(c => (c.Text("name"), " (ephem)")),
    ];

    /// <summary>The container to use: the one named, the annotated default, or the first.</summary>
    public static async Task<string> ContainerAsync(JsonObject pod, string? named, bool quiet = false)
    {
        var containers = ContainersOf(pod);
        if (!string.IsNullOrEmpty(named))
            return containers.Any(c => c.Name == named) ? named : throw new CliException($"container {named} is not valid for pod {pod.Text("metadata", "name")}");
        var annotated = pod.Text("metadata", "annotations", DefaultContainer);
        if (containers.Any(c => c.Name == annotated))
            return annotated;
        if (containers.Count > 1 && !quiet)
            await Console.Error.WriteLineAsync($"Defaulted container \"{containers[0].Name}\" out of: {string.Join(", ", containers.Select(c => c.Name + c.Note))}");
        return containers[0].Name;
    }

    private static string SelectorOf(ResourceKind kind, JsonObject value)
    {
        var selector = kind.GroupResource is "services" or "replicationcontrollers"
            ? value.Map("spec", "selector") is { Count: > 0 } pairs ? DescribeText.Pairs(pairs) : ""
            : value.At("spec", "selector") is JsonObject labels ? DescribeText.Selector(labels) : "";
        return selector is "" or "<none>" ? throw new CliException($"cannot find the pods of {kind.Singular} \"{value.Text("metadata", "name")}\": it has no selector") : selector;
    }

    // Running before pending before the rest, ready before not, the longest running first.
    private static int Compare(JsonObject a, JsonObject b)
    {
        var order = Phase(a).CompareTo(Phase(b));
        if (order == 0)
            order = IsReady(b).CompareTo(IsReady(a));
        return order != 0 ? order : string.CompareOrdinal(a.Text("metadata", "creationTimestamp") + a.Text("metadata", "name"), b.Text("metadata", "creationTimestamp") + b.Text("metadata", "name"));
    }

    private static int Phase(JsonObject pod) => pod.Text("status", "phase") switch
    {
        "Running" => 0,
        "Pending" => 1,
        _ => 2,
    };

    private static bool IsReady(JsonObject pod) => pod.List("status", "conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True");
}
