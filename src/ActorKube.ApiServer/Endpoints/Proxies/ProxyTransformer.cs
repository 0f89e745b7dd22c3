using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace ActorKube.ApiServer.Endpoints.Proxies;

/// <summary>What changes between a client and a proxied server: the URL, who is let see a credential, and links.</summary>
/// <param name="url">Where the request goes, whole.</param>
/// <param name="prefix">The path of the proxy, without the path behind it.</param>
internal sealed class ProxyTransformer(Uri url, string prefix) : HttpTransformer
{
    // A page that is larger than this is passed on as it is.
    private const int MaxRewritten = 8 * 1024 * 1024;

    /// <inheritdoc/>
    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken).ConfigureAwait(false);
        var http = httpContext.Request;
        proxyRequest.RequestUri = url;
        var headers = proxyRequest.Headers;
        // The credential was for us alone.
        headers.Remove("Authorization");
        foreach (var name in headers.Where(h => h.Key.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase)).Select(h => h.Key).ToList())
        {
            headers.Remove(name);
        }

        headers.Host = http.Host.Value;
        headers.TryAddWithoutValidation("X-Forwarded-Uri", http.Path.Value);
        headers.TryAddWithoutValidation("X-Forwarded-Host", http.Host.Value);
        headers.TryAddWithoutValidation("X-Forwarded-Proto", http.Scheme);
        headers.TryAddWithoutValidation("X-Forwarded-For", httpContext.Connection.RemoteIpAddress?.ToString());
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        // They spoke of our own answers.
        httpContext.Response.Headers.Remove("Cache-Control");
        if (!await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken).ConfigureAwait(false) || proxyResponse is null)
        {
            return false;
        }

        var host = httpContext.Request.Host.Value ?? "";
        var response = httpContext.Response;
        if (response.Headers.Location is [{ } location])
        {
            response.Headers.Location = ProxiedLinks.Rewrite(location, host, prefix);
        }

        var content = proxyResponse.Content.Headers;
        if (content.ContentType?.MediaType != "text/html" || HttpMethods.IsHead(httpContext.Request.Method) || content.ContentLength > MaxRewritten || Reader(content) is not { } open)
        {
            return true;
        }

        var encoding = Charset(content.ContentType);
        string page;
        await using (var body = open(await proxyResponse.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false)))
        using (var reader = new StreamReader(body, encoding, detectEncodingFromByteOrderMarks: false))
        {
            page = await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        }

        var bytes = encoding.GetBytes(ProxiedLinks.RewriteHtml(page, host, prefix));
        response.Headers.Remove("Content-Encoding");
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        return false;
    }

    // Latin-1 gives every byte back as it was; the links themselves are ASCII.
    private static Encoding Charset(MediaTypeHeaderValue type) => type.CharSet?.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase) == true ? new UTF8Encoding(false) : Encoding.Latin1;

    private static Func<Stream, Stream>? Reader(HttpContentHeaders content) => content.ContentEncoding.ToArray() switch
    {
        [] => body => body,
        ["gzip"] => body => new GZipStream(body, CompressionMode.Decompress),
        ["deflate"] => body => new ZLibStream(body, CompressionMode.Decompress),
        _ => null,
    };
}
