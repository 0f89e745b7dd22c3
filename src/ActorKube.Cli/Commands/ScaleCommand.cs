using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl scale</c>: sets the number of replicas through the scale subresource.</summary>
internal static class ScaleCommand
{
    public static Command Create()
    {
        var resources = new Argument<string[]>("resources") { Description = "deploy/web | deployment web" };
        var replicas = new Option<int>("--replicas") { Description = "The new number of replicas.", Required = true };
        var current = new Option<int?>("--current-replicas") { Description = "Scale only if there are so many now." };
        var command = new Command("scale", "Set the number of replicas.") { resources, replicas, current };
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(replicas) < 0)
                throw new CliException("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
            var session = CliSession.Open(parsed);
            foreach (var name in ResourceNames.Parse(parsed.GetValue(resources) ?? []))
            {
                if (name.Name is null)
                    throw new CliException("resource(s) were provided, but no name was specified");
                if (!name.Kind.Has("scale"))
                    throw new CliException($"{name.Kind.GroupResource} cannot be scaled");
                if (parsed.GetValue(current) is { } expected)
                {
                    var scale = await session.SendAsync(session.Request("get", name.Kind, name.Name, "scale"), cancellation);
                    var actual = (int?)scale["spec"]?["replicas"] ?? 0;
                    if (actual != expected)
                        throw new CliException($"Expected replicas to be {expected}, was {actual}");
                }

                var patch = new JsonObject { ["spec"] = new JsonObject { ["replicas"] = parsed.GetValue(replicas) } };
                await session.SendAsync(session.Request("patch", name.Kind, name.Name, "scale") with
                {
                    ContentType = "application/merge-patch+json",
                    Body = JsonSerializer.SerializeToUtf8Bytes(patch),
                }, cancellation);
                Console.WriteLine($"{name} scaled");
            }
        });
        return command;
    }
}
