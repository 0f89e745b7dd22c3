using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl delete</c>: by name, by selector or by manifest; waits until the objects are gone.</summary>
internal static class DeleteCommand
{
    private const string Missing = """
        You must provide one or more resources by argument or filename.
        Example resource specifications include:
           '-f rsrc.yaml'
           '--filename=rsrc.json'
           '<resource> <name>'
           '<resource>'
        """;

    public static Command Create()
    {
        var grace = Flags.Number("--grace-period", "SECONDS", "Time for pods to stop by themselves; else what each of them says. 0 only with --force");
        var now = Flags.Switch("--now", "The same as --grace-period=1");
        var force = Flags.Switch("--force", "Remove pods from the API at once, without waiting for their node to stop them");
        var ignore = Flags.Switch("--ignore-not-found", "An object that is not there is no error");
        var wait = Flags.On("--wait", "Wait until the objects are gone");
        var timeout = Flags.Duration("--timeout", "DURATION", "Wait no longer than so, such as 90s");
        var cascade = Flags.Text("--cascade", "background|foreground|orphan", "What to do with objects that belong to these: delete them after (the default) or before, or leave them");
        var dryRun = Flags.DryRun();
        var output = Flags.Text("--output", "FORMAT", "name: print only the names", "-o");
        var command = new KubeCommand("delete", "Delete objects")
        {
            Group = "Basic commands",
            Usage = "(TYPE NAME... | TYPE/NAME... | TYPE -l SELECTOR | TYPE --all | -f FILE) [options]",
            Examples = """
                # What a file made
                akctl delete -f web.yaml

                # Two pods
                akctl delete pod web-1 web-2

                # All Services and Deployments with a label
                akctl delete svc,deploy -l app=web

                # A Deployment, but not its pods
                akctl delete deployment/web --cascade=orphan

                # A pod whose node is lost
                akctl delete pod web-1 --force
                """,
        };
        var targets = TargetOptions.AddTo(command, "delete");
        foreach (var option in new Option[] { grace, now, force, ignore, wait, timeout, cascade, dryRun, output })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(output) is not (null or "" or "name"))
                throw new CliException($"unexpected -o output mode: {parsed.GetValue(output)}. We only support '-o name'");
            var dry = DryRuns.Parse(parsed.GetValue(dryRun));
            var options = DeleteOptions(parsed.GetValue(cascade), GraceOf(parsed.GetValue(grace), parsed.GetValue(now), parsed.GetValue(force)), dry);
            var deletion = new Deletion(CliSession.Open(parsed), options, dry, parsed.GetValue(force), parsed.GetValue(output) == "name");
            var found = await targets.ReadAsync(deletion.Session, parsed, Missing, cancellation);
            if (parsed.GetValue(force))
                await Console.Error.WriteLineAsync("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.");
            var ignoring = parsed.GetValue(ignore) || targets.IsSearch(parsed);
            var (deleted, errors) = await DeleteAllAsync(deletion, found, ignoring, cancellation);
            if (parsed.GetValue(wait) && dry == "none")
                await WaitAllAsync(deletion, deleted, parsed.GetValue(timeout) ?? TimeSpan.Zero, cancellation);
            SeveralException.ThrowIfAny(errors);
            if (found.Count == 0 && parsed.GetValue(output) is not "name")
                Console.WriteLine("No resources found");
        });
        return command;
    }

    private static async Task<(List<(Target Target, string Uid)> Deleted, List<Exception> Errors)> DeleteAllAsync(
        Deletion deletion, IReadOnlyList<Target> targets, bool ignoreNotFound, CancellationToken cancellation)
    {
        var (deleted, errors) = (new List<(Target, string)>(), new List<Exception>());
        foreach (var target in targets)
        {
            try
            {
                deleted.Add((target, await deletion.DeleteAsync(target, cancellation)));
            }
            catch (ApiException e)
            {
                if (!e.IsNotFound || !ignoreNotFound)
                    errors.Add(e);
            }
        }

        return (deleted, errors);
    }

    private static async Task WaitAllAsync(Deletion deletion, List<(Target Target, string Uid)> deleted, TimeSpan timeout, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeout > TimeSpan.Zero)
            limit.CancelAfter(timeout);
        foreach (var (target, uid) in deleted)
        {
            try
            {
                await deletion.WaitAsync(target, uid, limit.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new CliException($"timed out waiting for the condition on {target.Kind.Resource}/{target.Name}");
            }
        }
    }

    private static long? GraceOf(long? grace, bool now, bool force)
    {
        if (now && grace is not null)
            throw new CliException("--now and --grace-period cannot be specified together");
        if (force && (now || grace > 0))
            throw new CliException("--force and --grace-period greater than 0 cannot be specified together");
        // A pod that gets no time and no force gets a moment, so that its node stops it before it is gone from the API.
        return force ? 0 : now || grace == 0 ? 1 : grace;
    }

    private static JsonObject DeleteOptions(string? cascade, long? grace, string dryRun)
    {
        var options = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = cascade switch
            {
                null or "background" or "true" => "Background",
                "foreground" => "Foreground",
                "orphan" or "false" => "Orphan",
                _ => throw new CliException($"invalid cascade value ({cascade}). Must be \"background\", \"foreground\", or \"orphan\""),
            },
        };
        if (grace is not null)
            options["gracePeriodSeconds"] = grace;
        if (dryRun == "server")
            options["dryRun"] = new JsonArray("All");
        return options;
    }

    private sealed record Deletion(CliSession Session, JsonObject Options, string DryRun, bool Force, bool NamesOnly)
    {
        /// <summary>Deletes one object and returns its uid; empty where the server did not tell.</summary>
        public async Task<string> DeleteAsync(Target target, CancellationToken cancellation)
        {
            var uid = "";
            if (DryRun == "client")
            {
                uid = (await Session.SendAsync(Session.Request("get", target.Kind, target.Name, ns: target.Namespace), cancellation)).Text("metadata", "uid");
            }
            else
            {
                var request = Session.Request("delete", target.Kind, target.Name, ns: target.Namespace) with { Body = Encoding.UTF8.GetBytes(Options.ToJsonString()) };
                var answer = await Session.SendAsync(request, cancellation);
                uid = answer.Text("kind") == "Status" ? answer.Text("details", "uid") : answer.Text("metadata", "uid");
            }

            Console.WriteLine(NamesOnly ? target.ToString()
                : $"{ResourceName.Prefix(target.Kind)} \"{target.Name}\" {(Force ? "force deleted" : "deleted")}{DryRuns.Suffix(DryRun)}{(target.Kind.Namespaced && DryRun == "none" ? $" from {target.Namespace ?? Session.Namespace} namespace" : "")}");
            return uid;
        }

        /// <summary>Gone means: no such object, or another one of that name. The watch goes on from the look, so nothing falls between.</summary>
        public async Task WaitAsync(Target target, string uid, CancellationToken cancellation)
        {
            while (await Session.FindAsync(Session.Request("get", target.Kind, target.Name, ns: target.Namespace), cancellation) is { } current)
            {
                if (uid.Length > 0 && current.Text("metadata", "uid") != uid)
                    return;
                var request = Session.Request("watch", target.Kind, ns: target.Namespace, query:
                    [("fieldSelector", $"metadata.name={target.Name}"), ("resourceVersion", current.Text("metadata", "resourceVersion"))]);
                await foreach (var (type, _) in WatchStream.EventsAsync(Session, request, cancellation))
                {
                    if (type == "DELETED")
                        return;
                }
            }
        }
    }
}
