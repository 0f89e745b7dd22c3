using System.CommandLine;

namespace ActorKube.Cli.CommandLine;

/// <summary>Where in the commands a half-written command line stands. Pure.</summary>
internal static class Completions
{
    /// <summary>The command that the words lead to, and the words that are its arguments.</summary>
    public static (Command Command, IReadOnlyList<string> Arguments) Place(RootCommand root, IReadOnlyList<string> words)
    {
        Command command = root;
        var arguments = new List<string>();
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i].StartsWith('-'))
            {
                if (TakesNext(root, command, words[i]))
                    i++;
            }
            else if (arguments.Count == 0 && command.Subcommands.FirstOrDefault(s => s.Name == words[i] || s.Aliases.Contains(words[i])) is { } sub)
            {
                command = sub;
            }
            else
            {
                arguments.Add(words[i]);
            }
        }

        return (command, arguments);
    }

    /// <summary>The flags that begin so.</summary>
    public static IEnumerable<string> Flags(RootCommand root, Command command, string prefix) =>
        Options(root, command).Where(o => !o.Hidden).Select(o => o.ValueType == typeof(bool) ? o.Name : o.Name + "=").Where(n => n.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The words that say which cluster and namespace is meant.</summary>
    public static IEnumerable<string> Global(IReadOnlyList<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var option = GlobalOptions.All.FirstOrDefault(o => o.Name == words[i].Split('=')[0] || o.Aliases.Contains(words[i].Split('=')[0]));
            if (option is null)
                continue;
            // The last one may lack its value: that is what is being asked for.
            if (words[i].Contains('='))
                yield return words[i];
            else if (i + 1 < words.Count)
                yield return $"{option.Name}={words[++i]}";
        }
    }

    private static bool TakesNext(RootCommand root, Command command, string word) =>
        !word.Contains('=') && Options(root, command).FirstOrDefault(o => o.Name == word || o.Aliases.Contains(word)) is { } option && option.ValueType != typeof(bool);

    private static IEnumerable<Option> Options(RootCommand root, Command command) => command.Options.Concat(root.Options);
}
