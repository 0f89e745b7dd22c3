using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl delete</c>: by name, by selector or by manifest; waits until the objects are gone.</summary>
internal static class DeleteCommand
{
    public static Command Create()
    {
        var resources = new Argument<string[]>("resources") { Description = "pod web-1 | deploy/web | pods -l app=web", Arity = ArgumentArity.ZeroOrMore };
        var files = new Option<string[]>("--filename", "-f") { Description = "Delete the objects of a file, folder or - for standard input." };
        var recursive = new Option<bool>("--recursive", "-R") { Description = "Read folders with all that is below them." };
        var selector = new Option<string?>("--selector", "-l") { Description = "Delete what the label selector selects." };
        var all = new Option<bool>("--all") { Description = "Delete all objects of the kind in the namespace." };
        var grace = new Option<int?>("--grace-period") { Description = "Seconds for a pod to stop by itself." };
        var force = new Option<bool>("--force") { Description = "Remove pods at once, without waiting for their node." };
        var ignore = new Option<bool>("--ignore-not-found") { Description = "Objects that are not there are no error." };
        var wait = new Option<bool>("--wait") { Description = "Wait until the objects are gone.", DefaultValueFactory = _ => true };
        var cascade = new Option<string>("--cascade") { Description = "background, foreground or orphan dependents.", DefaultValueFactory = _ => "background" };
        var command = new Command("delete", "Delete objects.") { resources, files, recursive, selector, all, grace, force, ignore, wait, cascade };
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var policy = parsed.GetValue(cascade)!.ToLowerInvariant() switch
            {
                "background" => "Background",
                "foreground" => "Foreground",
                "orphan" => "Orphan",
                var other => throw new CliException($"invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""),
            };
            var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions", ["propagationPolicy"] = policy };
            if (parsed.GetValue(force))
                options["gracePeriodSeconds"] = 0;
            else if (parsed.GetValue(grace) is { } seconds)
                options["gracePeriodSeconds"] = seconds;
            var targets = await TargetsAsync(session, parsed.GetValue(files) ?? [], parsed.GetValue(recursive), parsed.GetValue(resources) ?? [],
                parsed.GetValue(selector), parsed.GetValue(all), cancellation);
            var deleted = new List<(ResourceName Name, string? Namespace, string? Uid)>();
            var failed = false;
            foreach (var (name, ns) in targets)
            {
                try
                {
                    var answer = await session.SendAsync(session.Request("delete", name.Kind, name.Name!, ns: ns) with { Body = JsonSerializer.SerializeToUtf8Bytes(options) }, cancellation);
                    Console.WriteLine($"{ResourceName.Prefix(name.Kind)} \"{name.Name}\" {(parsed.GetValue(force) ? "force deleted" : "deleted")}{(name.Kind.Namespaced ? $" from {ns ?? session.Namespace} namespace" : "")}");
                    deleted.Add((name, ns, (string?)answer["metadata"]?["uid"] ?? (string?)answer["details"]?["uid"]));
                }
                catch (ApiException e) when (e.IsNotFound)
                {
                    if (parsed.GetValue(ignore))
                        continue;
                    failed = true;
                    await Console.Error.WriteLineAsync(CliCommand.Describe(e));
                }
            }

            if (parsed.GetValue(wait))
                await WaitAsync(session, deleted, cancellation);
            if (failed)
                throw new CliException("");
            if (targets.Count == 0)
                Console.WriteLine("No resources found");
        });
        return command;
    }

    private static async Task<IReadOnlyList<(ResourceName Name, string? Namespace)>> TargetsAsync(
        CliSession session, string[] files, bool recursive, string[] resources, string? selector, bool all, CancellationToken cancellation)
    {
        if (files.Length > 0)
            return [.. Manifests.Read(files, recursive).Select(m => (new ResourceName(m.Kind, m.Name), m.Namespace))];
        var names = ResourceNames.Parse(resources);
        if (names.All(n => n.Name is not null))
            return [.. names.Select(n => (n, (string?)null))];
        if (selector is null && !all)
            throw new CliException("resource(s) were provided, but no name was specified");
        var targets = new List<(ResourceName, string?)>();
        foreach (var name in names)
        {
            var list = await session.SendAsync(session.Request("list", name.Kind, query: ("labelSelector", selector)), cancellation);
            targets.AddRange(list["items"]!.AsArray().Select(i => (name with { Name = (string)i!["metadata"]!["name"]! }, (string?)i["metadata"]!["namespace"])));
        }

        return targets;
    }

    // Gone means: no such object, or another one of that name. The watch starts before the look, so nothing falls between.
    private static async Task WaitAsync(CliSession session, List<(ResourceName Name, string? Namespace, string? Uid)> deleted, CancellationToken cancellation)
    {
        foreach (var (name, ns, uid) in deleted)
        {
            var current = await session.FindAsync(session.Request("get", name.Kind, name.Name!, ns: ns), cancellation);
            if (current is null || (uid is not null && (string?)current["metadata"]?["uid"] != uid))
                continue;
            var request = session.Request("watch", name.Kind, ns: ns, query:
            [
                ("fieldSelector", $"metadata.name={name.Name}"), ("resourceVersion", (string?)current["metadata"]?["resourceVersion"]),
            ]);
            await foreach (var (type, _) in TableWatch.EventsAsync(session, request, tables: false, cancellation))
            {
                if (type == "DELETED")
                    break;
            }
        }
    }
}
