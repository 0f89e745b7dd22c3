using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Explain;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl explain</c>: what the fields of a kind are for.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var words = new Argument<string[]>("type") { Arity = ArgumentArity.ZeroOrMore };
        var recursive = Flags.Switch("--recursive", "The names of all fields below, too", "-R");
        var version = Flags.Text("--api-version", "GROUP/VERSION", "The kind in this version");
        var command = new KubeCommand("explain", "Explain the fields of a kind")
        {
            Group = "Basic commands",
            Usage = "TYPE[.FIELD...] [options]",
            Examples = """
                # What a Deployment is
                akctl explain deployment

                # How its pods are replaced
                akctl explain deployment.spec.strategy

                # All fields of a container
                akctl explain pod.spec.containers --recursive
                """,
        };
        command.Add(words);
        command.Add(recursive);
        command.Add(version);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(words) is not [var word])
                throw new UsageException(parsed.GetValue(words)!.Length == 0 ? "You must specify the type of resource to explain, such as 'pods' or 'deployment.spec'." : "We accept only this format: explain RESOURCE");
            var session = CliSession.Open(parsed);
            var (kind, path) = await ResolveAsync(session, word, cancellation);
            if (parsed.GetValue(version) is { } apiVersion)
                kind = await session.Kinds.FindKindAsync(apiVersion, kind.Kind, cancellation) ?? throw new CliException($"couldn't find resource for \"{apiVersion}, Kind={kind.Kind}\"");
            var document = await session.RawAsync(kind.Group.Length == 0 ? $"/openapi/v3/api/{kind.Version}" : $"/openapi/v3/apis/{kind.ApiVersion}", cancellation, "application/json");
            Console.Write(new Explanation(new Schemas(JsonNode.Parse(document)!), kind).Of(path, parsed.GetValue(recursive)));
        });
        return command;
    }

    // The first part names the kind; a kind with its group has dots of its own: deployments.apps.spec.
    private static async Task<(Api.Kinds.ResourceKind Kind, string[] Path)> ResolveAsync(CliSession session, string word, CancellationToken cancellation)
    {
        var parts = word.TrimEnd('.').Split('.');
        for (var count = parts.Length; count > 1; count--)
        {
            if (Kinds.BuiltIn(string.Join('.', parts.Take(count)).ToLowerInvariant()) is { } kind)
                return (kind, parts[count..]);
        }

        return (await session.Kinds.FindAsync(parts[0], cancellation), parts[1..]);
    }
}
