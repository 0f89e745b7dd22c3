using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Create;
using ActorKube.Cli.Logs;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl run</c>: one pod with one container, and with <c>-i</c> its terminal.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var name = new Argument<string[]>("name") { Arity = ArgumentArity.ZeroOrMore };
        var image = Flags.Text("--image", "IMAGE", "The image");
        var port = Flags.Number("--port", "PORT", "The port that the container listens on");
        var expose = Flags.Switch("--expose", "With --port, make a Service too");
        Option<string[]> environment = new("--env") { HelpName = "NAME=VALUE", Description = "A variable; may be given several times" };
        var labels = Flags.Texts("--labels", "LABEL=VALUE", "Labels; else run=NAME", "-l");
        var restart = Flags.Text("--restart", "POLICY", "Always (the default), OnFailure or Never");
        var pull = Flags.Text("--image-pull-policy", "POLICY", "Always, IfNotPresent or Never");
        var isCommand = Flags.Switch("--command", "What follows -- is the command itself, not its arguments");
        var privileged = Flags.Switch("--privileged", "Give the container the rights of its node");
        var stdin = Flags.Switch("--stdin", "Attach, and pass standard input to the container", "-i");
        var tty = Flags.Switch("--tty", "Give the container this terminal", "-t");
        var attach = Flags.Switch("--attach", "Attach to the container once it runs");
        var remove = Flags.Switch("--rm", "Delete the pod when the attached terminal is done");
        var quiet = Flags.Switch("--quiet", "Print only what the container prints", "-q");
        var command = new KubeCommand("run", "Run an image in a pod")
        {
            Group = "Basic commands",
            Usage = "NAME --image=IMAGE [options] [-- ARGUMENTS...]",
            TakesTail = true,
            Examples = """
                # A web server
                akctl run web --image=web:1 --port=8080

                # A shell to look around, gone afterwards
                akctl run -it --rm shell --image=busybox --restart=Never -- sh
                """,
        };
        command.Add(name);
        foreach (var option in new Option[] { image, port, expose, environment, labels, restart, pull, isCommand, privileged, stdin, tty, attach, remove, quiet })
            command.Add(option);
        var create = CreateOptions.AddTo(command);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(name) is not [var pod, ..])
                throw new UsageException("NAME is required for run");
            var isAttached = parsed.GetValue(attach) || parsed.GetValue(stdin);
            if (parsed.GetValue(remove) && !isAttached)
                throw new CliException("--rm should only be used for attached containers");
            if (parsed.GetValue(tty) && !parsed.GetValue(stdin))
                throw new CliException("-i/--stdin is required for containers with -t/--tty=true");
            if (parsed.GetValue(expose) && parsed.GetValue(port) is null)
                throw new CliException("--port must be set when exposing a service");
            var options = new PodOptions(pod, parsed.GetValue(image) is { Length: > 0 } given ? given : throw new CliException("required flag(s) \"image\" not set"))
            {
                Arguments = [.. parsed.GetValue(name)![1..], .. CommandWords.Current.Tail ?? []],
                IsCommand = parsed.GetValue(isCommand),
                Environment = parsed.GetValue(environment) ?? [],
                Labels = parsed.GetValue(labels) ?? [],
                Port = parsed.GetValue(port),
                Restart = parsed.GetValue(restart) is { Length: > 0 } policy ? policy : "Always",
                PullPolicy = parsed.GetValue(pull),
                Stdin = parsed.GetValue(stdin),
                StdinOnce = parsed.GetValue(stdin) && isAttached,
                Tty = parsed.GetValue(tty),
                Privileged = parsed.GetValue(privileged),
            };
            if (!PodOptions.IsImage(options.Image))
                throw new CliException($"Invalid image name \"{options.Image}\": invalid reference format");
            var session = CliSession.Open(parsed);
            var creator = create.Read(parsed, session);
            if (isAttached && creator.Printer.DryRun != "none")
                throw new CliException("--attach and --stdin cannot be used with --dry-run");
            var value = options.ToPod();
            if (parsed.GetValue(expose))
                await creator.CreateAsync("", "services", Exposures.Service(pod, value["metadata"]!["labels"]!.DeepClone().AsObject(), [(options.Port!.Value, "TCP")], null, null), cancellation);
            // Between a terminal's lines nobody wants to read that there is a pod.
            var made = isAttached
                ? await (creator with { Printer = creator.Printer with { Silent = true } }).CreateAsync("", "pods", value, cancellation, "created", "kubectl-run")
                : await creator.CreateAsync("", "pods", value, cancellation, "created", "kubectl-run");
            if (!isAttached)
                return;
            var exitCode = 0;
            try
            {
                exitCode = await new AttachedRun(session, made, parsed.GetValue(quiet)).RunAsync(parsed.GetValue(stdin), parsed.GetValue(tty), cancellation);
            }
            finally
            {
                if (parsed.GetValue(remove))
                {
                    await session.SendAsync(session.Request("delete", PodTargets.Pods, pod), CancellationToken.None);
                    if (!parsed.GetValue(quiet))
                        Console.WriteLine($"pod \"{pod}\" deleted");
                }
            }

            if (exitCode != 0)
                throw new PlainException($"pod {session.Namespace}/{pod} terminated ({(exitCode > 128 ? "Signal" : "Error")})", exitCode);
        });
        return command;
    }

    // A pod that was made to be looked at: wait until it runs, attach, and tell how it ended.
    private sealed record AttachedRun(CliSession Session, JsonObject Made, bool Quiet)
    {
        private string Name => Made.Text("metadata", "name");

        public async Task<int> RunAsync(bool stdin, bool tty, CancellationToken cancellation)
        {
            var pod = await UntilAsync(p => p.Text("status", "phase") is "Running" or "Succeeded" or "Failed" || Waits(p) is not null, cancellation);
            if (Waits(pod) is { } why)
                throw new CliException($"pod {Name} cannot start: {why}");
            var container = pod.List("spec", "containers")[0].Text("name");
            // Who only listens misses nothing in the log, but may come too late to attach.
            if (stdin && pod.Text("status", "phase") == "Running")
                await AttachAsync(pod, container, tty, cancellation);
            else
                await LogAsync(container, cancellation);
            if (pod.Text("spec", "restartPolicy") != "Never")
                return 0;
            var ended = await UntilAsync(p => p.Text("status", "phase") is "Succeeded" or "Failed", cancellation);
            return (int)(ended.List("status", "containerStatuses").FirstOrDefault().Number("state", "terminated", "exitCode") ?? 0);
        }

        // It may be over before there is a way in; then its log tells what it printed.
        private async Task AttachAsync(JsonObject pod, string container, bool tty, CancellationToken cancellation)
        {
            try
            {
                await AttachCommand.RunAsync(Session, pod, container, true, tty, Quiet, cancellation);
            }
            catch (Exception e) when (e is CliException or ApiException)
            {
                if (!Quiet)
                    await Console.Error.WriteLineAsync($"warning: couldn't attach to pod/{Name}, falling back to streaming logs: {e.Message}");
                await LogAsync(container, cancellation);
            }
        }

        // What only the user can mend.
        private static string? Waits(JsonObject pod) => pod.List("status", "containerStatuses")
            .Select(s => s.At("state", "waiting")).Where(w => w.Text("reason") is "ImagePullBackOff" or "ErrImageNeverPull" or "InvalidImageName" or "CreateContainerConfigError")
            .Select(w => $"{w.Text("reason")}: {w.Text("message")}").FirstOrDefault();

        private async Task LogAsync(string container, CancellationToken cancellation)
        {
            using var log = await Session.StreamAsync(Session.Request("get", PodTargets.Pods, Name, "log", query: [("container", container), ("follow", "true")]), "*/*", cancellation);
            await using var output = StandardStream.OpenOutput();
            await log.Content.CopyToAsync(output, cancellation);
        }

        private async Task<JsonObject> UntilAsync(Func<JsonObject, bool> holds, CancellationToken cancellation)
        {
            while (true)
            {
                var list = await Session.ListAsync(PodTargets.Pods, null, null, $"metadata.name={Name}", cancellation);
                var version = list.Text("metadata", "resourceVersion");
                var pod = ObjectPrinter.ItemsOf(list, PodTargets.Pods).FirstOrDefault() ?? throw new CliException($"pods \"{Name}\" not found");
                if (holds(pod))
                    return pod;
                var request = Session.Request("watch", PodTargets.Pods, query: [("fieldSelector", $"metadata.name={Name}"), ("resourceVersion", version)]);
                await foreach (var (type, value) in WatchStream.EventsAsync(Session, request, cancellation))
                {
                    if (type == "DELETED")
                        throw new CliException($"pods \"{Name}\" not found");
                    if (type is "ADDED" or "MODIFIED" && holds(value))
                        return value;
                }
            }
        }
    }
}
