namespace ActorKube.EndToEnd.Tests.Histories;

/// <summary>
/// Whether a history is one that a single store without failures could have made. The versions put all writes in one order, which the watches tell; what is left to
/// check is that everybody saw that order: acknowledged writes are in it, once; each was made on what it expected; requests that followed each other are in that
/// order; reads are not older than what was known before them; watches bring what they asked for, all of it, in that order. Pure.
/// </summary>
internal static class HistoryCheck
{
    /// <summary>What is wrong with it; empty when it is right.</summary>
    public static IReadOnlyList<string> Problems(History history)
    {
        var problems = new List<string>();
        var log = Log(history, problems);
        foreach (var stream in history.Streams)
            CheckStream(stream, history.Initial, log, problems);
        CheckWrites(history, log, problems);
        foreach (var key in log.Values.GroupBy(e => e.Key, StringComparer.Ordinal))
            CheckKey([.. key.OrderBy(e => e.Version)], history, problems);
        return problems;
    }

    // Every event that anybody saw, by version.
    private static SortedDictionary<long, Seen> Log(History history, List<string> problems)
    {
        var log = new SortedDictionary<long, Seen>();
        var brought = history.Streams.SelectMany(s => s.Events.Where(e => e.Type != Seen.Left));
        foreach (var seen in brought.Concat(history.Final.Select(f => new Seen(f.Value.Version, f.Key, f.Value.Write))).Select(e => e with { Type = "" }))
        {
            if (log.TryGetValue(seen.Version, out var before) && before != seen)
                problems.Add($"version {seen.Version} is {before} to one and {seen} to another");
            log[seen.Version] = seen;
        }

        return log;
    }

    private static void CheckStream(Stream stream, IReadOnlyList<Seen> initial, SortedDictionary<long, Seen> log, List<string> problems)
    {
        var last = stream.From;
        foreach (var seen in stream.Events)
        {
            if (seen.Version <= last)
                problems.Add($"{stream.Name} brought {seen} after version {last}");
            last = Math.Max(last, seen.Version);
        }

        var due = Due(stream, initial, log);
        foreach (var seen in stream.Events)
        {
            if (!due.TryGetValue(seen.Version, out var type))
                problems.Add($"{stream.Name} brought {seen}, which it did not ask for");
            else if (type.Length > 0 && type != seen.Type)
                problems.Add($"{stream.Name} brought {seen} where it should have been {type}");
        }

        var brought = stream.Events.Select(e => e.Version).ToHashSet();
        foreach (var missed in due.Keys.Where(v => v < last && !brought.Contains(v)))
            problems.Add($"{stream.Name} did not bring {log[missed]}, though it brought version {last}");
    }

    // What a stream has to bring, by version: to one that selects, an object comes and goes as it becomes what it selects and is so no more.
    private static SortedDictionary<long, string> Due(Stream stream, IReadOnlyList<Seen> initial, SortedDictionary<long, Seen> log)
    {
        var due = new SortedDictionary<long, string>();
        var selected = initial.Where(e => stream.Selects?.Invoke(e) == true).Select(e => e.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var (version, seen) in log)
        {
            if (stream.Selects is null)
            {
                due[version] = "";
                continue;
            }

            var (was, isNow) = (selected.Contains(seen.Key), stream.Selects(seen));
            if (was || isNow)
                due[version] = !isNow ? Seen.Left : was ? "MODIFIED" : "ADDED";
            if (isNow)
                selected.Add(seen.Key);
            else
                selected.Remove(seen.Key);
        }

        foreach (var earlier in due.Keys.Where(v => v <= stream.From).ToList())
            due.Remove(earlier);
        return due;
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
        var byVersion = versions.ToDictionary(v => v.Version);
        for (var i = 0; i < versions.Count; i++)
        {
            if (writes.TryGetValue(versions[i].Write, out var write) && i > 0 && write.Expected != versions[i - 1].Version)
                problems.Add($"the write {write.Write} expected version {write.Expected} and was done on version {versions[i - 1].Version}");
        }

        // What is certain at a moment: the newest version that anybody had been told of by then.
        var told = operations.Where(o => o.Outcome == Outcome.Ok).OrderBy(o => o.Ended).ToList();
        var (next, newest, teller) = (0, 0L, (Operation?)null);
        foreach (var operation in operations.OrderBy(o => o.Began))
        {
            for (; next < told.Count && told[next].Ended < operation.Began; next++)
            {
                if (told[next].Version > newest)
                    (newest, teller) = (told[next].Version, told[next]);
            }

            if (operation.Outcome == Outcome.Ok && (operation.Write is null ? operation.Version < newest : operation.Version <= newest))
                problems.Add($"{operation} is older than version {newest}, which was known before it began, by {teller}");
            if (operation is { Outcome: Outcome.Ok, Write: null } && operation.Version >= versions[0].Version && !byVersion.ContainsKey(operation.Version))
                problems.Add($"{operation} read a version that nobody else saw");
            if (operation is { Outcome: Outcome.Ok, Write: null } && writes.GetValueOrDefault(byVersion.GetValueOrDefault(operation.Version)?.Write ?? "") is { } source && source.Began > operation.Ended)
                problems.Add($"{operation} read what was only written afterwards");
        }

        CheckRefusals(versions, operations, writes, problems);
    }

    // A write may be refused only where the object was, or may have been, another one than it expected at some moment while it was under way.
    private static void CheckRefusals(IReadOnlyList<Seen> versions, IEnumerable<Operation> operations, Dictionary<string, Operation> writes, List<string> problems)
    {
        var indexes = versions.Select((v, i) => (v.Version, i)).ToDictionary(v => v.Version, v => v.i);
        foreach (var refused in operations.Where(o => o.Outcome == Outcome.Conflict))
        {
            if (!indexes.TryGetValue(refused.Expected, out var index))
                continue;
            var successor = index + 1 < versions.Count ? writes.GetValueOrDefault(versions[index + 1].Write) : null;
            if (index + 1 == versions.Count || successor?.Began > refused.Ended)
                problems.Add($"{refused} was refused, though the object was as it expected all the time");
        }
    }
}
