using System.CommandLine;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl exec</c>: runs a command in a container, with this terminal as its own.</summary>
internal static class ExecCommand
{
    public static Command Create()
    {
        var target = new Argument<string>("pod") { Description = "web-1 | deploy/web" };
        var arguments = new Argument<string[]>("command") { Description = "The command, after --", Arity = ArgumentArity.OneOrMore };
        var container = new Option<string?>("--container", "-c") { Description = "The container; else the first." };
        var stdin = new Option<bool>("--stdin", "-i") { Description = "Pass standard input to the command." };
        var tty = new Option<bool>("--tty", "-t") { Description = "Give the command a terminal." };
        var command = new Command("exec", "Run a command in a container: akctl exec -it web-1 -- sh") { target, arguments, container, stdin, tty };
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var pod = await PodTargets.FindAsync(session, parsed.GetValue(target)!, cancellation);
            if (pod.Status?.Phase is "Succeeded" or "Failed")
                throw new CliException($"cannot exec into a container in a completed pod; current phase is {pod.Status.Phase}");
            var terminal = parsed.GetValue(tty) && !Console.IsInputRedirected;
            if (parsed.GetValue(tty) && !terminal)
                await Console.Error.WriteLineAsync("Unable to use a TTY - input is not a terminal or the right kind of file");
            var query = new List<string> { $"container={Uri.EscapeDataString(await PodTargets.ContainerAsync(pod, parsed.GetValue(container)))}", "stdout=true" };
            query.AddRange(parsed.GetValue(arguments)!.Select(a => $"command={Uri.EscapeDataString(a)}"));
            if (parsed.GetValue(stdin))
                query.Add("stdin=true");
            query.Add(terminal ? "tty=true" : "stderr=true");
            var exitCode = await RemoteCommand.RunAsync(session,
                $"/api/v1/namespaces/{pod.Metadata.NamespaceProperty}/pods/{pod.Metadata.Name}/exec?{string.Join('&', query)}",
                parsed.GetValue(stdin), terminal, cancellation);
            if (exitCode != 0)
            {
                await Console.Error.WriteLineAsync($"command terminated with exit code {exitCode}");
                throw new CliException("", exitCode);
            }
        });
        return command;
    }
}
