using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl api-resources</c>, <c>api-versions</c> and <c>cluster-info</c>: what the server serves.</summary>
internal static class ApiResourcesCommand
{
    public static Command Create()
    {
        var group = Flags.Text("--api-group", "GROUP", "Only kinds of this group; '' is the core group");
        var namespaced = new Option<bool?>("--namespaced") { Description = "Only kinds with a namespace; with =false only those without one" };
        var verbs = Flags.Texts("--verbs", "VERB", "Only kinds that can be used so");
        var categories = Flags.Texts("--categories", "CATEGORY", "Only kinds of these categories, such as all");
        var sort = Flags.Text("--sort-by", "name|kind", "Sort by this column");
        var noHeaders = Flags.Switch("--no-headers", "No headings");
        var output = Flags.Text("--output", "FORMAT", "wide or name", "-o");
        var command = new KubeCommand("api-resources", "List the kinds that the server has")
        {
            Group = "Cluster",
            Examples = """
                # All kinds, and what can be done with them
                akctl api-resources
                akctl api-resources -o wide

                # Kinds that have no namespace
                akctl api-resources --namespaced=false
                """,
        };
        foreach (var option in new Option[] { group, namespaced, verbs, categories, sort, noHeaders, output })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var format = parsed.GetValue(output) ?? "";
            if (format is not ("" or "wide" or "name"))
                throw new CliException($"--output {format} is not available");
            var kinds = (await CliSession.Open(parsed).Kinds.PreferredAsync(cancellation)).Where(k => k.Verbs.Count > 0
                && (parsed.GetValue(group) is not { } g || k.Group == g)
                && (parsed.GetValue(namespaced) is not { } n || k.Namespaced == n)
                && (parsed.GetValue(verbs) ?? []).All(v => k.Verbs.Contains(v))
                && (parsed.GetValue(categories) ?? []).All(c => k.Categories.Contains(c)));
            Console.Write(Text([.. Sort(kinds, parsed.GetValue(sort))], format, !parsed.GetValue(noHeaders)));
        });
        return command;
    }

    /// <summary><c>api-versions</c>.</summary>
    public static Command CreateVersions()
    {
        var command = new KubeCommand("api-versions", "List the groups and versions that the server has") { Group = "Cluster", Examples = "akctl api-versions" };
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var groups = JsonNode.Parse(await session.RawAsync("/apis", cancellation, "application/json"));
            var core = JsonNode.Parse(await session.RawAsync("/api", cancellation, "application/json"));
            var versions = groups.List("groups").SelectMany(g => g.List("versions")).Select(v => v.Text("groupVersion")).Concat(core.List("versions").Select(v => v.Text()));
            Console.Write(string.Concat(versions.Order(StringComparer.Ordinal).Select(v => v + "\n")));
        });
        return command;
    }

    /// <summary><c>cluster-info</c>.</summary>
    public static Command CreateClusterInfo()
    {
        var command = new KubeCommand("cluster-info", "Say where the control plane is") { Group = "Cluster", Examples = "akctl cluster-info" };
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var services = await session.ListAsync(KindRegistry.BuiltIn.Find("", "v1", "services")!, "kube-system", "kubernetes.io/cluster-service=true", null, cancellation);
            var server = session.Options.Server.ToString().TrimEnd('/');
            Console.WriteLine($"Kubernetes control plane is running at {server}");
            foreach (var service in services.List("items"))
            {
                var name = service.Text("metadata", "labels", "kubernetes.io/name") is { Length: > 0 } title ? title : service.Text("metadata", "name");
                var port = service.List("spec", "ports") is [var first, ..] && first.Text("name") is { Length: > 0 } portName ? ":" + portName : "";
                Console.WriteLine($"{name} is running at {server}/api/v1/namespaces/kube-system/services/{service.Text("metadata", "name")}{port}/proxy");
            }

            Console.WriteLine("\nTo further debug and diagnose cluster problems, use 'akctl get events -A' and 'akctl describe nodes'.");
        });
        return command;
    }

    private static string Text(IReadOnlyList<ResourceKind> kinds, string format, bool headings)
    {
        if (format == "name")
            return string.Concat(kinds.Select(k => k.GroupResource + "\n"));
        List<IReadOnlyList<string>> rows = headings ? [["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", .. format == "wide" ? ["VERBS", "CATEGORIES"] : (string[])[]]] : [];
        rows.AddRange(kinds.Select(k => (IReadOnlyList<string>)
        [
            k.Resource, string.Join(',', k.ShortNames), k.ApiVersion, k.Namespaced ? "true" : "false", k.Kind,
            .. format == "wide" ? [string.Join(',', k.Verbs), string.Join(',', k.Categories)] : (string[])[],
        ]));
        return string.Concat(new TableWriter().Add(rows).Select(l => l + "\n"));
    }

    private static IEnumerable<ResourceKind> Sort(IEnumerable<ResourceKind> kinds, string? by) => by switch
    {
        null or "" => kinds.OrderBy(k => k.Group, StringComparer.Ordinal).ThenBy(k => k.Resource, StringComparer.Ordinal),
        "name" => kinds.OrderBy(k => k.Resource, StringComparer.Ordinal),
        "kind" => kinds.OrderBy(k => k.Kind, StringComparer.Ordinal),
        _ => throw new CliException("--sort-by accepts only name or kind"),
    };
}
