using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>Requests as somebody, and what came of them.</summary>
internal static class Asking
{
    /// <summary>A client with a bearer token.</summary>
    public static HttpClient WithToken(this TestServer server, string token)
    {
        var client = server.Http(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>The administrator's client, who asks as somebody else.</summary>
    public static HttpClient As(this TestServer server, string user, params string[] groups)
    {
        var client = server.Http(server.Server.Certificates.Admin());
        client.DefaultRequestHeaders.Add("Impersonate-User", user);
        foreach (var group in groups)
        {
            client.DefaultRequestHeaders.Add("Impersonate-Group", group);
        }

        return client;
    }

    /// <summary>Sends a request; the status code and the body as JSON.</summary>
    public static async Task<(HttpStatusCode Code, JsonNode Body)> AskAsync(this HttpClient client, HttpMethod method, string path, string? body = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, contentType);
        }

        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)! : JsonValue.Create(text)!);
    }
}
