using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;
using ActorKube.Cli.Wait;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl wait</c>: until objects are as they shall be.</summary>
internal static class WaitCommand
{
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    // Something that does not exist has no watch of its own; it is looked for at this pace.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var what = Flags.Text("--for", "CONDITION", "condition=NAME[=VALUE], jsonpath='{PATH}'[=VALUE], create or delete");
        var timeout = Flags.Duration("--timeout", "DURATION", "Give up after so long; 30s unless said. 0 looks once, less than 0 waits a week");
        var output = ResultPrinter.Option();
        var command = new KubeCommand("wait", "Wait until objects are as they shall be")
        {
            Group = "Looking into pods",
            Usage = "(TYPE NAME | TYPE/NAME... | TYPE -l SELECTOR | TYPE --all | -f FILE) --for=CONDITION [options]",
            Examples = """
                # Until a pod is ready
                akctl wait pod/web-1 --for=condition=Ready

                # Until a Deployment has three ready replicas
                akctl wait deployment/web --for=jsonpath='{.status.readyReplicas}'=3 --timeout=90s

                # Until all pods with a label are gone
                akctl wait pod -l app=web --for=delete
                """,
        };
        var targets = TargetOptions.AddTo(command, "wait for");
        foreach (var option in new Option[] { what, timeout, output })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            if (string.IsNullOrEmpty(parsed.GetValue(what)))
                throw new CliException("Must specify --for. See 'akctl wait --help' for the forms it has");
            var condition = WaitCondition.Parse(parsed.GetValue(what)!);
            var printer = ResultPrinter.Of(parsed.GetValue(output), "none");
            var session = CliSession.Open(parsed);
            var span = parsed.GetValue(timeout) ?? Default;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (span != TimeSpan.Zero)
                limit.CancelAfter(span < TimeSpan.Zero ? Week : span);
            var found = await targets.ReadAsync(session, parsed, "You must provide one or more resources by argument or filename.", cancellation);
            if (found.Count == 0)
            {
                if (condition is WaitCondition.Gone)
                    return;
                throw new CliException("no matching resources found");
            }

            var waiter = new Waiter(session, condition, span == TimeSpan.Zero);
            await EachTarget.RunAsync(found, async target =>
            {
                try
                {
                    if (await waiter.WaitAsync(target, limit.Token) is { } value)
                        printer.Print(target.Kind, value, "condition met");
                }
                catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
                {
                    throw condition is WaitCondition.There ? new CliException("timed out waiting for the condition") : TimedOut(target);
                }
            });
        });
        return command;
    }

    private static CliException TimedOut(Target target) => new($"timed out waiting for the condition on {target.Kind.Resource}/{target.Name}");

    private sealed record Waiter(CliSession Session, WaitCondition Condition, bool Once)
    {
        /// <summary>The object that fulfils the condition; the last there was of one that is gone; null for one that was gone before.</summary>
        public async Task<JsonObject?> WaitAsync(Target target, CancellationToken cancellation)
        {
            var last = Named(target);
            string? uid = null;
            while (true)
            {
                var value = await Session.FindAsync(Session.Request("get", target.Kind, target.Name, ns: target.Namespace), cancellation);
                if (value is null)
                {
                    if (Condition is WaitCondition.Gone)
                        return uid is null ? null : last;
                    if (Condition is not WaitCondition.There)
                        throw ApiError.NotFound(target.Kind, target.Name);
                    if (Once)
                        throw TimedOut(target);
                    await Task.Delay(LookAgain, cancellation);
                    continue;
                }

                // Another object of that name: the one waited for is gone.
                if (Condition is WaitCondition.Gone && uid is not null && value.Text("metadata", "uid") != uid)
                    return last;
                uid = value.Text("metadata", "uid");
                if (Condition.Holds(value))
                    return value;
                if (Once)
                    throw new CliException($"condition not met for {target.Kind.Resource}/{target.Name}");
                if (await WatchAsync(target, value, cancellation) is { } met)
                    return met;
            }
        }

        private async Task<JsonObject?> WatchAsync(Target target, JsonObject from, CancellationToken cancellation)
        {
            var request = Session.Request("watch", target.Kind, ns: target.Namespace, query:
                [("fieldSelector", $"metadata.name={target.Name}"), ("resourceVersion", from.Text("metadata", "resourceVersion"))]);
            await foreach (var (type, value) in WatchStream.EventsAsync(Session, request, cancellation))
            {
                if (type == "BOOKMARK")
                    continue;
                if (type == "DELETED")
                    return Condition is WaitCondition.Gone ? value : null;
                if (Condition.Holds(value))
                    return value;
            }

            return null;
        }

        private static JsonObject Named(Target target) => new()
        {
            ["apiVersion"] = target.Kind.ApiVersion,
            ["kind"] = target.Kind.Kind,
            ["metadata"] = new JsonObject { ["name"] = target.Name },
        };
    }
}
