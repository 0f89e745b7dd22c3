using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.History;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl history</c>, <c>akctl undo</c> and <c>akctl blame</c>: who changed what, and back.</summary>
internal static class HistoryCommand
{
    private const int MostOrigins = 10;

    /// <summary><c>akctl history</c>.</summary>
    public static Command CreateHistory()
    {
        var resources = new Argument<string[]>("resources") { Arity = ArgumentArity.ZeroOrMore };
        var (since, until) = (Moment.TimeOption("--since", "Only changes since then"), Moment.TimeOption("--until", "Only changes until then"));
        var (user, manager) = (Flags.Text("--user", "NAME", "Only changes by this user"), Flags.Text("--manager", "NAME", "Only changes by this field manager"));
        var limit = Flags.Number("--limit", "N", "Only the newest so many changes");
        var earlier = Flags.Switch("--earlier", "Also earlier objects of the same name");
        var status = Flags.Switch("--show-status", "Also changes of nothing but the status");
        var all = Flags.AllNamespaces();
        var output = Flags.Text("--output", "FORMAT", "yaml or json; else a table", "-o");
        var command = new KubeCommand("history", "Show who changed what, and when")
        {
            Group = "History",
            Usage = "[TYPE NAME | TYPE/NAME | TYPE] [options]",
            Examples = """
                # Everything that happened to a Deployment
                akctl history deployment/web

                # What one user did in the last hour, in all namespaces
                akctl history --user alice --since '1 hour ago' -A
                """,
        };
        command.Add(resources);
        foreach (var option in new Option[] { since, until, user, manager, limit, earlier, status, all, output })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            ObjectPrinter.Check(parsed.GetValue(output) ?? "");
            var session = CliSession.Open(parsed);
            var changes = new ChangeList(session);
            var about = await AboutAsync(session, parsed.GetValue(resources)!, cancellation);
            var now = TimeProvider.System.GetUtcNow();
            var list = await changes.ListAsync(
                parsed.GetValue(all) || about?.Kind.Namespaced == false ? "" : session.Namespace,
                [("resource", about?.Kind.GroupResource), ("name", about?.Name), ("user", parsed.GetValue(user)), ("manager", parsed.GetValue(manager))],
                Moment.ParseTime(parsed.GetValue(since), now), Moment.ParseTime(parsed.GetValue(until), now), parsed.GetValue(limit), parsed.GetValue(earlier), cancellation);
            if (parsed.GetValue(output) is { Length: > 0 } format)
            {
                Console.Write(ObjectPrinter.Of(list, format, ChangeList.Kind));
                return;
            }

            var shown = ChangeList.Read(list).Where(c => parsed.GetValue(status) || c.IsWish).ToList();
            if (shown.Count == 0)
            {
                await Console.Error.WriteLineAsync("No changes found");
                return;
            }

            var single = about?.Name is not null;
            foreach (var line in TableWriter.Lines(single ? ["REVISION", "AGE", "USER", "VERB", "MANAGER", "CHANGED"] : ["REVISION", "AGE", "OBJECT", "USER", "VERB", "MANAGER", "CHANGED"], [.. shown.Select(c => Row(c, single, now))]))
                Console.WriteLine(line);
            if (single)
                await TellOriginAsync(changes, shown[^1], cancellation);
        });
        return command;
    }

    /// <summary><c>akctl undo</c>.</summary>
    public static Command CreateUndo()
    {
        var resources = new Argument<string[]>("resources") { Arity = ArgumentArity.ZeroOrMore };
        var to = Flags.Number("--to-revision", "N", "Make the object what it was at this revision; else the newest change is undone");
        var (since, until) = (Moment.TimeOption("--since", "Undo changes since then"), Moment.TimeOption("--until", "Undo changes until then only"));
        var (user, manager) = (Flags.Text("--user", "NAME", "Undo everything that this user changed"), Flags.Text("--manager", "NAME", "Undo everything that this field manager changed"));
        var force = Flags.Switch("--force", "Undo later changes of others too");
        var all = Flags.AllNamespaces();
        var dryRun = Flags.DryRun();
        var command = new KubeCommand("undo", "Take changes back")
        {
            Group = "History",
            Usage = "(TYPE NAME | TYPE/NAME | --user NAME --since MOMENT | --manager NAME --since MOMENT) [options]",
            About = "Objects are written anew as they were; a deleted one is created again, one that did not exist is deleted. What others changed since is not lost unless --force is said.",
            Examples = """
                # The newest change of a Deployment
                akctl undo deployment/web

                # Back to a revision of 'akctl history'
                akctl undo deployment/web --to-revision=42

                # Everything that somebody did in the last ten minutes; first only say what that would be
                akctl undo --user alice --since '10 minutes ago' --dry-run=client
                akctl undo --user alice --since '10 minutes ago'
                """,
        };
        command.Add(resources);
        foreach (var option in new Option[] { to, since, until, user, manager, force, all, dryRun })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var (changes, undoer) = (new ChangeList(session), new Undoer(session, DryRuns.Parse(parsed.GetValue(dryRun)), parsed.GetValue(force)));
            if (await AboutAsync(session, parsed.GetValue(resources)!, cancellation) is { } about)
            {
                var target = about.ToTarget();
                if (parsed.GetValue(to) is { } revision)
                {
                    await undoer.RestoreAsync(target, revision.ToString(CultureInfo.InvariantCulture), cancellation);
                    return;
                }

                var history = await changes.OfAsync(target, true, cancellation);
                var newest = history.LastOrDefault(c => c.IsWish && !c.IsAutomatic);
                if (newest is null || !await undoer.UndoAsync(target, history, c => c == newest, cancellation))
                    throw new CliException($"there is no change of {target} to undo");
                return;
            }

            if ((parsed.GetValue(user) ?? parsed.GetValue(manager)) is null || parsed.GetValue(since) is null)
                throw new UsageException("say which object, or whose changes since when: --user NAME --since MOMENT");
            var now = TimeProvider.System.GetUtcNow();
            var (from, end) = (Moment.ParseTime(parsed.GetValue(since), now), Moment.ParseTime(parsed.GetValue(until), now));
            var list = await changes.ListAsync(parsed.GetValue(all) ? "" : session.Namespace, [("user", parsed.GetValue(user)), ("manager", parsed.GetValue(manager))], from, end, 10_000, false, cancellation);
            await UndoAllAsync(session, changes, undoer, ChangeList.Read(list), cancellation);
        });
        return command;
    }

    /// <summary><c>akctl blame</c>.</summary>
    public static Command CreateBlame()
    {
        var resources = new Argument<string[]>("resources") { Arity = ArgumentArity.OneOrMore };
        var command = new KubeCommand("blame", "Show who last changed each field of an object") { Group = "History", Usage = "(TYPE NAME | TYPE/NAME) [options]", Examples = "akctl blame deployment/web" };
        command.Add(resources);
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var about = await AboutAsync(session, parsed.GetValue(resources)!, cancellation);
            var target = about!.ToTarget();
            var value = await session.SendAsync(session.Request("get", target.Kind, target.Name), cancellation);
            var now = TimeProvider.System.GetUtcNow();
            var rows = Blame.Of(value, await new ChangeList(session).OfAsync(target, false, cancellation))
                .Select(f => (IReadOnlyList<string>)[f.By?.Revision ?? "", AgeOf(f.By, now), f.By?.User ?? "<unknown>", f.By?.Manager ?? "", $"{f.Path}: {JsonTree.ToText(f.Value)}"]);
            foreach (var line in TableWriter.Lines(["REVISION", "AGE", "USER", "MANAGER", "FIELD"], [.. rows]))
                Console.WriteLine(line);
        });
        return command;
    }

    private static async Task<ResourceName?> AboutAsync(CliSession session, string[] words, CancellationToken cancellation)
    {
        if (words.Length == 0)
            return null;
        var names = await session.Kinds.ResolveAsync(ResourceArguments.Read(words, "history"), cancellation);
        return names.Count == 1 ? names[0] : throw new CliException("the history is told of one object, or of all objects of one type");
    }

    private static async Task UndoAllAsync(CliSession session, ChangeList changes, Undoer undoer, IReadOnlyList<ObjectChange> meant, CancellationToken cancellation)
    {
        var (undone, errors) = (0, new List<Exception>());
        // What was made last goes first: what it rests on is still there.
        foreach (var group in meant.GroupBy(c => (c.Resource, c.Namespace, c.Name)).Reverse())
        {
            try
            {
                var kind = (await session.Kinds.ResolveAsync([new ResourceArgument(group.Key.Resource, group.Key.Name)], cancellation))[0].Kind;
                var target = new Target(kind, group.Key.Name, group.Key.Namespace);
                var revisions = group.Select(c => c.Revision).ToHashSet();
                if (await undoer.UndoAsync(target, await changes.OfAsync(target, true, cancellation), c => revisions.Contains(c.Revision), cancellation))
                    undone++;
            }
            catch (Exception e) when (e is ApiException or CliException)
            {
                errors.Add(e);
            }
        }

        SeveralException.ThrowIfAny(errors);
        if (undone == 0)
            throw new CliException("there is no such change to undo");
    }

    private static async Task TellOriginAsync(ChangeList changes, ObjectChange newest, CancellationToken cancellation)
    {
        var depth = 0;
        for (var cause = await changes.CauseOfAsync(newest, cancellation); cause is not null && depth < MostOrigins; cause = await changes.CauseOfAsync(cause, cancellation))
            Console.WriteLine($"{(depth++ == 0 ? "\nBecause of\n" : "")}{new string(' ', 2 * depth)}{cause.Resource}/{cause.Name} revision {cause.Revision}: {cause.Line}");
    }

    private static IReadOnlyList<string> Row(ObjectChange change, bool single, DateTimeOffset now)
    {
        var what = change.Type == "Updated" ? change.Value.Text("summary") : $"<{change.Type.ToLowerInvariant()}>";
        IReadOnlyList<string> end = [change.User, change.Value.Text("verb"), change.Manager, what];
        return single ? [change.Revision, AgeOf(change, now), .. end] : [change.Revision, AgeOf(change, now), $"{change.Resource}/{change.Name}", .. end];
    }

    private static string AgeOf(ObjectChange? change, DateTimeOffset now) => change?.Time is { } time ? HumanDuration.Since(time.UtcDateTime, now) : "";
}
