using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Exec;
using ActorKube.Cli.Logs;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl attach</c>: this terminal becomes that of the process that a container runs.</summary>
internal static class AttachCommand
{
    public static Command Create()
    {
        var target = new Argument<string[]>("pod") { Arity = ArgumentArity.ZeroOrMore };
        var container = Flags.Container();
        var stdin = Flags.Switch("--stdin", "Pass standard input to the container", "-i");
        var tty = Flags.Switch("--tty", "Give the container this terminal", "-t");
        var quiet = Flags.Switch("--quiet", "Print only what the container prints", "-q");
        var command = new KubeCommand("attach", "Attach to the process that a container runs")
        {
            Group = "Looking into pods",
            Usage = "(POD | TYPE/NAME) [-c CONTAINER] [options]",
            Examples = """
                # See what it prints from now on
                akctl attach web-5d9c6b8f4-x2x7k

                # Type into a shell that a pod runs
                akctl attach -it shell
                """,
        };
        command.Add(target);
        foreach (var option in new Option[] { container, stdin, tty, quiet })
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var words = parsed.GetValue(target)!;
            if (words.Length == 0)
                throw new CliException("at least 1 argument is required for attach");
            var session = CliSession.Open(parsed);
            var pod = (await PodTargets.FindAllAsync(session, ResourceArguments.Read(words, "attach"), cancellation))[0];
            var phase = pod.Text("status", "phase");
            if (phase is "Succeeded" or "Failed")
                throw new CliException($"cannot attach a container in a completed pod; current phase is {phase}");
            var name = await PodTargets.ContainerAsync(pod, parsed.GetValue(container), parsed.GetValue(quiet));
            var exitCode = await RunAsync(session, pod, name, parsed.GetValue(stdin), parsed.GetValue(tty), parsed.GetValue(quiet), cancellation);
            if (exitCode != 0)
                throw new PlainException("", exitCode);
        });
        return command;
    }

    /// <summary>Attaches until the container, or the user, is done.</summary>
    public static async Task<int> RunAsync(CliSession session, JsonObject pod, string container, bool stdin, bool tty, bool quiet, CancellationToken cancellation)
    {
        var own = pod.List("spec", "containers").Concat(pod.List("spec", "ephemeralContainers")).FirstOrDefault(c => c.Text("name") == container);
        var terminal = tty && stdin && Terminal.IsThere;
        if (tty && own.IsTrue("tty") is false)
        {
            await Console.Error.WriteLineAsync($"error: Unable to use a TTY - container {container} did not allocate one");
            terminal = false;
        }
        else if (tty && !terminal)
        {
            await Console.Error.WriteLineAsync(Terminal.Missing);
        }

        if (!quiet && stdin && terminal)
            await Console.Error.WriteLineAsync("If you don't see a command prompt, try pressing enter.");
        // A container with a terminal has one stream for both outputs.
        var path = RemoteCommand.AttachPath(pod, container, stdin, terminal || own.IsTrue("tty"));
        return await RemoteCommand.RunAsync(session, path, stdin, terminal, cancellation);
    }
}
