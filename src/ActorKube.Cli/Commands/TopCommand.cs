using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;
using ActorKube.Cli.Top;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl top</c>: what nodes and pods use, from <c>metrics.k8s.io</c>.</summary>
internal static class TopCommand
{
    private static readonly ResourceKind NodeMetrics = Kind("nodes", "NodeMetrics", false);
    private static readonly ResourceKind PodMetrics = Kind("pods", "PodMetrics", true);

    public static Command Create()
    {
        var command = new KubeCommand("top", "Show what nodes and pods use")
        {
            Group = "Cluster",
            Usage = "(nodes [NAME] | pods [NAME]) [options]",
            Examples = """
                # CPU and memory of the nodes
                akctl top nodes

                # Of all pods, those that use most first
                akctl top pods -A --sort-by=cpu
                """,
        };
        command.Add(Nodes());
        command.Add(Pods());
        return command;
    }

    private static KubeCommand Nodes()
    {
        var (name, selector, sortBy, noHeaders) = (Name(), Flags.Selector(), SortBy(), Flags.Switch("--no-headers", "No headings"));
        var capacity = Flags.Switch("--show-capacity", "Parts of all that the node has, rather than of what pods may have");
        var command = new KubeCommand("nodes", "Show what nodes use") { Usage = "[NAME | -l SELECTOR] [options]", Examples = "akctl top nodes --sort-by=memory" };
        command.Aliases.Add("node");
        command.Aliases.Add("no");
        command.Add(name);
        foreach (var option in new Option[] { selector, sortBy, noHeaders, capacity })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var by = Sorting(parsed.GetValue(sortBy));
            var wanted = parsed.GetValue(name);
            var metrics = await MetricsAsync(session, NodeMetrics, wanted, "", parsed.GetValue(selector), cancellation);
            var kind = KindRegistry.BuiltIn.Find("", "v1", "nodes")!;
            IReadOnlyList<JsonNode> nodes = wanted is null
                ? (await session.SendAsync(session.Request("list", kind, query: ("labelSelector", parsed.GetValue(selector))), cancellation)).List("items")
                : [await session.SendAsync(session.Request("get", kind, wanted), cancellation)];
            Write(parsed.GetValue(noHeaders) ? null : ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"], TopRows.Nodes(nodes, metrics, parsed.GetValue(capacity) ? "capacity" : "allocatable", by));
        });
        return command;
    }

    private static KubeCommand Pods()
    {
        var (name, selector, sortBy, noHeaders, all) = (Name(), Flags.Selector(), SortBy(), Flags.Switch("--no-headers", "No headings"), Flags.AllNamespaces());
        var containers = Flags.Switch("--containers", "A row for each container");
        var command = new KubeCommand("pods", "Show what pods use") { Usage = "[NAME | -l SELECTOR] [options]", Examples = "akctl top pods -l app=web --containers" };
        command.Aliases.Add("pod");
        command.Aliases.Add("po");
        command.Add(name);
        foreach (var option in new Option[] { selector, sortBy, noHeaders, all, containers })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var (everywhere, byContainer, by) = (parsed.GetValue(all), parsed.GetValue(containers), Sorting(parsed.GetValue(sortBy)));
            var metrics = await MetricsAsync(session, PodMetrics, parsed.GetValue(name), everywhere ? "" : session.Namespace, parsed.GetValue(selector), cancellation);
            if (metrics.Count == 0)
            {
                await Console.Error.WriteLineAsync(everywhere ? "No resources found" : $"No resources found in {session.Namespace} namespace.");
                return;
            }

            string[] headings = [.. everywhere ? ["NAMESPACE"] : (string[])[], .. byContainer ? ["POD", "NAME"] : (string[])["NAME"], "CPU(cores)", "MEMORY(bytes)"];
            Write(parsed.GetValue(noHeaders) ? null : headings, TopRows.Pods(metrics, byContainer, everywhere, by));
        });
        return command;
    }

    private static async Task<IReadOnlyList<JsonNode>> MetricsAsync(CliSession session, ResourceKind kind, string? name, string ns, string? selector, CancellationToken cancellation)
    {
        try
        {
            return name is null
                ? (await session.SendAsync(session.Request("list", kind, ns: ns, query: ("labelSelector", selector)), cancellation)).List("items")
                : [await session.SendAsync(session.Request("get", kind, name, ns: ns), cancellation)];
        }
        catch (ApiException e) when (e.Code == 404 && e.Message.StartsWith("the server could not find the requested resource", StringComparison.Ordinal))
        {
            throw new CliException("Metrics API not available");
        }
    }

    private static void Write(IReadOnlyList<string>? headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        foreach (var line in new TableWriter().Add(headings is null ? rows : [headings, .. rows]))
            Console.WriteLine(line);
    }

    private static Argument<string?> Name() => new("name") { Arity = ArgumentArity.ZeroOrOne };

    private static Option<string?> SortBy() => Flags.Text("--sort-by", "cpu|memory", "Those that use most first");

    private static string? Sorting(string? by) => by is null or "" or "cpu" or "memory" ? by : throw new CliException("--sort-by accepts only cpu or memory");

    private static ResourceKind Kind(string resource, string kind, bool namespaced) => new()
    {
        Group = "metrics.k8s.io",
        Version = "v1beta1",
        Resource = resource,
        Singular = "",
        Kind = kind,
        Namespaced = namespaced,
        Verbs = ["get", "list"],
        ClrType = null,
    };
}
