using System.CommandLine;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl logs</c>: what a container printed, and with <c>-f</c> what it goes on printing.</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        var target = new Argument<string?>("pod") { Description = "web-1 | deploy/web", Arity = ArgumentArity.ZeroOrOne };
        var container = new Option<string?>("--container", "-c") { Description = "The container; else the first." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as lines come." };
        var previous = new Option<bool>("--previous", "-p") { Description = "The instance of the container before this one." };
        var tail = new Option<long?>("--tail") { Description = "Only so many of the newest lines." };
        var since = new Option<int?>("--since-seconds") { Description = "Only lines of the last seconds." };
        var timestamps = new Option<bool>("--timestamps") { Description = "Put its time before each line." };
        var selector = new Option<string?>("--selector", "-l") { Description = "All pods that the label selector selects, one after another." };
        var command = new Command("logs", "Print what a container printed.") { target, container, follow, previous, tail, since, timestamps, selector };
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var pods = parsed.GetValue(selector) is { } labels ? await PodTargets.ListAsync(session, labels, cancellation)
                : parsed.GetValue(target) is { } name ? [await PodTargets.FindAsync(session, name, cancellation)]
                : throw new CliException("expected 'logs POD' or 'logs TYPE/NAME'");
            foreach (var pod in pods)
            {
                var request = session.Request("get", KindRegistry.BuiltIn.Of<V1Pod>(), pod.Metadata.Name, "log", query:
                [
                    ("container", await PodTargets.ContainerAsync(pod, parsed.GetValue(container))),
                    ("follow", parsed.GetValue(follow) ? "true" : null),
                    ("previous", parsed.GetValue(previous) ? "true" : null),
                    ("timestamps", parsed.GetValue(timestamps) ? "true" : null),
                    ("tailLines", parsed.GetValue(tail)?.ToString()),
                    ("sinceSeconds", parsed.GetValue(since)?.ToString()),
                ]);
                using var message = session.Transport.CreateMessage(request, "*/*");
                using var response = await session.Transport.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
                if (!response.IsSuccessStatusCode)
                    throw ApiError.From(ApiJson.Deserialize<V1Status>(await response.Content.ReadAsByteArrayAsync(cancellation)));
                await using var output = Console.OpenStandardOutput();
                await response.Content.CopyToAsync(output, cancellation);
            }
        });
        return command;
    }
}
