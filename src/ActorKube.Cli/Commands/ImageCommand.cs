using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl image load</c>: brings an image archive to the nodes, so that pods run with no registry in reach.</summary>
internal static class ImageCommand
{
    public static Command Create() => new("image", "Bring images to the nodes.") { Load() };

    private static Command Load()
    {
        var archive = new Argument<string>("archive") { Description = "An OCI or docker archive (.tar), or - for standard input." };
        var nodes = new Option<string[]>("--node") { Description = "Only these nodes; else all." };
        var command = new Command("load", "Import an OCI or docker archive on the nodes.") { archive, nodes };
        command.Run(async (parsed, cancellation) =>
        {
            var session = CliSession.Open(parsed);
            var file = parsed.GetValue(archive)!;
            if (file != "-" && !File.Exists(file))
                throw new CliException($"the path \"{file}\" does not exist");
            foreach (var node in await NodesAsync(session, parsed.GetValue(nodes) ?? [], cancellation))
            {
                await using var content = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
                using var message = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/nodes/{node}/proxy/images") { Content = new StreamContent(content) };
                message.Content.Headers.ContentType = new("application/x-tar");
                session.Transport.Authorize(message);
                using var response = await session.Transport.Http.SendAsync(message, cancellation);
                var body = await response.Content.ReadAsByteArrayAsync(cancellation);
                if (!response.IsSuccessStatusCode)
                    throw ErrorOf(body, (int)response.StatusCode);
                foreach (var image in JsonNode.Parse(body)!["images"]!.AsArray())
                    Console.WriteLine($"{node}: loaded {(string?)image}");
            }
        });
        return command;
    }

    private static async Task<IReadOnlyList<string>> NodesAsync(CliSession session, string[] named, CancellationToken cancellation)
    {
        if (named.Length > 0)
            return named;
        var list = await session.SendAsync(session.Request("list", KindRegistry.BuiltIn.Of<V1Node>()), cancellation);
        var nodes = list["items"]!.AsArray().Select(n => (string)n!["metadata"]!["name"]!).ToList();
        return nodes.Count > 0 ? nodes : throw new CliException("the cluster has no nodes");
    }

    private static Exception ErrorOf(byte[] body, int code)
    {
        try
        {
            return ApiError.From(ApiJson.Deserialize<V1Status>(body));
        }
        catch (System.Text.Json.JsonException)
        {
            return new CliException($"HTTP {code}: {System.Text.Encoding.UTF8.GetString(body)}");
        }
    }
}
