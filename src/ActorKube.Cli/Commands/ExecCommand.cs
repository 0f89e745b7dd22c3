using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Exec;
using ActorKube.Cli.Logs;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl exec</c>: runs a command in a container, with this terminal as its own.</summary>
internal static class ExecCommand
{
    public static Command Create()
    {
        var target = new Argument<string[]>("pod") { Arity = ArgumentArity.ZeroOrMore };
        var container = Flags.Container();
        var stdin = Flags.Switch("--stdin", "Pass standard input to the command", "-i");
        var tty = Flags.Switch("--tty", "Give the command this terminal", "-t");
        var quiet = Flags.Switch("--quiet", "Print only what the command prints", "-q");
        var command = new KubeCommand("exec", "Run a command in a container")
        {
            Group = "Looking into pods",
            Usage = "(POD | TYPE/NAME) [-c CONTAINER] [options] -- COMMAND [args...]",
            TakesTail = true,
            Examples = """
                # One command
                akctl exec web-5d9c6b8f4-x2x7k -- cat /etc/hosts

                # A shell in a pod of a Deployment
                akctl exec -it deployment/web -- sh

                # A file into a container
                akctl exec -i web-5d9c6b8f4-x2x7k -c server -- sh -c 'cat > /tmp/file' < file
                """,
        };
        command.Add(target);
        foreach (var option in new Option[] { container, stdin, tty, quiet })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var words = parsed.GetValue(target)!;
            if (words.Length == 0)
                throw new CliException("pod, type/name or --filename must be specified");
            if (words.Length > 1)
                throw new UsageException("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead");
            if (CommandWords.Current.Tail is not { Length: > 0 } tail)
                throw new CliException("you must specify at least one command for the container");
            var session = CliSession.Open(parsed);
            var pod = (await PodTargets.FindAllAsync(session, ResourceArguments.Read(words, "exec"), cancellation))[0];
            var phase = pod.Text("status", "phase");
            if (phase is "Succeeded" or "Failed")
                throw new CliException($"cannot exec into a container in a completed pod; current phase is {phase}");
            var terminal = parsed.GetValue(tty) && parsed.GetValue(stdin) && Terminal.IsThere;
            if (parsed.GetValue(tty) && !terminal)
                await Console.Error.WriteLineAsync(Terminal.Missing);
            var path = RemoteCommand.Path(pod, await ContainerAsync(pod, parsed.GetValue(container), parsed.GetValue(quiet)), tail, parsed.GetValue(stdin), terminal);
            var exitCode = await RemoteCommand.RunAsync(session, path, parsed.GetValue(stdin), terminal, cancellation);
            if (exitCode != 0)
                throw new PlainException(parsed.GetValue(quiet) ? "" : $"command terminated with exit code {exitCode}", exitCode);
        });
        return command;
    }

    // Whether there is a container of that name is the server's to say.
    private static async Task<string> ContainerAsync(JsonObject pod, string? named, bool quiet) =>
        string.IsNullOrEmpty(named) ? await PodTargets.ContainerAsync(pod, named, quiet) : named;
}
