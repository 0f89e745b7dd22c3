using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;
using k8s.Models;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl rollout</c>: status, history, undo, pause, resume and restart of Deployments.</summary>
internal static class RolloutCommand
{
    private const string Revision = "deployment.kubernetes.io/revision";
    private const string ChangeCause = "kubernetes.io/change-cause";
    private static readonly ResourceKind ReplicaSets = KindRegistry.BuiltIn.Of<V1ReplicaSet>();

    public static Command Create()
    {
        var timeout = new Option<int>("--timeout") { Description = "Seconds to wait at the most; 0 waits for ever." };
        var revision = new Option<long>("--revision") { Description = "Show this revision in full." };
        var toRevision = new Option<long>("--to-revision") { Description = "The revision to go back to; 0 is the one before." };
        return new Command("rollout", "Manage the rollout of a Deployment.")
        {
            Sub("status", "Follow a rollout until it is done.", [timeout], (s, d, p, c) => StatusAsync(s, d, p.GetValue(timeout), c)),
            Sub("history", "List the revisions of a Deployment.", [revision], (s, d, p, c) => HistoryAsync(s, d, p.GetValue(revision), c)),
            Sub("undo", "Go back to an earlier revision.", [toRevision], (s, d, p, c) => UndoAsync(s, d, p.GetValue(toRevision), c)),
            Sub("pause", "Hold a rollout.", [], (s, d, _, c) => PauseAsync(s, d, true, c)),
            Sub("resume", "Let a held rollout go on.", [], (s, d, _, c) => PauseAsync(s, d, false, c)),
            Sub("restart", "Replace all pods of a Deployment.", [], (s, d, _, c) => RestartAsync(s, d, c)),
        };
    }

    private static Command Sub(string verb, string description, Option[] options, Func<CliSession, V1Deployment, ParseResult, CancellationToken, Task> action)
    {
        var resources = new Argument<string[]>("resources") { Description = "deployment/web | deployment web" };
        var command = new Command(verb, description) { resources };
        foreach (var option in options)
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            foreach (var name in ResourceNames.Parse(parsed.GetValue(resources) ?? []))
            {
                if (name.Kind.ClrType != typeof(V1Deployment))
                    throw new CliException($"no rollout of {name.Kind.GroupResource}: only Deployments have revisions here");
                if (name.Name is null)
                    throw new CliException("required resource not specified");
                await action(session, await GetAsync(session, name.Name, cancellation), parsed, cancellation);
            }
        });
        return command;
    }

    private static async Task<V1Deployment> GetAsync(CliSession session, string name, CancellationToken cancellation) =>
        Read<V1Deployment>(await session.SendAsync(session.Request("get", KindRegistry.BuiltIn.Of<V1Deployment>(), name), cancellation));

    private static async Task StatusAsync(CliSession session, V1Deployment deployment, int timeout, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeout > 0)
            limit.CancelAfter(TimeSpan.FromSeconds(timeout));
        try
        {
            var last = "";
            while (!Report(deployment, ref last))
            {
                var request = session.Request("watch", KindRegistry.BuiltIn.Of<V1Deployment>(), query:
                [
                    ("fieldSelector", $"metadata.name={deployment.Metadata.Name}"), ("resourceVersion", deployment.Metadata.ResourceVersion),
                ]);
                await foreach (var (type, value) in TableWatch.EventsAsync(session, request, tables: false, limit.Token))
                {
                    if (type == "DELETED")
                        throw new CliException("object has been deleted");
                    deployment = Read<V1Deployment>(value);
                    if (Report(deployment, ref last))
                        return;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CliException("timed out waiting for the condition");
        }
    }

    private static bool Report(V1Deployment deployment, ref string last)
    {
        var (message, done) = RolloutStatus.Of(deployment);
        if (message != last)
            Console.WriteLine(message);
        last = message;
        return done;
    }

    private static async Task HistoryAsync(CliSession session, V1Deployment deployment, long revision, CancellationToken cancellation)
    {
        var sets = await RevisionsAsync(session, deployment, cancellation);
        if (revision > 0)
        {
            var set = Find(sets, revision);
            Console.WriteLine($"deployment.apps/{deployment.Metadata.Name} with revision #{revision}");
            Console.Write(YamlText.Of(JsonNode.Parse(ApiJson.Serialize(new V1PodTemplateSpec { Metadata = set.Spec.Template.Metadata, Spec = set.Spec.Template.Spec }))!));
            return;
        }

        Console.WriteLine($"deployment.apps/{deployment.Metadata.Name} ");
        var rows = sets.Select(s => (IReadOnlyList<string>)[RevisionOf(s).ToString(CultureInfo.InvariantCulture), s.Metadata.Annotations?.TryGetValue(ChangeCause, out var cause) == true ? cause : "<none>"]);
        TableWriter.Write(Console.Out, ["REVISION", "CHANGE-CAUSE"], [.. rows]);
        Console.WriteLine();
    }

    private static async Task UndoAsync(CliSession session, V1Deployment deployment, long revision, CancellationToken cancellation)
    {
        if (deployment.Spec.Paused == true)
            throw new CliException($"you cannot rollback a paused deployment; resume it first with 'akctl rollout resume deployment/{deployment.Metadata.Name}' and try again");
        var sets = await RevisionsAsync(session, deployment, cancellation);
        var target = revision > 0 ? Find(sets, revision) : sets.Count > 1 ? sets[^2] : throw new CliException($"no rollout history found for deployment \"{deployment.Metadata.Name}\"");
        var template = JsonNode.Parse(ApiJson.Serialize(target.Spec.Template))!.AsObject();
        (template["metadata"]?["labels"] as JsonObject)?.Remove("pod-template-hash");
        if (JsonNode.DeepEquals(template, JsonNode.Parse(ApiJson.Serialize(deployment.Spec.Template))))
        {
            Console.WriteLine($"deployment.apps/{deployment.Metadata.Name} skipped rollback (current template already matches revision {RevisionOf(target)})");
            return;
        }

        await PatchAsync(session, deployment, "application/json-patch+json", new JsonArray(new JsonObject { ["op"] = "replace", ["path"] = "/spec/template", ["value"] = template }), cancellation);
        Console.WriteLine($"deployment.apps/{deployment.Metadata.Name} rolled back");
    }

    private static async Task PauseAsync(CliSession session, V1Deployment deployment, bool pause, CancellationToken cancellation)
    {
        if ((deployment.Spec.Paused ?? false) == pause)
            throw new CliException($"deployments.apps \"{deployment.Metadata.Name}\" {(pause ? "is already paused" : "is not paused")}");
        await PatchAsync(session, deployment, "application/merge-patch+json", new JsonObject { ["spec"] = new JsonObject { ["paused"] = pause ? true : null } }, cancellation);
        Console.WriteLine($"deployment.apps/{deployment.Metadata.Name} {(pause ? "paused" : "resumed")}");
    }

    private static async Task RestartAsync(CliSession session, V1Deployment deployment, CancellationToken cancellation)
    {
        if (deployment.Spec.Paused == true)
            throw new CliException($"can't restart paused deployment (run rollout resume first): deployments.apps \"{deployment.Metadata.Name}\"");
        var stamp = new JsonObject { ["kubectl.kubernetes.io/restartedAt"] = TimeProvider.System.GetLocalNow().ToString("yyyy-MM-ddTHH:mm:ssK", CultureInfo.InvariantCulture) };
        await PatchAsync(session, deployment, "application/merge-patch+json",
            new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = stamp } } } }, cancellation);
        Console.WriteLine($"deployment.apps/{deployment.Metadata.Name} restarted");
    }

    private static Task PatchAsync(CliSession session, V1Deployment deployment, string type, JsonNode patch, CancellationToken cancellation) =>
        session.SendAsync(session.Request("patch", KindRegistry.BuiltIn.Of<V1Deployment>(), deployment.Metadata.Name, query: ("fieldManager", "akctl-rollout")) with
        {
            ContentType = type,
            Body = JsonSerializer.SerializeToUtf8Bytes(patch),
        }, cancellation);

    // Oldest first.
    private static async Task<List<V1ReplicaSet>> RevisionsAsync(CliSession session, V1Deployment deployment, CancellationToken cancellation)
    {
        var list = await session.SendAsync(session.Request("list", ReplicaSets), cancellation);
        return [.. list["items"]!.AsArray().Select(i => Read<V1ReplicaSet>(i!.AsObject()))
            .Where(s => s.Metadata.OwnerReferences?.Any(o => o.Controller == true && o.Uid == deployment.Metadata.Uid) == true)
            .OrderBy(RevisionOf)];
    }

    private static V1ReplicaSet Find(List<V1ReplicaSet> sets, long revision) =>
        sets.Find(s => RevisionOf(s) == revision) ?? throw new CliException("unable to find the specified revision");

    private static long RevisionOf(V1ReplicaSet set) =>
        set.Metadata.Annotations?.TryGetValue(Revision, out var text) == true && long.TryParse(text, CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    private static T Read<T>(JsonObject json) => ApiJson.Deserialize<T>(JsonSerializer.SerializeToUtf8Bytes(json));
}
