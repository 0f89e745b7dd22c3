using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl image load</c>: brings an image archive to the nodes, so that pods run with no registry in reach.</summary>
internal static class ImageCommand
{
    private const string Examples = """
        # An image built here, on every node
        docker save web:1 | akctl image load -
        podman save --format oci-archive -o web.tar web:1 && akctl image load web.tar

        # On one node
        akctl image load web.tar --node node-1
        """;

    public static Command Create()
    {
        var command = new KubeCommand("image", "Bring images to the nodes") { Group = "Cluster", Examples = Examples };
        command.Add(Load());
        return command;
    }

    private static KubeCommand Load()
    {
        var archive = new Argument<string[]>("archive") { Arity = ArgumentArity.ZeroOrMore };
        var nodes = Flags.Texts("--node", "NAME", "Only on this node; else on all");
        var command = new KubeCommand("load", "Import an OCI or docker archive on the nodes, so that no registry is needed")
        {
            Usage = "(ARCHIVE | -) [--node NAME] [options]",
            Examples = Examples,
        };
        command.Add(archive);
        command.Add(nodes);
        command.Run(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(archive) is not [var file])
                throw new UsageException("expected one archive (.tar), or - for standard input");
            if (file != "-" && !File.Exists(file))
                throw new CliException($"the path \"{file}\" does not exist");
            var session = CliSession.Open(parsed);
            var targets = await NodesAsync(session, parsed.GetValue(nodes) ?? [], cancellation);
            await using var content = file == "-" ? await SpoolAsync(cancellation) : File.OpenRead(file);
            foreach (var node in targets)
            {
                content.Position = 0;
                foreach (var image in await LoadAsync(session, node, content, cancellation))
                    Console.WriteLine($"{node}: loaded {image}");
            }
        });
        return command;
    }

    private static async Task<IReadOnlyList<string>> LoadAsync(CliSession session, string node, Stream archive, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, $"{session.Options.Server.AbsolutePath.TrimEnd('/')}/api/v1/nodes/{Uri.EscapeDataString(node)}/proxy/images");
        // The archive is read once for each node: the request must leave it open.
        message.Content = new StreamContent(new LeaveOpenStream(archive));
        message.Content.Headers.ContentType = new("application/x-tar");
        message.Content.Headers.ContentLength = archive.Length;
        session.Transport.Authorize(message);
        using var response = await session.Transport.Http.SendAsync(message, cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        return response.IsSuccessStatusCode ? [.. JsonNode.Parse(body).List("images").Select(i => i.Text())] : throw CliSession.ErrorOf((int)response.StatusCode, body);
    }

    private static async Task<IReadOnlyList<string>> NodesAsync(CliSession session, string[] named, CancellationToken cancellation)
    {
        if (named.Length > 0)
            return named;
        var list = await session.SendAsync(session.Request("list", KindRegistry.BuiltIn.Find("", "v1", "nodes")!), cancellation);
        var nodes = list.List("items").Select(n => n.Text("metadata", "name")).ToList();
        return nodes.Count > 0 ? nodes : throw new CliException("the cluster has no nodes");
    }

    // Several nodes need the archive several times, and standard input comes but once.
    private static async Task<FileStream> SpoolAsync(CancellationToken cancellation)
    {
        var spool = new FileStream(Path.GetTempFileName(), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(spool, cancellation);
        return spool;
    }
}
