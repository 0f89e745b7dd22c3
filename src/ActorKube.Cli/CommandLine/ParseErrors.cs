using System.CommandLine;
using System.CommandLine.Parsing;
using ActorKube.Api.Machinery;

namespace ActorKube.Cli.CommandLine;

/// <summary>What is wrong with a command line, in kubectl's words.</summary>
internal static class ParseErrors
{
    /// <summary>The lines to print, or null where nothing is wrong.</summary>
    public static string? Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var see = $"\nSee '{HelpText.NameOf(command)} --help' for usage.";
        var strayed = parsed.UnmatchedTokens.Concat(parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens.Select(t => t.Value))).ToList();
        if (strayed.FirstOrDefault(t => t.Length > 1 && t[0] == '-') is { } flag)
            return $"error: {UnknownFlag(flag)}{see}";
        // An option that lacks its value makes the parser take the next word for a stray one.
        foreach (var option in parsed.CommandResult.Children.OfType<OptionResult>().Concat(parsed.RootCommandResult.Children.OfType<OptionResult>()))
        {
            if (option.Errors.FirstOrDefault() is { } error)
                return $"error: {(option.Tokens.Count == 0 ? $"flag needs an argument: {option.IdentifierToken?.Value}" : Worded(option, error.Message))}{see}";
        }

        if (parsed.UnmatchedTokens.Count > 0)
            return command.Subcommands.Count > 0 ? UnknownCommand(command, parsed.UnmatchedTokens[0]) : $"error: unexpected argument \"{parsed.UnmatchedTokens[0]}\"{see}";
        return parsed.Errors.Count > 0 ? $"error: {parsed.Errors[0].Message}{see}" : null;
    }

    private static string UnknownFlag(string token)
    {
        var name = token.Split('=')[0];
        if (name is "-k" or "--kustomize")
            return "kustomize is not built in; let kubectl or kustomize write the objects: kubectl kustomize FOLDER | akctl apply -f -";
        return token.StartsWith("--", StringComparison.Ordinal) ? $"unknown flag: {name}" : $"unknown shorthand flag: '{name[1]}' in {name}";
    }

    // The parser's own message for a switch that is neither true nor false.
    private static string Worded(OptionResult option, string message) => option.Option.ValueType == typeof(bool)
        ? $"invalid argument \"{option.Tokens[0].Value}\" for \"{option.Option.Name}\" flag: it must be true or false"
        : message;

    private static string UnknownCommand(Command command, string word)
    {
        var alike = command.Subcommands.Select(c => c.Name).Where(n => n.StartsWith(word, StringComparison.Ordinal) || EditDistance.Of(n, word) <= 2).Order(StringComparer.Ordinal).ToList();
        var hint = alike.Count == 0 ? "" : $"\n\nDid you mean this?\n{string.Join('\n', alike.Select(n => "\t" + n))}";
        return $"error: unknown command \"{word}\" for \"{HelpText.NameOf(command)}\"{hint}\nSee '{HelpText.NameOf(command)} --help' for usage.";
    }
}
