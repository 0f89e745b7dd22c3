using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;

namespace ActorKube.Benchmarks.Api;

/// <summary>Clients of an API server, each with a connection of its own (HTTP/2 over TLS), as so many programs would be.</summary>
internal sealed class ApiClients : IDisposable
{
    private readonly HttpClient[] _clients;

    public ApiClients(string kubeconfig, int count)
    {
        var config = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        var certificate = config.ClientCertificateData is { } certificateData && config.ClientCertificateKeyData is { } key
            ? X509Certificate2.CreateFromPem(Text(certificateData), Text(key))
            : config.ClientCertificateFilePath is { } file ? X509Certificate2.CreateFromPemFile(file, config.ClientKeyFilePath) : null;
        _clients = [.. Enumerable.Range(0, count).Select(_ =>
        {
            var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None };
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
            if (certificate is not null)
                handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
            return new HttpClient(handler) { BaseAddress = new Uri(config.Host), DefaultRequestVersion = HttpVersion.Version20, Timeout = TimeSpan.FromMinutes(2) };
        })];
    }

    private static string Text(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

    /// <summary>The server's process when it is on this machine.</summary>
    public System.Diagnostics.Process? Server { get; init; }

    public int Count => _clients.Length;

    public HttpClient this[int client] => _clients[client];

    public void Dispose()
    {
        foreach (var client in _clients)
            client.Dispose();
    }

    /// <summary>Sends one request and reads its answer; throws when that is not a success.</summary>
    public async Task<byte[]> SendAsync(int client, HttpMethod method, string path, string? body = null, string contentType = "application/json", string accept = "application/json")
    {
        using var request = new HttpRequestMessage(method, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Accept.ParseAdd(accept);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        using var answer = await _clients[client].SendAsync(request);
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        return answer.IsSuccessStatusCode ? bytes : throw new HttpRequestException($"{method} {path}: {(int)answer.StatusCode} {Encoding.UTF8.GetString(bytes)}");
    }

    /// <summary>Does <paramref name="count"/> things with the clients, each one thing after the other.</summary>
    public async Task<Measured> RunAsync(int clients, int count, Func<int, int, Task> thing)
    {
        var next = -1;
        var latencies = new double[count];
        var used = ProcessorTime();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < count;)
            {
                var began = clock.Elapsed;
                await thing(client, i);
                latencies[i] = (clock.Elapsed - began).TotalMilliseconds;
            }
        })));
        return new Measured(count / clock.Elapsed.TotalSeconds, latencies) { Processor = (ProcessorTime() - used) / count };
    }

    // Counted in hundredths of a second, and independent of who else is busy on the machine.
    private TimeSpan ProcessorTime()
    {
        Server?.Refresh();
        return Server?.TotalProcessorTime ?? TimeSpan.Zero;
    }
}

/// <summary>A rate and how long each single thing took, in milliseconds.</summary>
internal sealed class Measured
{
    private readonly double[] _sorted;

    public Measured(double perSecond, double[] latencies)
    {
        PerSecond = perSecond;
        _sorted = [.. latencies.Order()];
    }

    public double PerSecond { get; }

    /// <summary>Processor time of the server for each; zero when its process is not known.</summary>
    public TimeSpan Processor { get; init; }

    public double Percentile(double p) => _sorted.Length == 0 ? 0 : _sorted[Math.Min(_sorted.Length - 1, (int)(_sorted.Length * p))];
}
