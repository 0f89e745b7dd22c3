using System.CommandLine;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Kubeconfigs;

namespace ActorKube.Cli;

/// <summary>Turns what a command does into an exit code, and what goes wrong into kubectl's one line on standard error.</summary>
internal static class CliCommand
{
    public static void Run(this Command command, Func<ParseResult, CancellationToken, Task> action) => command.SetAction(async (parsed, cancellation) =>
    {
        try
        {
            await action(parsed, cancellation);
            return 0;
        }
        catch (CliException e)
        {
            if (e.Message.Length > 0)
                await Console.Error.WriteLineAsync($"error: {e.Message}");
            return e.ExitCode;
        }
        catch (KubeConfigException e)
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}");
        }
        catch (ApiException e)
        {
            await Console.Error.WriteLineAsync(Describe(e));
        }
        catch (ApiUnreachableException e)
        {
            await Console.Error.WriteLineAsync($"Unable to connect to the server: {e.Message}");
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 130; // Ctrl-C
        }

        return 1;
    });

    /// <summary>As kubectl words a failure of the server.</summary>
    public static string Describe(ApiException e) => e.Reason switch
    {
        "Invalid" => $"The {e.Status.Details?.Kind} \"{e.Status.Details?.Name}\" is invalid: {InvalidText(e)}",
        "" => $"Error from server: {e.Message}",
        _ => $"Error from server ({e.Reason}): {e.Message}",
    };

    private static string InvalidText(ApiException e)
    {
        var causes = e.Status.Details?.Causes ?? [];
        return causes.Count == 1
            ? Cause(causes[0])
            : string.Join('\n', causes.Select(c => $"* {Cause(c)}").Prepend(""));

        static string Cause(k8s.Models.V1StatusCause c) => string.IsNullOrEmpty(c.Field) ? c.Message : $"{c.Field}: {c.Message}";
    }
}
