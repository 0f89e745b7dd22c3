using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>Requests as a client without a library makes them.</summary>
internal static class ApiCalls
{
    /// <summary>Sends a request; the answer's code and JSON.</summary>
    public static async Task<(int Code, JsonNode Body)> CallAsync(this HttpClient client, string method, string path, string? body = null, string contentType = "application/json", string? accept = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using var response = await client.SendAsync(request);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>Opens a watch and reads events until there are enough, or it ends.</summary>
    public static async Task<List<JsonNode>> WatchAsync(this HttpClient client, string path, Func<List<JsonNode>, bool> enough, Func<Task>? opened = null, string? accept = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.Equal(200, (int)response.StatusCode);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
        if (opened is not null)
        {
            await opened();
        }

        var seen = new List<JsonNode>();
        while (!enough(seen) && await lines.ReadLineAsync(limit.Token) is { } line)
        {
            seen.Add(JsonNode.Parse(line)!);
        }

        return seen;
    }

    /// <summary>The type of a watch event.</summary>
    public static string Type(this JsonNode change) => (string)change["type"]!;

    /// <summary>The name of a watch event's object, or of an object.</summary>
    public static string? Name(this JsonNode node) => (string?)(node["object"] ?? node)["metadata"]?["name"];

    /// <summary>The version of a watch event's object, of an object or of a list.</summary>
    public static string Version(this JsonNode node) => (string)(node["object"] ?? node)["metadata"]!["resourceVersion"]!;

    /// <summary>The message of a Status.</summary>
    public static string Message(this JsonNode node) => (string)node["message"]!;

    /// <summary>The names of a list's items.</summary>
    public static IEnumerable<string> Names(this JsonNode list) => list["items"]!.AsArray().Select(i => i!.Name()!);
}
