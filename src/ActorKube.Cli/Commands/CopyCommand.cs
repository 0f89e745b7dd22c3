using System.CommandLine;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Copy;
using ActorKube.Cli.Logs;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl cp</c>: files and folders into and out of containers.</summary>
internal static class CopyCommand
{
    public static Command Create()
    {
        var words = new Argument<string[]>("paths") { Arity = ArgumentArity.ZeroOrMore };
        var container = Flags.Container();
        var noPreserve = Flags.Switch("--no-preserve", "Owner and permissions are the container's, not those of the files here");
        var command = new KubeCommand("cp", "Copy files into and out of containers")
        {
            Group = "Looking into pods",
            Usage = "(FILE [NAMESPACE/]POD:FILE | [NAMESPACE/]POD:FILE FILE) [-c CONTAINER] [options]",
            About = "The container must have the program tar. Links are not followed, and not copied out.",
            Examples = """
                # A folder into a container
                akctl cp ./site web-5d9c6b8f4-x2x7k:/var/www -c server

                # A file out of one
                akctl cp web-5d9c6b8f4-x2x7k:/etc/hosts ./hosts
                """,
        };
        command.Add(words);
        command.Add(container);
        command.Add(noPreserve);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(words) is not [var from, var to])
                throw new UsageException("source and destination are required");
            var (source, target) = (CopySpec.Parse(from), CopySpec.Parse(to));
            if (source.Pod is not null && target.Pod is not null)
                throw new CliException("one of src or dest must be a local file specification");
            var remote = source.Pod is not null ? source : target.Pod is not null ? target : throw new CliException("one of src or dest must be a remote file specification");
            var session = CliSession.Open(parsed);
            var pod = await session.SendAsync(session.Request("get", PodTargets.Pods, remote.Pod!, ns: remote.Namespace), cancellation);
            var files = new PodFiles(session, pod, await PodTargets.ContainerAsync(pod, parsed.GetValue(container)));
            if (source.Pod is null)
                await files.UploadAsync(source.Path, target.Path, !parsed.GetValue(noPreserve), cancellation);
            else
                await files.DownloadAsync(source.Path, target.Path, cancellation);
        });
        return command;
    }
}
