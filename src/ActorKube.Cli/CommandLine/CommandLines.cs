using System.CommandLine;
using System.CommandLine.Help;

namespace ActorKube.Cli.CommandLine;

/// <summary>Parses a command line and runs what it says.</summary>
internal static class CommandLines
{
    /// <summary>Returns the exit code of the process.</summary>
    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        // `version` is a command; the option that comes with a root command would be another thing of that name.
        foreach (var option in root.Options.OfType<VersionOption>().ToList())
            root.Options.Remove(option);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new PrintHelp();
        help.Description = "Show what a command does";
        foreach (var group in Groups(root).Where(g => g.Action is null))
            group.Action = new PrintHelp();
        // A file name may begin with @; it does not stand for what is in the file.
        var configuration = new ParserConfiguration { ResponseFileTokenReplacer = null };
        var parsed = root.Parse(CommandWords.Of(args).Words, configuration);
        if (parsed.Action is not PrintHelp { } || parsed.UnmatchedTokens.Count > 0)
        {
            if (ParseErrors.Of(parsed) is { } error)
            {
                await Console.Error.WriteLineAsync(error);
                return 1;
            }
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    // A command that only has others below it tells what they are.
    private static IEnumerable<Command> Groups(Command command) =>
        command.Subcommands.SelectMany(Groups).Concat(command.Subcommands.Count > 0 ? [command] : []);
}
