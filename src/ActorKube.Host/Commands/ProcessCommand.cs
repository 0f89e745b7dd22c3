using System.CommandLine;
using System.Runtime.InteropServices;
using ActorKube.Host.Configuration;

namespace ActorKube.Host.Commands;

/// <summary>What the commands that run a process have in common: options, one line for an error, and the two ways to stop.</summary>
internal static class ProcessCommand
{
    public static Option<string?> ConfigOption() => new("--config") { Description = "HOCON file with settings that differ from the defaults." };

    public static Option<string[]> SetOption() => new("--set")
    {
        Description = "One setting, key=value; wins over the file. May be given several times.", AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>
    /// Runs the action until it ends, SIGTERM comes or Ctrl-C is pressed; a second Ctrl-C ends the process at once.
    /// Exit codes: 0 stopped as asked, 1 it broke, 2 a wrong configuration.
    /// </summary>
    public static void Run(Command command, Func<ParseResult, CancellationToken, Task> action) => command.SetAction(async (parsed, _) =>
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            await action(parsed, stop.Token);
            return 0;
        }
        catch (Exception e) when (e is ConfigurationException or Akka.Configuration.ConfigurationException)
        {
            await Console.Error.WriteLineAsync($"actorkube: {e.Message}");
            return 2;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        catch (ProcessFailedException e)
        {
            await Console.Error.WriteLineAsync($"actorkube: {e.Message}");
            return 1;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    });
}

/// <summary>The process cannot run here: a port is taken, a database does not open. The message is one line.</summary>
internal sealed class ProcessFailedException(string message, Exception? inner = null) : Exception(message, inner);
