using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using ActorKube.Cli.Output;
using ActorKube.Client.Protocol;

namespace ActorKube.Cli.Session;

/// <summary>A watch whose events come as the server wrote them, tables or objects.</summary>
internal static class WatchStream
{
    /// <summary>The events until the server ends the watch.</summary>
    public static async IAsyncEnumerable<(string Type, JsonObject Object)> EventsAsync(
        CliSession session, ApiRequest request, [EnumeratorCancellation] CancellationToken cancellation, string accept = "application/json")
    {
        using var response = await session.StreamAsync(request with { Verb = "watch" }, accept, cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            if (line.Length == 0)
                continue;
            var json = JsonNode.Parse(line)!;
            var value = json.At("object")!.AsObject();
            if (json.Text("type") == "ERROR")
                throw CliSession.ErrorOf((int)(value.Number("code") ?? 500), System.Text.Encoding.UTF8.GetBytes(value.ToJsonString()));
            yield return (json.Text("type"), value);
        }
    }
}
