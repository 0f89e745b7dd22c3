using System.Runtime.InteropServices;
using ActorKube.ApiServer.Monitoring;
using ActorKube.ApiServer.OpenApi;
using Microsoft.AspNetCore.Http;
using Prometheus;

namespace ActorKube.ApiServer.Endpoints;

/// <summary><c>/version</c>, <c>/metrics</c> and the OpenAPI documents.</summary>
internal sealed class PlainEndpoints(ResponseWriter responses, OpenApiDocuments openApi, ServerMetrics metrics, TimeProvider time)
{
    private const string V3 = "/openapi/v3/";

    private static readonly ReadOnlyMemory<byte> Version = ResponseWriter.Render(json =>
    {
        json.WriteStartObject();
        json.WriteString("major", "1");
        json.WriteString("minor", "36");
        json.WriteString("emulationMajor", "1");
        json.WriteString("emulationMinor", "36");
        json.WriteString("minCompatibilityMajor", "1");
        json.WriteString("minCompatibilityMinor", "35");
        json.WriteString("gitVersion", "v1.36.0");
        json.WriteString("gitCommit", "");
        json.WriteString("gitTreeState", "clean");
        json.WriteString("buildDate", "1970-01-01T00:00:00Z");
        json.WriteString("goVersion", "");
        json.WriteString("compiler", RuntimeInformation.FrameworkDescription);
        json.WriteString("platform", $"{(OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux")}/{Architecture()}");
        json.WriteEndObject();
    });

    /// <summary>Answers one of the paths; false for another path.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext http, string path)
    {
        switch (path.TrimEnd('/'))
        {
            case "/version":
                await responses.WriteBytesAsync(http, 200, Version).ConfigureAwait(false);
                return true;
            case "/metrics":
                http.Response.ContentType = PrometheusConstants.TextContentTypeWithVersionAndEncoding;
                await metrics.WriteAsync(http.Response.Body, http.RequestAborted).ConfigureAwait(false);
                return true;
            case "/openapi/v2" when http.Request.Headers.Accept.ToString().Contains("protobuf", StringComparison.Ordinal):
                await DocumentAsync(http, openApi.V2Protobuf, OpenApiProtobuf.MediaType).ConfigureAwait(false);
                return true;
            case "/openapi/v2":
                await DocumentAsync(http, openApi.V2).ConfigureAwait(false);
                return true;
            case "/openapi/v3":
                await DocumentAsync(http, openApi.V3Index).ConfigureAwait(false);
                return true;
            case var below when below.StartsWith(V3, StringComparison.Ordinal) && openApi.V3(below[V3.Length..]) is { } document:
                await DocumentAsync(http, document).ConfigureAwait(false);
                return true;
            default:
                return false;
        }
    }

    // The hash in the URL names the content: a client may keep such a document for ever. A URL with another hash leads to the current one.
    private async Task DocumentAsync(HttpContext http, OpenApiDocument document, string? contentType = null)
    {
        var hash = http.Request.Query["hash"].ToString();
        if (hash.Length > 0 && hash != document.Hash)
        {
            http.Response.Redirect($"{http.Request.Path}?hash={document.Hash}", true);
            return;
        }

        var etag = $"\"{document.Hash}\"";
        http.Response.Headers.ETag = etag;
        http.Response.Headers.Vary = "Accept";
        http.Response.Headers.CacheControl = hash.Length > 0 ? "public, immutable" : "no-cache, private";
        if (hash.Length > 0)
        {
            http.Response.Headers.Expires = time.GetUtcNow().AddYears(1).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        }

        // A cache may name several documents that it has, and mark them as weak.
        if (http.Request.Headers.IfNoneMatch.SelectMany(h => (h ?? "").Split(',')).Any(h => h.Trim() is var given && (given == etag || given == "*" || given == "W/" + etag)))
        {
            http.Response.StatusCode = 304;
            return;
        }

        await responses.WriteBytesAsync(http, 200, document.Json, false, contentType).ConfigureAwait(false);
    }

    private static string Architecture() => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };
}
