using System.Text;
using Microsoft.AspNetCore.Http;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>One thing that must be well.</summary>
/// <param name="Name">Name in the verbose form and in the path.</param>
/// <param name="Problem">What is wrong now; null when nothing is.</param>
/// <param name="Live">Whether <c>/livez</c> looks at it too: a restart would help.</param>
internal sealed record HealthCheck(string Name, Func<string?> Problem, bool Live);

/// <summary><c>/livez</c>, <c>/readyz</c> and <c>/healthz</c>. Source: https://kubernetes.io/docs/reference/using-api/health-checks/</summary>
internal sealed class Health(IReadOnlyList<HealthCheck> checks)
{
    /// <summary>Answers a health path; false for another path.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext http, string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (segments is not ["livez" or "readyz" or "healthz", ..])
        {
            return false;
        }

        var name = segments[0];
        var relevant = checks.Where(c => name != "livez" || c.Live).ToList();
        if (segments.Length > 1)
        {
            var one = relevant.Find(c => c.Name == string.Join('/', segments[1..]));
            if (one is null)
            {
                return false;
            }

            var wrong = one.Problem();
            await WriteAsync(http, wrong is null ? 200 : 500, wrong is null ? "ok" : $"internal server error: {wrong}\n").ConfigureAwait(false);
            return true;
        }

        var excluded = http.Request.Query["exclude"];
        var text = new StringBuilder();
        var failed = false;
        foreach (var check in relevant)
        {
            if (excluded.Contains(check.Name))
            {
                text.Append("[+]").Append(check.Name).Append(" excluded: ok\n");
            }
            else if (check.Problem() is null)
            {
                text.Append("[+]").Append(check.Name).Append(" ok\n");
            }
            else
            {
                failed = true;
                text.Append("[-]").Append(check.Name).Append(" failed: reason withheld\n");
            }
        }

        text.Append(name).Append(failed ? " check failed\n" : " check passed\n");
        await WriteAsync(http, failed ? 500 : 200, failed || http.Request.Query.ContainsKey("verbose") ? text.ToString() : "ok").ConfigureAwait(false);
        return true;
    }

    private static Task WriteAsync(HttpContext http, int code, string text)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.CacheControl = "no-cache, private";
        return http.Response.WriteAsync(text, http.RequestAborted);
    }
}
