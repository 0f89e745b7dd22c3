using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl scale</c>: sets the number of replicas through the scale subresource.</summary>
internal static class ScaleCommand
{
    public static Command Create()
    {
        var replicas = Flags.Number("--replicas", "N", "The new number of replicas");
        var current = Flags.Number("--current-replicas", "N", "Only if there are so many now");
        var dryRun = Flags.DryRun();
        var command = new KubeCommand("scale", "Set the number of replicas")
        {
            Group = "Rollouts and scale",
            Usage = "(TYPE NAME | TYPE/NAME | TYPE -l SELECTOR | -f FILE) --replicas=N [options]",
            Examples = """
                # Five replicas of a Deployment
                akctl scale deployment/web --replicas=5

                # Only if there are three now
                akctl scale deployment/web --current-replicas=3 --replicas=5
                """,
        };
        var targets = TargetOptions.AddTo(command, "scale");
        foreach (var option in new Option[] { replicas, current, dryRun })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(replicas) is not { } wanted)
                throw new CliException("required flag(s) \"replicas\" not set");
            if (wanted < 0)
                throw new CliException("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
            var session = CliSession.Open(parsed);
            var errors = new List<Exception>();
            var found = await targets.ReadAsync(session, parsed, "You must provide one or more resources by argument or filename.", cancellation);
            if (found.Count == 0)
                throw new CliException("no objects passed to scale");
            foreach (var target in found)
            {
                try
                {
                    await ScaleAsync(session, target, wanted, parsed.GetValue(current), DryRuns.Parse(parsed.GetValue(dryRun)), cancellation);
                    Console.WriteLine($"{target} scaled{DryRuns.Suffix(DryRuns.Parse(parsed.GetValue(dryRun)))}");
                }
                catch (Exception e) when (e is ApiException or CliException)
                {
                    errors.Add(e);
                }
            }

            SeveralException.ThrowIfAny(errors);
        });
        return command;
    }

    private static async Task ScaleAsync(CliSession session, Target target, long wanted, long? expected, string dryRun, CancellationToken cancellation)
    {
        if (!target.Kind.Has("scale"))
            throw new CliException($"cannot scale {target.Kind.GroupResource} \"{target.Name}\": {target.Kind.Resource} have no replicas");
        var patch = new JsonObject { ["spec"] = new JsonObject { ["replicas"] = wanted } };
        if (expected is not null)
        {
            var scale = await session.SendAsync(session.Request("get", target.Kind, target.Name, "scale", target.Namespace), cancellation);
            var actual = scale.Number("spec", "replicas") ?? 0;
            if (actual != expected)
                throw new CliException($"Expected replicas to be {expected}, was {actual}");
            // Should somebody change it meanwhile, the patch is refused.
            patch["metadata"] = new JsonObject { ["resourceVersion"] = scale.Text("metadata", "resourceVersion") };
        }

        if (dryRun == "client")
            return;
        await session.SendAsync(session.Request("patch", target.Kind, target.Name, "scale", target.Namespace, ("fieldManager", "kubectl-scale"), DryRuns.Query(dryRun)) with
        {
            ContentType = "application/merge-patch+json",
            Body = Encoding.UTF8.GetBytes(patch.ToJsonString()),
        }, cancellation);
    }
}
