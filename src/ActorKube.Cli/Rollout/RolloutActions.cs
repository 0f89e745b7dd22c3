using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Cli.Describe;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Rollout;

/// <summary>What <c>rollout</c> does to one object.</summary>
internal sealed record RolloutActions(CliSession Session)
{
    private const string ChangeCause = "kubernetes.io/change-cause";
    private static readonly string[] WithTemplates = ["deployments.apps", "daemonsets.apps", "statefulsets.apps"];

    /// <summary>Follows a rollout until it is over, or only says where it is.</summary>
    public async Task StatusAsync(Target target, TimeSpan timeout, bool watch, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeout > TimeSpan.Zero)
            limit.CancelAfter(timeout);
        try
        {
            var value = await GetAsync(target, limit.Token);
            var last = "";
            while (!Report(value, ref last) && watch)
            {
                var request = Session.Request("watch", target.Kind, ns: target.Namespace, query:
                    [("fieldSelector", $"metadata.name={target.Name}"), ("resourceVersion", value.Text("metadata", "resourceVersion"))]);
                await foreach (var (type, changed) in WatchStream.EventsAsync(Session, request, limit.Token))
                {
                    if (type == "DELETED")
                        throw new CliException("object has been deleted");
                    if (type == "BOOKMARK")
                        continue;
                    value = changed;
                    if (Report(value, ref last))
                        return;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CliException("timed out waiting for the condition");
        }
    }

    /// <summary>Lists the revisions, or shows the template of one.</summary>
    public async Task HistoryAsync(Target target, long revision, CancellationToken cancellation)
    {
        if (!WithTemplates.Contains(target.Kind.GroupResource))
            throw new CliException($"no history viewer has been implemented for \"{target.Kind.Kind}\"");
        var owner = await GetAsync(target, cancellation);
        var byReplicaSets = IsDeployment(target);
        var sets = byReplicaSets ? await Revisions.ListAsync(Session, owner, cancellation) : await ControllerRevisions.ListAsync(Session, owner, cancellation);
        Func<JsonObject, long> numberOf = byReplicaSets ? Revisions.Of : ControllerRevisions.Of;
        if (revision > 0)
        {
            var text = new DescribeText();
            text.Line(0, $"{target} with revision #{revision}");
            var found = Find(sets, numberOf, revision);
            PodTemplateLines.Write(text, byReplicaSets ? found.At("spec", "template") : ControllerRevisions.Template(found));
            Console.Write(text + "\n");
            return;
        }

        if (sets.Count == 0)
        {
            Console.WriteLine("No rollout history found.");
            return;
        }

        var rows = sets.Select(s => $"{numberOf(s)}\t{DescribeText.OrNone(s.Text("metadata", "annotations", ChangeCause))}\n");
        Console.Write($"{target} \n{TabText.Align($"REVISION\tCHANGE-CAUSE\n{string.Concat(rows)}")}\n");
    }

    /// <summary>Goes back to a revision; 0 is the one before the newest.</summary>
    public async Task UndoAsync(Target target, long revision, CancellationToken cancellation)
    {
        if (!WithTemplates.Contains(target.Kind.GroupResource))
            throw new CliException($"no rollbacker has been implemented for \"{target.Kind.Kind}\"");
        if (IsDeployment(target))
            await UndoDeploymentAsync(target, revision, cancellation);
        else
            await UndoSetAsync(target, revision, cancellation);
    }

    private async Task UndoSetAsync(Target target, long revision, CancellationToken cancellation)
    {
        var owner = await GetAsync(target, cancellation);
        var revisions = await ControllerRevisions.ListAsync(Session, owner, cancellation);
        var to = revision > 0 ? Find(revisions, ControllerRevisions.Of, revision) : revisions.Count > 1 ? revisions[^2] : throw new CliException("no last revision to roll back to");
        if (ControllerRevisions.IsCurrent(owner, to))
        {
            Console.WriteLine($"{target} skipped rollback (current template already matches revision {ControllerRevisions.Of(to)})");
            return;
        }

        await PatchAsync(target, "application/strategic-merge-patch+json", ControllerRevisions.Patch(to), cancellation);
        Console.WriteLine($"{target} rolled back");
    }

    private async Task UndoDeploymentAsync(Target target, long revision, CancellationToken cancellation)
    {
        var deployment = await GetAsync(target, cancellation);
        if (deployment.IsTrue("spec", "paused"))
            throw new CliException($"you cannot rollback a paused deployment; resume it first with 'akctl rollout resume deployment/{target.Name}' and try again");
        var sets = await Revisions.ListAsync(Session, deployment, cancellation);
        var to = revision > 0 ? Find(sets, Revisions.Of, revision) : sets.Count > 1 ? sets[^2] : throw new CliException($"no rollout history found for deployment \"{target.Name}\"");
        if (JsonNode.DeepEquals(Revisions.Template(to), Revisions.Template(deployment)))
        {
            Console.WriteLine($"{target} skipped rollback (current template already matches revision {Revisions.Of(to)})");
            return;
        }

        await PatchAsync(target, "application/json-patch+json", new JsonArray(
            new JsonObject { ["op"] = "replace", ["path"] = "/spec/template", ["value"] = Revisions.Template(to) },
            new JsonObject { ["op"] = "add", ["path"] = "/metadata/annotations", ["value"] = Revisions.Annotations(deployment, to) }), cancellation);
        Console.WriteLine($"{target} rolled back");
    }

    /// <summary>Holds a rollout, or lets it go on.</summary>
    public async Task PauseAsync(Target target, bool pause, CancellationToken cancellation)
    {
        if (!IsDeployment(target))
            throw new CliException($"{target.Kind.GroupResource} \"{target.Name}\" {(pause ? "pausing" : "resuming")} is not supported");
        if ((await GetAsync(target, cancellation)).IsTrue("spec", "paused") == pause)
            throw new CliException($"{target.Kind.GroupResource} \"{target.Name}\" is {(pause ? "already paused" : "not paused")}");
        await PatchAsync(target, "application/merge-patch+json", new JsonObject { ["spec"] = new JsonObject { ["paused"] = pause ? true : null } }, cancellation);
        Console.WriteLine($"{target} {(pause ? "paused" : "resumed")}");
    }

    /// <summary>Replaces all pods: the template gets a new annotation.</summary>
    public async Task RestartAsync(Target target, CancellationToken cancellation)
    {
        if (!WithTemplates.Contains(target.Kind.GroupResource))
            throw new CliException($"{target.Kind.GroupResource} \"{target.Name}\" restarting is not supported");
        if ((await GetAsync(target, cancellation)).IsTrue("spec", "paused"))
            throw new CliException($"{target.Kind.GroupResource} \"{target.Name}\" can't restart paused deployment (run rollout resume first)");
        var now = TimeProvider.System.GetLocalNow().ToString("yyyy-MM-ddTHH:mm:ssK", CultureInfo.InvariantCulture).Replace("+00:00", "Z", StringComparison.Ordinal);
        var annotations = new JsonObject { ["kubectl.kubernetes.io/restartedAt"] = now };
        await PatchAsync(target, "application/merge-patch+json",
            new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = annotations } } } }, cancellation);
        Console.WriteLine($"{target} restarted");
    }

    private static bool IsDeployment(Target target) => target.Kind.GroupResource == "deployments.apps";

    private static bool Report(JsonObject value, ref string last)
    {
        var (message, done) = RolloutStatus.Of(value);
        if (message != last)
            Console.WriteLine(message);
        last = message;
        return done;
    }

    private static JsonObject Find(IReadOnlyList<JsonObject> revisions, Func<JsonObject, long> numberOf, long revision) =>
        revisions.FirstOrDefault(r => numberOf(r) == revision) ?? throw new CliException("unable to find the specified revision");

    private Task<JsonObject> GetAsync(Target target, CancellationToken cancellation) => Session.SendAsync(Session.Request("get", target.Kind, target.Name, ns: target.Namespace), cancellation);

    private Task PatchAsync(Target target, string type, JsonNode patch, CancellationToken cancellation) =>
        Session.SendAsync(Session.Request("patch", target.Kind, target.Name, ns: target.Namespace, query: ("fieldManager", "kubectl-rollout")) with
        {
            ContentType = type,
            Body = Encoding.UTF8.GetBytes(patch.ToJsonString()),
        }, cancellation);
}
