using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Text;

namespace ActorKube.Cli.CommandLine;

/// <summary>What <c>--help</c> prints.</summary>
internal static class HelpText
{
    private const int MaxHead = 34;
    private const int Width = 118;

    /// <summary>The help of a command.</summary>
    public static string Of(Command command)
    {
        var text = new StringBuilder();
        var about = command as KubeCommand;
        text.AppendLine(command.Description);
        if (about?.About is { Length: > 0 } more)
            text.AppendLine().AppendLine(more);
        if (about?.Examples is { Length: > 0 } examples)
            text.AppendLine().AppendLine("Examples:").AppendLine(Indent(examples));
        Subcommands(text, command);
        if (command is not RootCommand)
            Options(text, "Options:", command.Options);
        text.AppendLine().AppendLine("Usage:").Append("  ").Append(NameOf(command)).Append(' ')
            .AppendLine(about?.Usage is { Length: > 0 } usage ? usage : command.Subcommands.Count > 0 ? "COMMAND [options]" : "[options]");
        if (command is RootCommand)
            Options(text, "Options of every command:", command.Options);
        text.AppendLine().AppendLine(command.Subcommands.Count > 0
            ? $"'{NameOf(command)} COMMAND --help' tells more about a command."
            : "'akctl --help' lists the options that every command takes.");
        return text.ToString();
    }

    /// <summary>The command with all that is above it: <c>akctl rollout undo</c>.</summary>
    public static string NameOf(Command command) => command is RootCommand ? "akctl" : command.Parents.OfType<Command>().Select(NameOf).FirstOrDefault("akctl") + " " + command.Name;

    private static void Subcommands(StringBuilder text, Command command)
    {
        foreach (var group in command.Subcommands.Where(c => !c.Hidden).GroupBy(c => (c as KubeCommand)?.Group ?? ""))
        {
            text.AppendLine().AppendLine(group.Key.Length > 0 ? $"{group.Key}:" : "Commands:");
            foreach (var sub in group)
                text.Append("  ").Append(sub.Name.PadRight(Math.Max(14, command.Subcommands.Max(c => c.Name.Length) + 2))).AppendLine(sub.Description);
        }
    }

    private static void Options(StringBuilder text, string heading, IEnumerable<Option> options)
    {
        var rows = options.Where(o => !o.Hidden).OrderBy(o => o.Name, StringComparer.Ordinal).Select(o => (Head: HeadOf(o), Text: o.Description ?? "")).ToList();
        if (rows.Count == 0)
            return;
        text.AppendLine().AppendLine(heading);
        var column = Math.Min(MaxHead, rows.Max(r => r.Head.Length) + 2);
        foreach (var (head, description) in rows)
        {
            text.Append(head.Length < column ? head.PadRight(column) : head + "\n" + new string(' ', column));
            text.AppendLine(string.Join("\n" + new string(' ', column), Wrap(description, Width - column)));
        }
    }

    // "  -n, --namespace NAME", long names below each other whether or not there is a short one.
    private static string HeadOf(Option option)
    {
        var shortName = option.Aliases.FirstOrDefault(a => a.Length == 2);
        var value = option.HelpName is { Length: > 0 } name ? " " + name : option.ValueType == typeof(bool) && option.HasDefaultValue && option is not HelpOption ? "=true" : "";
        return $"  {(shortName is null ? "    " : shortName + ", ")}{option.Name}{value}";
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        yield return line.ToString();
    }

    private static string Indent(string text) => string.Join('\n', text.TrimEnd().Split('\n').Select(line => line.Length > 0 ? "  " + line : line));
}

/// <summary>Prints the help of the command that was named.</summary>
internal sealed class PrintHelp : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        Console.Write(HelpText.Of(parseResult.CommandResult.Command));
        return 0;
    }
}
