using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Client.Protocol;
using ActorKube.Client.Transport;
using k8s.Models;

namespace ActorKube.Cli;

/// <summary>A watch whose events come as the server wrote them, tables or objects.</summary>
internal static class TableWatch
{
    public static async IAsyncEnumerable<(string Type, JsonObject Object)> EventsAsync(
        CliSession session, ApiRequest request, bool tables, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var message = session.Transport.CreateMessage(request, tables ? CliSession.TableAccept : "application/json");
        using var response = await session.Transport.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!response.IsSuccessStatusCode)
            throw ApiError.From(ApiJson.Deserialize<V1Status>(await response.Content.ReadAsByteArrayAsync(cancellation)));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            if (line.Length == 0)
                continue;
            var json = JsonNode.Parse(line)!.AsObject();
            var value = json["object"]!.AsObject();
            if ((string)json["type"]! == "ERROR")
                throw ApiError.From(ApiJson.Deserialize<V1Status>(System.Text.Encoding.UTF8.GetBytes(value.ToJsonString())));
            yield return ((string)json["type"]!, value);
        }
    }
}
