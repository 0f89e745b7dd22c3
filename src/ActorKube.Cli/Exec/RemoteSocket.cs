using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Exec;

/// <summary>
/// Opens a WebSocket by a plain HTTP request, and not by the runtime's own client: where the server refuses, its answer says why, and that is
/// what the user wants to read.
/// </summary>
internal static class RemoteSocket
{
    /// <summary>The older protocol cannot tell the end of standard input.</summary>
    public const string WithoutHalfClose = "v4.channel.k8s.io";

    private const string Protocol = "v5.channel.k8s.io";

    /// <summary>For a command in a container.</summary>
    public static Task<WebSocket> ConnectAsync(CliSession session, string pathAndQuery, CancellationToken cancellation) =>
        ConnectAsync(session, pathAndQuery, $"{Protocol}, {WithoutHalfClose}", cancellation);

    /// <summary>With these subprotocols to choose from.</summary>
    public static async Task<WebSocket> ConnectAsync(CliSession session, string pathAndQuery, string protocols, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, session.Options.Server.AbsolutePath.TrimEnd('/') + pathAndQuery)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Headers.Connection.Add("Upgrade");
        message.Headers.Upgrade.Add(new("websocket"));
        message.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        message.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)));
        message.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", protocols);
        session.Transport.Authorize(message);
        var response = await session.Transport.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            using (response)
            {
                var body = await response.Content.ReadAsByteArrayAsync(cancellation);
                throw response.IsSuccessStatusCode
                    ? new CliException($"unable to upgrade connection: the server answered {(int)response.StatusCode}")
                    // A node answers in plain words, which are no Status of the API server.
                    : response.Content.Headers.ContentType?.MediaType == "text/plain" && body.Length > 0
                        ? new CliException($"unable to upgrade connection: {System.Text.Encoding.UTF8.GetString(body).Trim()}")
                        : CliSession.ErrorOf((int)response.StatusCode, body);
            }
        }

        var protocol = response.Headers.TryGetValues("Sec-WebSocket-Protocol", out var values) ? values.First() : null;
        return WebSocket.CreateFromStream(
            // A subprotocol with a slash in its name is one that .NET does not take; whoever asked for it knows it.
            await response.Content.ReadAsStreamAsync(cancellation), new WebSocketCreationOptions { SubProtocol = protocol?.Contains('/') == true ? null : protocol, KeepAliveInterval = TimeSpan.FromSeconds(30) });
    }
}
