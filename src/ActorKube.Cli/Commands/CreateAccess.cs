using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Create;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary>What <c>akctl create</c> makes about who may do what: service accounts, their tokens, roles and bindings.</summary>
internal static class CreateAccess
{
    public static IEnumerable<Command> All() => [ServiceAccount(), Token(), Role("role", "Role"), Role("clusterrole", "ClusterRole"), Binding("rolebinding", "RoleBinding"), Binding("clusterrolebinding", "ClusterRoleBinding")];

    private static KubeCommand ServiceAccount() => CreateCommand.Sub("serviceaccount", "Create a service account", "NAME [options]", "akctl create serviceaccount robot", [],
        (_, name) => ("", "serviceaccounts", Objects.Named("v1", "ServiceAccount", name)), "sa");

    private static KubeCommand Role(string verb, string kind)
    {
        var verbs = Flags.Texts("--verb", "VERB", "What may be done: get, list, watch, create, …");
        var resources = Flags.Texts("--resource", "RESOURCE[.GROUP]", "With what: pods, deployments.apps, pods/log");
        var names = Flags.Texts("--resource-name", "NAME", "Only with objects of this name");
        return CreateCommand.Sub(verb, $"Create a {kind}", "NAME --verb=VERB --resource=RESOURCE[.GROUP] [options]", $"akctl create {verb} reader --verb=get,list,watch --resource=pods,deployments.apps", [verbs, resources, names], (parsed, name) =>
        {
            if (parsed.GetValue(verbs) is not { Length: > 0 } allowed)
                throw new CliException("at least one verb must be specified");
            if (parsed.GetValue(resources) is not { Length: > 0 } things)
                throw new CliException("one or more resource must be specified");
            var role = Objects.Named("rbac.authorization.k8s.io/v1", kind, name);
            role["rules"] = new JsonArray([.. things.Select(Split).GroupBy(t => t.Group)
                .Select(g => Objects.Rule(allowed, g.Key, [.. g.Select(t => t.Resource)], parsed.GetValue(names) ?? []))]);
            return ("rbac.authorization.k8s.io", verb + "s", role);
        });
    }

    private static KubeCommand Binding(string verb, string kind)
    {
        var role = Flags.Text("--role", "NAME", "The Role of the namespace");
        var clusterRole = Flags.Text("--clusterrole", "NAME", "The ClusterRole");
        var users = Flags.Texts("--user", "NAME", "Who gets it: a user");
        var groups = Flags.Texts("--group", "NAME", "Who gets it: a group");
        var accounts = Flags.Texts("--serviceaccount", "NAMESPACE:NAME", "Who gets it: a service account");
        Option[] options = kind == "RoleBinding" ? [role, clusterRole, users, groups, accounts] : [clusterRole, users, groups, accounts];
        return CreateCommand.Sub(verb, $"Create a {kind}", $"NAME {(kind == "RoleBinding" ? "(--role=NAME | --clusterrole=NAME)" : "--clusterrole=NAME")} [--user=NAME] [--group=NAME] [--serviceaccount=NAMESPACE:NAME] [options]",
            $"akctl create {verb} robot --clusterrole=view --serviceaccount=default:robot", options, (parsed, name) =>
            {
                var (own, cluster) = (kind == "RoleBinding" ? parsed.GetValue(role) : null, parsed.GetValue(clusterRole));
                if (own is null == cluster is null)
                    throw new CliException(kind == "RoleBinding" ? "exactly one of clusterrole or role must be specified" : "exactly one clusterrole must be specified");
                return ("rbac.authorization.k8s.io", verb + "s", Objects.Binding(kind, name, own is null ? "ClusterRole" : "Role", own ?? cluster!,
                    parsed.GetValue(users) ?? [], parsed.GetValue(groups) ?? [], parsed.GetValue(accounts) ?? []));
            });
    }

    private static KubeCommand Token()
    {
        var names = new Argument<string[]>("name") { Arity = ArgumentArity.ZeroOrMore };
        var duration = Flags.Duration("--duration", "DURATION", "How long it is valid; else as the server likes, most often an hour");
        var audience = Flags.Texts("--audience", "NAME", "Who it is for; the API server unless said");
        var output = Flags.Text("--output", "FORMAT", "yaml or json: show the whole answer", "-o");
        var command = new KubeCommand("token", "Ask for a token of a service account") { Usage = "SERVICE_ACCOUNT [options]", Examples = "akctl create token robot --duration=10m" };
        command.Add(names);
        foreach (var option in new Option[] { duration, audience, output })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(names) is not [var name])
                throw new UsageException($"exactly one NAME is required, got {parsed.GetValue(names)!.Length}");
            var spec = new JsonObject();
            if (parsed.GetValue(duration) is { } span)
                spec["expirationSeconds"] = (long)span.TotalSeconds;
            if (parsed.GetValue(audience) is { Length: > 0 } audiences)
                spec["audiences"] = new JsonArray([.. audiences.Select(a => (JsonNode)a)]);
            var session = CliSession.Open(parsed);
            var kind = KindRegistry.BuiltIn.Find("", "v1", "serviceaccounts")!;
            var body = new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = spec };
            JsonObject answer;
            try
            {
                answer = await session.SendAsync(session.Request("create", kind, name, "token") with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) }, cancellation);
            }
            catch (ApiException e)
            {
                throw new CliException($"failed to create token: {e.Message}");
            }

            Console.Write(string.IsNullOrEmpty(parsed.GetValue(output)) ? answer.Text("status", "token") + "\n" : ObjectPrinter.Of(answer, parsed.GetValue(output)!, kind));
        });
        return command;
    }

    private static (string Group, string Resource) Split(string resource)
    {
        var (path, subresource) = resource.Split('/', 2) is [var before, var after] ? (before, "/" + after) : (resource, "");
        var (name, group) = path.Split('.', 2) is [var first, var rest] ? (first, rest) : (path, "");
        // The word may be any that names the kind; the rule has the plural and its group.
        return path != "*" && Kinds.BuiltIn(path.ToLowerInvariant()) is { } kind ? (kind.Group, kind.Resource + subresource) : (group, name + subresource);
    }
}
