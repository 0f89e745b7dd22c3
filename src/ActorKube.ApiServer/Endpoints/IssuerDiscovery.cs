using System.Text.Json;
using ActorKube.ApiServer.Authentication;
using Microsoft.AspNetCore.Http;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>
/// The issuer's discovery document and its keys, with which anybody can verify a service account's token.
/// Source: https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
/// </summary>
internal sealed class IssuerDiscovery(ServiceAccountKeys keys, AuthenticationSettings settings)
{
    private const string KeysPath = "/openid/v1/jwks";

    /// <summary>URL of this server from outside, once it is known.</summary>
    public string Server { get; set; } = "";

    /// <summary>Answers one of the paths; false for another path.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext http, string path)
    {
        switch (path.TrimEnd('/'))
        {
            case "/.well-known/openid-configuration":
                await WriteAsync(http, "application/json", Document()).ConfigureAwait(false);
                return true;
            case KeysPath:
                await WriteAsync(http, "application/jwk-set+json", keys.JsonWebKeySet).ConfigureAwait(false);
                return true;
            default:
                return false;
        }
    }

    private byte[] Document()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("issuer", settings.Issuer);
            json.WriteString("jwks_uri", settings.JwksUri.Length > 0 ? settings.JwksUri : Server + KeysPath);
            Write(json, "response_types_supported", ["id_token"]);
            Write(json, "subject_types_supported", ["public"]);
            Write(json, "id_token_signing_alg_values_supported", keys.Algorithms);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static async Task WriteAsync(HttpContext http, string contentType, ReadOnlyMemory<byte> body)
    {
        http.Response.ContentType = contentType;
        http.Response.Headers.CacheControl = "public, max-age=3600";
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
        }
    }
}
