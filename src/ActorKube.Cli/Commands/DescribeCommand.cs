using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;
using k8s.Models;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl describe</c>: an object for people to read, with the events about it.</summary>
internal static class DescribeCommand
{
    public static Command Create()
    {
        var resources = new Argument<string[]>("resources") { Description = "pod web-1 | deploy/web | nodes" };
        var selector = new Option<string?>("--selector", "-l") { Description = "Label selector, such as 'app=web'." };
        var command = new Command("describe", "Show one or more objects in detail, with their events.") { resources, selector };
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var first = true;
            foreach (var name in ResourceNames.Parse(parsed.GetValue(resources) ?? []))
            {
                foreach (var json in await ObjectsAsync(session, name, parsed.GetValue(selector), cancellation))
                {
                    if (!first)
                        Console.WriteLine("\n");
                    first = false;
                    foreach (var line in Description.Of(json))
                        Console.WriteLine(line);
                    await PrintEventsAsync(session, json, cancellation);
                }
            }

            if (first)
                await Console.Error.WriteLineAsync($"No resources found in {session.Namespace} namespace.");
        });
        return command;
    }

    private static async Task<IReadOnlyList<JsonObject>> ObjectsAsync(CliSession session, ResourceName name, string? selector, CancellationToken cancellation)
    {
        if (name.Name is not null)
            return [await session.SendAsync(session.Request("get", name.Kind, name.Name), cancellation)];
        var list = await session.SendAsync(session.Request("list", name.Kind, query: ("labelSelector", selector)), cancellation);
        return [.. list["items"]!.AsArray().OfType<JsonObject>()];
    }

    private static async Task PrintEventsAsync(CliSession session, JsonObject json, CancellationToken cancellation)
    {
        var metadata = json["metadata"]!;
        var request = session.Request("list", KindRegistry.BuiltIn.Of<Corev1Event>(), ns: (string?)metadata["namespace"] ?? "default", query:
            ("fieldSelector", $"involvedObject.name={(string?)metadata["name"]},involvedObject.uid={(string?)metadata["uid"]}"));
        var answer = await session.SendAsync(request, cancellation);
        var events = answer["items"]!.AsArray().Select(e => ApiJson.Deserialize<Corev1Event>(JsonSerializer.SerializeToUtf8Bytes(e)))
            .OrderBy(e => e.LastTimestamp ?? e.EventTime ?? e.Metadata.CreationTimestamp).ToList();
        if (events.Count == 0)
        {
            Console.WriteLine("Events:  <none>");
            return;
        }

        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        Console.WriteLine("Events:");
        var rows = events.Select(e => (IReadOnlyList<string>)[e.Type, e.Reason, AgeOf(e, now), e.Source?.Component ?? e.ReportingComponent ?? "", e.Message.Trim()]).ToList();
        foreach (var line in TableWriter.Lines(["Type", "Reason", "Age", "From", "Message"], rows))
            Console.WriteLine("  " + line);
    }

    private static string AgeOf(Corev1Event e, DateTime now)
    {
        var last = Age.Of(now - (e.LastTimestamp ?? e.EventTime ?? e.Metadata.CreationTimestamp ?? now));
        return e.Count > 1 ? $"{last} (x{e.Count} over {Age.Of(now - (e.FirstTimestamp ?? now))})" : last;
    }
}
