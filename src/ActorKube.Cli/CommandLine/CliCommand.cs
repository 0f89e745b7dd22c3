using System.CommandLine;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.CommandLine;

/// <summary>Turns what a command does into an exit code, and what goes wrong into words on standard error.</summary>
internal static class CliCommand
{
    private const int Interrupted = 130;

    /// <summary>What the command does.</summary>
    public static void Run(this Command command, Func<ParseResult, CancellationToken, Task> action) => command.SetAction(async (parsed, cancellation) =>
    {
        try
        {
            if (CommandWords.Current.Tail is { Length: > 0 } tail && command is not KubeCommand { TakesTail: true })
                throw new UsageException($"unexpected argument \"{tail[0]}\" after --");
            await action(parsed, cancellation);
            return 0;
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            return Interrupted; // Ctrl-C
        }
        catch (Exception e) when (ErrorText.IsExpected(e))
        {
            if (e is not PlainException { Message.Length: 0 })
                await Console.Error.WriteLineAsync(ErrorText.Of(e, CliSession.LastServer));
            if (e is UsageException)
                await Console.Error.WriteLineAsync($"See '{HelpText.NameOf(command)} --help' for help and examples");
            return (e as CliException)?.ExitCode ?? 1;
        }
    });
}
