namespace ActorKube.EndToEnd.Tests.Histories;

/// <summary>What became of a request.</summary>
internal enum Outcome
{
    /// <summary>Acknowledged; <see cref="Operation.Version"/> is what the answer said.</summary>
    Ok,

    /// <summary>Refused, since the object was not as expected.</summary>
    Conflict,

    /// <summary>No answer, or one that says that nothing is known.</summary>
    Unknown,
}

/// <summary>One request of a client on one object.</summary>
/// <param name="Key">The object.</param>
/// <param name="Write">What it wrote, unique in the history; null for a read.</param>
/// <param name="Expected">The version that the write expected to be there.</param>
/// <param name="Began">Before it was sent, on the one clock of the history.</param>
/// <param name="Ended">After the answer.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Version">The version that an acknowledged write made, or a read saw; 0 otherwise.</param>
internal sealed record Operation(string Key, string? Write, long Expected, TimeSpan Began, TimeSpan Ended, Outcome Outcome, long Version)
{
    /// <summary>Who was asked.</summary>
    public string Server { get; init; } = "";
}

/// <summary>One event of a watch.</summary>
/// <param name="Version">The version it brought.</param>
/// <param name="Key">The object.</param>
/// <param name="Write">What the object says who wrote it.</param>
/// <param name="Type">The event's type, where it matters.</param>
internal sealed record Seen(long Version, string Key, string Write, string Type = "")
{
    /// <summary>To a watch that selects: the object no longer is what it selects. What it brings may be the object before.</summary>
    public const string Left = "DELETED";
}

/// <summary>A stream of events: one watch and those that went on from where it was, on whichever server.</summary>
/// <param name="Name">For messages.</param>
/// <param name="From">The version it began after.</param>
/// <param name="Events">What it brought, in order.</param>
/// <param name="Selects">Which states of objects it asked for; null for all.</param>
internal sealed record Stream(string Name, long From, IReadOnlyList<Seen> Events, Func<Seen, bool>? Selects = null);

/// <summary>All of it.</summary>
/// <param name="Operations">The requests, in any order.</param>
/// <param name="Streams">The watches.</param>
/// <param name="Final">The objects as they are in the end: version and write by key.</param>
internal sealed record History(IReadOnlyList<Operation> Operations, IReadOnlyList<Stream> Streams, IReadOnlyDictionary<string, (long Version, string Write)> Final)
{
    /// <summary>The objects as they were before everything.</summary>
    public IReadOnlyList<Seen> Initial { get; init; } = [];
}
