using System.Globalization;
using System.Net;
using System.Net.Sockets;
using k8s.Models;

namespace ActorKube.Kubelet.Probes;

/// <summary>Ports by number or by the name a container gives them.</summary>
internal static class NamedPort
{
    public static int? Find(IntOrString? port, V1Container container)
    {
        if (port?.Value is not { Length: > 0 } text)
            return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return number is > 0 and < 65536 ? number : null;
        return container.Ports?.FirstOrDefault(p => p.Name == text)?.ContainerPort;
    }
}

/// <summary>A GET to make.</summary>
internal sealed record HttpTarget(Uri Url, IReadOnlyList<(string Name, string Value)> Headers)
{
    /// <summary>Null when the port is not known.</summary>
    public static HttpTarget? Of(V1HTTPGetAction get, V1Container container, string podAddress)
    {
        if (NamedPort.Find(get.Port, container) is not { } port)
            return null;
        var host = string.IsNullOrEmpty(get.Host) ? podAddress : get.Host;
        if (IPAddress.TryParse(host, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6)
            host = $"[{host}]";
        var scheme = string.IsNullOrEmpty(get.Scheme) ? "http" : get.Scheme.ToLowerInvariant();
        var path = get.Path is { Length: > 0 } p ? p.StartsWith('/') ? p : "/" + p : "/";
        var url = new Uri(string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{port}{path}"));
        return new HttpTarget(url, [.. (get.HttpHeaders ?? []).Select(h => (h.Name, h.Value))]);
    }
}

/// <summary>Probes by HTTP: any answer from 200 to 399 will do.</summary>
internal static class HttpProbe
{
    private const int MaxBody = 10 * 1024;

    public static async Task<ProbeResult> GetAsync(HttpTarget target, TimeSpan timeout, string userAgent, CancellationToken cancellationToken)
    {
        // A handler each: probes must not be answered over a connection that an earlier one kept open.
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            return await FollowAsync(client, target, userAgent, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ProbeResult.Failure($"Get \"{target.Url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
        }
        catch (HttpRequestException e)
        {
            var why = e.InnerException is SocketException socket ? $"dial tcp {target.Url.Host}:{target.Url.Port}: connect: {TcpProbe.Describe(socket)}" : e.Message;
            return ProbeResult.Failure($"Get \"{target.Url}\": {why}");
        }
    }

    // A redirect on the same host is followed; one that leads elsewhere counts as an answer.
    private static async Task<ProbeResult> FollowAsync(HttpClient client, HttpTarget target, string userAgent, CancellationToken cancellationToken)
    {
        var url = target.Url;
        for (var hops = 0; ; hops++)
        {
            using var request = Request(url, target.Headers, userAgent);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            var code = (int)response.StatusCode;
            if (code is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is { } location)
            {
                var next = location.IsAbsoluteUri ? location : new Uri(url, location);
                if (next.Host != url.Host)
                    return ProbeResult.Success("Probe terminated redirects");
                if (hops == 10)
                    return ProbeResult.Failure($"Get \"{next}\": stopped after 10 redirects");
                url = next;
                continue;
            }

            return code is >= 200 and < 400
                ? ProbeResult.Success(await ReadAsync(response, cancellationToken).ConfigureAwait(false))
                : ProbeResult.Failure(string.Create(CultureInfo.InvariantCulture, $"HTTP probe failed with statuscode: {code}"));
        }
    }

    private static HttpRequestMessage Request(Uri url, IReadOnlyList<(string Name, string Value)> headers, string userAgent)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        foreach (var (name, value) in headers)
        {
            if (name.Equals("Host", StringComparison.OrdinalIgnoreCase))
                request.Headers.Host = value;
            else
                request.Headers.TryAddWithoutValidation(name, value);
        }

        if (!request.Headers.Contains("User-Agent"))
            request.Headers.TryAddWithoutValidation("User-Agent", userAgent);
        if (!request.Headers.Contains("Accept"))
            request.Headers.TryAddWithoutValidation("Accept", "*/*");
        request.Headers.ConnectionClose = true;
        return request;
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var buffer = new byte[MaxBody];
            var read = await body.ReadAtLeastAsync(buffer, MaxBody, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return System.Text.Encoding.UTF8.GetString(buffer, 0, read);
        }
    }
}

/// <summary>Probes by opening a TCP connection.</summary>
internal static class TcpProbe
{
    public static async Task<ProbeResult> ConnectAsync(string host, int port, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var where = string.Create(CultureInfo.InvariantCulture, $"dial tcp {(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, port, limit.Token).ConfigureAwait(false);
            return ProbeResult.Success();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ProbeResult.Failure($"{where}: i/o timeout");
        }
        catch (SocketException e)
        {
            return ProbeResult.Failure($"{where}: connect: {Describe(e)}");
        }
    }

    /// <summary>Socket errors in the words of Kubernetes' messages.</summary>
    public static string Describe(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.HostUnreachable => "no route to host",
        SocketError.NetworkUnreachable => "network is unreachable",
        SocketError.ConnectionReset => "connection reset by peer",
        SocketError.TimedOut => "i/o timeout",
        _ => error.Message,
    };
}
