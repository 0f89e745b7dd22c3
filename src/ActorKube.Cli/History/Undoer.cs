using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.History;

/// <summary>Undoes changes by new writes, each of which the server refuses when somebody else was faster.</summary>
/// <param name="Session">The cluster.</param>
/// <param name="DryRun"><c>none</c>, <c>client</c> or <c>server</c>.</param>
/// <param name="Force">Whether later changes of others may be lost.</param>
internal sealed record Undoer(CliSession Session, string DryRun, bool Force)
{
    private const string Manager = "akctl-undo";

    /// <summary>Undoes those of the object's changes that are meant. Returns false when there were none.</summary>
    public async Task<bool> UndoAsync(Target target, IReadOnlyList<ObjectChange> changes, Func<ObjectChange, bool> isMeant, CancellationToken cancellation)
    {
        if (UndoPlan.Of(changes, isMeant, Force) is not { } plan)
            return false;
        await (plan.To.Length == 0 ? RemoveAsync(target, cancellation) : RestoreAsync(target, plan.To, cancellation));
        foreach (var change in Enumerable.Reverse(plan.Undone))
            Console.WriteLine($"  revision {change.Revision}, {change.Line}");
        return true;
    }

    /// <summary>Makes the object what it was at a revision.</summary>
    public async Task RestoreAsync(Target target, string revision, CancellationToken cancellation)
    {
        var then = await Session.SendAsync(Session.Request("get", target.Kind, target.Name, ns: target.Namespace, query: [("atRevision", revision)]), cancellation);
        var now = await Session.FindAsync(Session.Request("get", target.Kind, target.Name, ns: target.Namespace), cancellation);
        if (DryRun != "client")
        {
            await Session.SendAsync(
                Session.Request(now is null ? "create" : "update", target.Kind, now is null ? "" : target.Name, ns: target.Namespace, query: [("fieldManager", Manager), Dry]) with
                {
                    Body = Encoding.UTF8.GetBytes(UndoPlan.Restored(then, now).ToJsonString()),
                }, cancellation);
        }

        Console.WriteLine($"{target} {(now is null ? "created again" : "restored")} as of revision {revision}{DryRuns.Suffix(DryRun)}");
    }

    private (string, string?) Dry => ("dryRun", DryRun == "server" ? "All" : null);

    // Only the very object that was looked at is deleted.
    private async Task RemoveAsync(Target target, CancellationToken cancellation)
    {
        if (await Session.FindAsync(Session.Request("get", target.Kind, target.Name, ns: target.Namespace), cancellation) is not { } now)
        {
            Console.WriteLine($"{target} is gone already");
            return;
        }

        if (DryRun != "client")
        {
            var options = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "DeleteOptions",
                ["preconditions"] = new JsonObject { ["uid"] = now.Text("metadata", "uid"), ["resourceVersion"] = now.Text("metadata", "resourceVersion") },
            };
            await Session.SendAsync(Session.Request("delete", target.Kind, target.Name, ns: target.Namespace, query: [Dry]) with { Body = Encoding.UTF8.GetBytes(options.ToJsonString()) }, cancellation);
        }

        Console.WriteLine($"{target} deleted: it did not exist before{DryRuns.Suffix(DryRun)}");
    }
}
