namespace ActorKube.Cli.CommandLine;

/// <summary>The words of a command line, before they are parsed.</summary>
/// <param name="Words">What is parsed.</param>
/// <param name="Tail">What stands after <c>--</c>; null where there is none.</param>
internal sealed record CommandWords(string[] Words, string[]? Tail)
{
    // Flags whose value may be left out, and then what it is. It is never the next word: `delete --cascade pod web` deletes a pod.
    private static readonly Dictionary<string, string> Bare = new()
    {
        ["--dry-run"] = "client", ["--validate"] = "strict", ["--cascade"] = "background",
    };

    // An empty value is a value too: --api-group= is the core group.
    private static string[] Filled(string word) => Bare.TryGetValue(word, out var value) ? [$"{word}={value}"]
        : word.StartsWith("--", StringComparison.Ordinal) && word[^1] == '=' ? [word[..^1], ""]
        : [word];

    /// <summary>The command line that this process runs.</summary>
    public static CommandWords Current { get; private set; } = new([], null);

    /// <summary>Splits at the first <c>--</c> and fills in values that were left out.</summary>
    public static CommandWords Of(IReadOnlyList<string> args)
    {
        var end = args.Index().FirstOrDefault(a => a.Item == "--", (Index: args.Count, Item: "")).Index;
        var words = args.Take(end).SelectMany(Filled);
        return Current = new CommandWords([.. words], end < args.Count ? [.. args.Skip(end + 1)] : null);
    }
}
