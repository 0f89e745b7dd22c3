using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl auth can-i</c> and <c>akctl auth whoami</c>.</summary>
internal static class AuthCommand
{
    public static Command Create()
    {
        var command = new KubeCommand("auth", "Who you are to the cluster, and what you may do")
        {
            Group = "Cluster",
            Examples = """
                akctl auth whoami
                akctl auth can-i create deployments -n shop
                akctl auth can-i --list
                """,
        };
        command.Add(CanI());
        command.Add(WhoAmI());
        return command;
    }

    private static KubeCommand CanI()
    {
        var words = new Argument<string[]>("what") { Arity = ArgumentArity.ZeroOrMore };
        var all = Flags.AllNamespaces();
        var subresource = Flags.Text("--subresource", "NAME", "A part of the object, such as log or scale");
        var list = Flags.Switch("--list", "List all that you may do in the namespace");
        var quiet = Flags.Switch("--quiet", "Print nothing; the exit code tells", "-q");
        var noHeaders = Flags.Switch("--no-headers", "No headings");
        var command = new KubeCommand("can-i", "Whether you may do something")
        {
            Usage = "VERB (TYPE | TYPE/NAME | URL) [options]",
            Examples = """
                # Create pods in any namespace
                akctl auth can-i create pods -A

                # Read the log of pods
                akctl auth can-i get pods --subresource=log

                # Something that is no object
                akctl auth can-i get /metrics
                """,
        };
        command.Add(words);
        foreach (var option in new Option[] { all, subresource, list, quiet, noHeaders })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            if (parsed.GetValue(list))
            {
                var rules = await ReviewAsync(session, "SelfSubjectRulesReview", new JsonObject { ["namespace"] = session.Namespace }, cancellation);
                Console.Write(RulesText(rules.At("status"), !parsed.GetValue(noHeaders)));
                return;
            }

            if (parsed.GetValue(words) is not [var verb, var what, .. var names] || names.Length > 1)
                throw new CliException("you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'akctl auth can-i -h' for help and examples.");
            var spec = what.StartsWith('/')
                ? new JsonObject { ["nonResourceAttributes"] = new JsonObject { ["verb"] = verb, ["path"] = what } }
                : new JsonObject { ["resourceAttributes"] = await AttributesAsync(session, verb, what, names.FirstOrDefault(), parsed.GetValue(subresource), parsed.GetValue(all), cancellation) };
            var answer = (await ReviewAsync(session, "SelfSubjectAccessReview", spec, cancellation)).At("status");
            var allowed = answer.IsTrue("allowed");
            var reason = answer.Text("reason") is { Length: > 0 } text ? $" - {text}" : "";
            if (!parsed.GetValue(quiet))
                Console.WriteLine(allowed ? "yes" : $"no{reason}");
            if (!allowed)
                throw new PlainException("");
        });
        return command;
    }

    private static async Task<JsonObject> AttributesAsync(CliSession session, string verb, string what, string? name, string? subresource, bool all, CancellationToken cancellation)
    {
        var (type, named) = what.Split('/', 2) is [var before, var after] ? (before, after) : (what, name);
        var attributes = new JsonObject { ["verb"] = verb };
        var (group, resource, namespaced) = ("", type, true);
        if (type == "*")
        {
            group = "*";
        }
        else
        {
            try
            {
                var kind = await session.Kinds.FindAsync(type, cancellation);
                (group, resource, namespaced) = (kind.Group, kind.Resource, kind.Namespaced);
            }
            catch (CliException)
            {
                await Console.Error.WriteLineAsync($"Warning: the server doesn't have a resource type '{type}'\n");
                (resource, group) = type.Split('.', 2) is [var first, var rest] ? (first, rest) : (type, "");
            }
        }

        if (!namespaced)
            await Console.Error.WriteLineAsync($"Warning: resource '{resource}' is not namespace scoped{(group.Length > 0 ? $" in group '{group}'" : "")}\n");
        foreach (var (key, value) in new[] { ("group", group), ("resource", resource), ("subresource", subresource), ("name", named), ("namespace", all ? "" : session.Namespace) })
        {
            if (!string.IsNullOrEmpty(value))
                attributes[key] = value;
        }

        return attributes;
    }

    private static KubeCommand WhoAmI()
    {
        var output = Flags.Text("--output", "FORMAT", "yaml or json", "-o");
        var command = new KubeCommand("whoami", "Who you are to the cluster") { Usage = "[options]", Examples = "akctl auth whoami" };
        command.Add(output);
        command.Run(async (parsed, cancellation) =>
        {
            var format = parsed.GetValue(output) ?? "";
            ObjectPrinter.Check(format);
            var review = await ReviewAsync(CliSession.Open(parsed), "SelfSubjectReview", null, cancellation);
            if (format.Length > 0)
            {
                Console.Write(ObjectPrinter.Of(review, format, KindOf("SelfSubjectReview")));
                return;
            }

            var user = review.At("status", "userInfo");
            List<IReadOnlyList<string>> rows = [["ATTRIBUTE", "VALUE"], ["Username", user.Text("username")]];
            if (user.Text("uid") is { Length: > 0 } uid)
                rows.Add(["UID", uid]);
            if (user.List("groups") is { Count: > 0 } groups)
                rows.Add(["Groups", Bracketed(groups)]);
            rows.AddRange(user.Map("extra").Select(e => (IReadOnlyList<string>)[$"Extra: {e.Key}", Bracketed(e.Value.List())]));
            Console.Write(string.Concat(new TableWriter().Add(rows).Select(l => l + "\n")));
        });
        return command;
    }

    private static string RulesText(JsonNode? status, bool headings)
    {
        List<IReadOnlyList<string>> rows = headings ? [["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]] : [];
        var rules = new List<IReadOnlyList<string>>();
        foreach (var rule in status.List("resourceRules"))
        {
            var groups = rule.List("apiGroups");
            foreach (var resource in rule.List("resources").Select(r => r.Text()))
            {
                foreach (var group in groups.Select(g => g.Text()).DefaultIfEmpty(""))
                    rules.Add([group.Length > 0 ? $"{resource}.{group}" : resource, "[]", Bracketed(rule.List("resourceNames")), Bracketed(rule.List("verbs"))]);
            }
        }

        rules.AddRange(status.List("nonResourceRules").Select(rule => (IReadOnlyList<string>)["", Bracketed(rule.List("nonResourceURLs")), "[]", Bracketed(rule.List("verbs"))]));
        rows.AddRange(rules.OrderByDescending(r => r[0].Length > 0).ThenBy(r => r[0], StringComparer.Ordinal).ThenBy(r => r[1], StringComparer.Ordinal));
        return string.Concat(new TableWriter().Add(rows).Select(l => l + "\n"));
    }

    private static string Bracketed(IEnumerable<JsonNode> texts) => $"[{string.Join(' ', texts.Select(t => t.Text()))}]";

    private static async Task<JsonObject> ReviewAsync(CliSession session, string kindName, JsonObject? spec, CancellationToken cancellation)
    {
        var kind = KindOf(kindName);
        var review = new JsonObject { ["apiVersion"] = kind.ApiVersion, ["kind"] = kind.Kind };
        if (spec is not null)
            review["spec"] = spec;
        return await session.SendAsync(session.Request("create", kind) with { Body = Encoding.UTF8.GetBytes(review.ToJsonString()) }, cancellation);
    }

    private static ResourceKind KindOf(string kind) =>
        KindRegistry.BuiltIn.FindKind(kind == "SelfSubjectReview" ? "authentication.k8s.io/v1" : "authorization.k8s.io/v1", kind)
        ?? throw new InvalidOperationException($"{kind} is no built-in kind");
}
