using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>Two control-plane processes, <c>a</c> and <c>b</c>, on one database, and clients of each.</summary>
internal sealed class TwoSeeds : IAsyncDisposable
{
    private readonly TestHost _host;
    private readonly string[] _more;
    private readonly Dictionary<string, HostProcess> _processes = [];
    private readonly Dictionary<string, HttpClient> _clients = [];
    private int _starts;

    private TwoSeeds(TestHost host, string[] more) => (_host, _more) = (host, more);

    /// <summary>Starts both.</summary>
    public static async Task<TwoSeeds> StartAsync(params string[] more)
    {
        var seeds = new TwoSeeds(await TestHost.CreateAsync(), more);
        await seeds.StartAsync("a");
        await seeds.StartAsync("b");
        return seeds;
    }

    /// <summary>A client of one server, with connections that it keeps.</summary>
    public HttpClient this[string seed] => _clients[seed];

    /// <summary>Everything that the processes printed.</summary>
    public string Printed() => string.Join("\n", _processes.Select(p => $"--- {p.Key}\n{p.Value.Printed}"));

    /// <summary>SIGKILL.</summary>
    public Task KillAsync(string seed) => _processes[seed].KillAsync();

    /// <summary>Starts one, or starts it again, and waits until it is ready.</summary>
    public async Task StartAsync(string seed)
    {
        if (_processes.Remove(seed, out var before))
            await before.DisposeAsync();
        var shared = Path.Combine(_host.Folder, "shared");
        _processes[seed] = _host.Start(Programs.Actorkube, $"{seed}-{++_starts}.log",
            ["seed", "--config", Path.Combine(Programs.Root, "config/seed.conf"),
                .. Set($"data-dir={_host.DataOf(seed)}", $"cluster.port={(seed == "a" ? 4053 : 4054)}", "cluster.seed-nodes=[\"127.0.0.1:4053\",\"127.0.0.1:4054\"]", $"apiserver.port={Port(seed)}",
                    $"store.sqlite.directory={shared}/store", $"apiserver.pki-directory={shared}/pki", $"apiserver.token-file={shared}/tokens.csv", $"apiserver.encryption.key-file={shared}/keys"),
                .. Set(_more)]);
        await _processes[seed].PrintsAsync("control plane is ready", TimeSpan.FromSeconds(60));
        if (!_clients.ContainsKey(seed))
            _clients[seed] = Client(seed, shared);
    }

    /// <summary>A request; the answer's code (0: there was none) and JSON.</summary>
    public async Task<(int Code, JsonNode? Body)> CallAsync(string seed, string method, string path, string? body = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };
        try
        {
            using var response = await _clients[seed].SendAsync(request);
            return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync()));
        }
        catch (HttpRequestException)
        {
            return (0, null);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
            client.Dispose();
        foreach (var process in _processes.Values)
            await process.DisposeAsync();
        await _host.DisposeAsync();
    }

    private static int Port(string seed) => seed == "a" ? 6443 : 6444;

    private static IEnumerable<string> Set(params string[] settings) => settings.SelectMany(s => new[] { "--set", $"actorkube.{s}" });

    private HttpClient Client(string seed, string shared)
    {
        var handler = NamespacedHttp.Handler(_host.Namespace);
        handler.PooledConnectionLifetime = Timeout.InfiniteTimeSpan;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile($"{shared}/pki/admin.crt", $"{shared}/pki/admin.key")];
        return new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{Port(seed)}"), Timeout = TimeSpan.FromSeconds(60) };
    }
}
