using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Logs;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl logs</c>: what containers printed, and with <c>-f</c> what they go on printing.</summary>
internal static class LogsCommand
{
    private const long TailOfMany = 10;

    public static Command Create()
    {
        var target = new Argument<string[]>("pod") { Arity = ArgumentArity.ZeroOrMore };
        var container = Flags.Container();
        var allContainers = Flags.Switch("--all-containers", "All containers of the pod");
        var allPods = Flags.Switch("--all-pods", "All pods of TYPE/NAME, with --prefix");
        var follow = Flags.Switch("--follow", "Go on as lines come", "-f");
        var previous = Flags.Switch("--previous", "The instance of the container before this one, if there was one", "-p");
        var tail = Flags.Number("--tail", "N", "Only the newest lines; else all, or with -l the newest 10. -1 is all");
        var limit = Flags.Number("--limit-bytes", "N", "Not more bytes than so");
        var since = Flags.Duration("--since", "DURATION", "Only lines newer than so: 5s, 2m, 3h");
        var sinceTime = Flags.Text("--since-time", "TIME", "Only lines from then on: 2026-11-24T08:00:00Z");
        var timestamps = Flags.Switch("--timestamps", "Put its time before each line");
        var prefix = Flags.Switch("--prefix", "Put pod and container before each line");
        var selector = Flags.Selector();
        var most = Flags.Number("--max-log-requests", "N", "How many logs -f may follow at once with -l; 5 unless said");
        var command = new KubeCommand("logs", "Print what a container printed")
        {
            Group = "Looking into pods",
            Usage = "(POD | TYPE/NAME | -l SELECTOR) [options]",
            Examples = """
                # What a pod printed, and what it goes on printing
                akctl logs web-5d9c6b8f4-x2x7k
                akctl logs -f web-5d9c6b8f4-x2x7k

                # The last 20 lines of a pod of a Deployment
                akctl logs deployment/web --tail=20

                # Why a container restarted: what it printed before
                akctl logs web-5d9c6b8f4-x2x7k -c server --previous

                # All pods with a label, of the last hour, each line with its pod
                akctl logs -l app=web --all-containers --prefix --since=1h
                """,
        };
        command.Add(target);
        foreach (var option in new Option[] { container, allContainers, allPods, follow, previous, tail, limit, since, sinceTime, timestamps, prefix, selector, most })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var words = parsed.GetValue(target)!;
            var labels = parsed.GetValue(selector);
            if (labels is not null && words.Length > 0)
                throw new CliException("only a selector (-l) or a POD name is allowed");
            if (labels is null && words.Length == 0)
                throw new UsageException("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command");
            if (parsed.GetValue(since) is not null && parsed.GetValue(sinceTime) is not null)
                throw new CliException("at most one of `sinceTime` or `sinceSeconds` may be specified");
            if (parsed.GetValue(allContainers) && parsed.GetValue(container) is { } one)
                throw new CliException($"--all-containers=true should not be specified with container name {one}");
            if (parsed.GetValue(sinceTime) is { } from && !IsTime(from))
                throw new CliException($"parsing time \"{from}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{from}\" as a time");
            var session = CliSession.Open(parsed);
            var named = words is [var pod, var name] && !pod.Contains('/') ? (Pod: new[] { pod }, Container: name) : (Pod: words, Container: parsed.GetValue(container));
            var pods = await PodsAsync(session, named.Pod, labels, parsed.GetValue(allPods), cancellation);
            if (pods.Count == 0)
                await Console.Error.WriteLineAsync($"No resources found in {session.Namespace} namespace.");
            var sources = new List<LogSource>();
            foreach (var p in pods)
                sources.AddRange(await LogReader.SourcesAsync(p, named.Container, parsed.GetValue(allContainers)));
            var max = parsed.GetValue(most) ?? 5;
            if (parsed.GetValue(follow) && sources.Count > max && labels is not null)
                throw new CliException($"you are attempting to follow {sources.Count} log streams, but maximum allowed concurrency is {max}, use --max-log-requests to increase the limit");
            var query = new LogQuery
            {
                Follow = parsed.GetValue(follow),
                Previous = parsed.GetValue(previous),
                Timestamps = parsed.GetValue(timestamps),
                Tail = parsed.GetValue(tail) ?? (labels is null ? null : TailOfMany),
                LimitBytes = parsed.GetValue(limit),
                Since = parsed.GetValue(since),
                SinceTime = parsed.GetValue(sinceTime),
            };
            await new LogReader(session, query, parsed.GetValue(prefix) || parsed.GetValue(allPods)).CopyAsync(sources, cancellation);
        });
        return command;
    }

    private static async Task<IReadOnlyList<JsonObject>> PodsAsync(CliSession session, string[] words, string? labels, bool all, CancellationToken cancellation)
    {
        if (labels is not null)
            return await PodTargets.ListAsync(session, labels, cancellation);
        var arguments = ResourceArguments.Read(words, "logs");
        return all ? await PodTargets.FindAllAsync(session, arguments, cancellation) : [await PodTargets.FindAsync(session, arguments, cancellation)];
    }

    private static bool IsTime(string text) => text.Contains('T') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
}
