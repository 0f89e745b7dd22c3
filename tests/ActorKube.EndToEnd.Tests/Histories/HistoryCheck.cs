namespace ActorKube.EndToEnd.Tests.Histories;

/// <summary>
/// Whether a history is one that a single store without failures could have made. The versions put all writes in one order, which the watches tell; what is left to
/// check is that everybody saw that order: acknowledged writes are in it, once; each was made on what it expected; requests that followed each other are in that
/// order; reads are not older than what was known before them. Pure.
/// </summary>
internal static class HistoryCheck
{
    /// <summary>What is wrong with it; empty when it is right.</summary>
    public static IReadOnlyList<string> Problems(History history)
    {
        var problems = new List<string>();
        var log = Log(history, problems);
        foreach (var stream in history.Streams)
            CheckStream(stream, log, problems);
        CheckWrites(history, log, problems);
        foreach (var key in log.Values.GroupBy(e => e.Key, StringComparer.Ordinal))
            CheckKey([.. key.OrderBy(e => e.Version)], history, problems);
        return problems;
    }

    // Every event that anybody saw, by version.
    private static SortedDictionary<long, Seen> Log(History history, List<string> problems)
    {
        var log = new SortedDictionary<long, Seen>();
        var known = history.Streams.SelectMany(s => s.Events).Concat(history.Final.Select(f => new Seen(f.Value.Version, f.Key, f.Value.Write)));
        foreach (var seen in known)
        {
            if (log.TryGetValue(seen.Version, out var before) && before != seen)
                problems.Add($"version {seen.Version} is {before} to one and {seen} to another");
            log[seen.Version] = seen;
        }

        return log;
    }

    private static void CheckStream(Stream stream, SortedDictionary<long, Seen> log, List<string> problems)
    {
        var last = stream.From;
        foreach (var seen in stream.Events)
        {
            if (seen.Version <= last)
                problems.Add($"{stream.Name} brought {seen} after version {last}");
            last = Math.Max(last, seen.Version);
        }

        var brought = stream.Events.Select(e => e.Version).ToHashSet();
        foreach (var (version, missed) in log)
        {
            if (version > stream.From && version < last && !brought.Contains(version))
                problems.Add($"{stream.Name} did not bring {missed}, though it brought version {last}");
        }
    }

    private static void CheckWrites(History history, SortedDictionary<long, Seen> log, List<string> problems)
    {
        foreach (var twice in log.Values.GroupBy(e => e.Write, StringComparer.Ordinal).Where(g => g.Count() > 1))
            problems.Add($"the write {twice.Key} was done {twice.Count()} times: versions {string.Join(", ", twice.Select(e => e.Version))}");
        var byWrite = log.Values.ToLookup(e => e.Write, StringComparer.Ordinal);
        foreach (var write in history.Operations.Where(o => o.Write is not null))
        {
            var done = byWrite[write.Write!].FirstOrDefault();
            if (write.Outcome == Outcome.Ok && done?.Version != write.Version)
                problems.Add($"the write {write.Write} was acknowledged as version {write.Version}, {(done is null ? "but nobody ever saw it" : $"but is version {done.Version}")}");
            if (write.Outcome == Outcome.Conflict && done is not null)
                problems.Add($"the write {write.Write} was refused, but is version {done.Version}");
        }
    }

    private static void CheckKey(IReadOnlyList<Seen> versions, History history, List<string> problems)
    {
        var operations = history.Operations.Where(o => o.Key == versions[0].Key).ToList();
        var writes = operations.Where(o => o.Write is not null).ToDictionary(o => o.Write!, StringComparer.Ordinal);
        for (var i = 0; i < versions.Count; i++)
        {
            if (writes.TryGetValue(versions[i].Write, out var write) && i > 0 && write.Expected != versions[i - 1].Version)
                problems.Add($"the write {write.Write} expected version {write.Expected} and was done on version {versions[i - 1].Version}");
        }

        // What is certain at a moment: the newest version that anybody had been told of by then.
        var told = operations.Where(o => o.Outcome == Outcome.Ok).OrderBy(o => o.Ended).ToList();
        var (next, newest) = (0, 0L);
        foreach (var operation in operations.OrderBy(o => o.Began))
        {
            for (; next < told.Count && told[next].Ended < operation.Began; next++)
                newest = Math.Max(newest, told[next].Version);
            if (operation.Outcome == Outcome.Ok && (operation.Write is null ? operation.Version < newest : operation.Version <= newest))
                problems.Add($"{operation} is older than version {newest}, which was known before it began");
            if (operation is { Outcome: Outcome.Ok, Write: null } && writes.GetValueOrDefault(versions.FirstOrDefault(v => v.Version == operation.Version)?.Write ?? "") is { } source && source.Began > operation.Ended)
                problems.Add($"{operation} read what was only written afterwards");
        }

        CheckRefusals(versions, operations, writes, problems);
    }

    // A write may be refused only where the object was, or may have been, another one than it expected at some moment while it was under way.
    private static void CheckRefusals(IReadOnlyList<Seen> versions, IEnumerable<Operation> operations, Dictionary<string, Operation> writes, List<string> problems)
    {
        foreach (var refused in operations.Where(o => o.Outcome == Outcome.Conflict))
        {
            var index = versions.ToList().FindIndex(v => v.Version == refused.Expected);
            if (index < 0)
                continue;
            var successor = index + 1 < versions.Count ? writes.GetValueOrDefault(versions[index + 1].Write) : null;
            if (index + 1 == versions.Count || successor?.Began > refused.Ended)
                problems.Add($"{refused} was refused, though the object was as it expected all the time");
        }
    }
}
