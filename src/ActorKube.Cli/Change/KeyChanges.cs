namespace ActorKube.Cli.Change;

/// <summary>The words of <c>label</c> and <c>annotate</c> that say what to set and what to remove: <c>tier=web old-</c>. Pure.</summary>
/// <param name="Resources">The words before, which name objects.</param>
/// <param name="Set">What is set.</param>
/// <param name="Removed">What is removed.</param>
internal sealed record KeyChanges(string[] Resources, IReadOnlyDictionary<string, string> Set, IReadOnlyList<string> Removed)
{
    /// <summary>Reads the words. <paramref name="what"/> is <c>label</c> or <c>annotation</c>.</summary>
    public static KeyChanges Read(IReadOnlyList<string> words, string what)
    {
        var resources = words.TakeWhile(w => !IsChange(w)).ToArray();
        var (set, removed) = (new Dictionary<string, string>(), new List<string>());
        foreach (var word in words.Skip(resources.Length))
        {
            if (!IsChange(word))
                throw new CliException($"all resources must be specified before {what} changes: {word}");
            if (word.Split('=', 2) is [var key, var value])
            {
                if (key.Length == 0)
                    throw new CliException($"invalid {what} spec: {word}");
                set[key] = value;
            }
            else
            {
                removed.Add(word[..^1]);
            }
        }

        var both = removed.Find(set.ContainsKey);
        return both is null ? new KeyChanges(resources, set, removed) : throw new CliException($"can not both modify and remove {(what == "label" ? "a label" : "an annotation")} in the same command");
    }

    /// <summary>What has another value already, as the refusal names it.</summary>
    public IReadOnlyList<string> Declared(IReadOnlyDictionary<string, string> current) =>
        [.. Set.Where(s => current.TryGetValue(s.Key, out var value) && value != s.Value).Select(s => $"'{s.Key}' already has a value ({current[s.Key]})")];

    /// <summary>The keys and values afterwards.</summary>
    public IReadOnlyDictionary<string, string> Apply(IReadOnlyDictionary<string, string> current)
    {
        var after = current.Where(c => !Removed.Contains(c.Key)).ToDictionary();
        foreach (var (key, value) in Set)
            after[key] = value;
        return after;
    }

    private static bool IsChange(string word) => word.Contains('=') || (word.Length > 1 && word[^1] == '-');
}
