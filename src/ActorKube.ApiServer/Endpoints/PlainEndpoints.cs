using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Prometheus;

namespace ActorKube.ApiServer.Endpoints;

/// <summary><c>/version</c> and <c>/metrics</c>.</summary>
internal sealed class PlainEndpoints(ResponseWriter responses)
{
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
                await Metrics.DefaultRegistry.CollectAndExportAsTextAsync(http.Response.Body, http.RequestAborted).ConfigureAwait(false);
                return true;
            default:
                return false;
        }
    }

    private static string Architecture() => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };
}
