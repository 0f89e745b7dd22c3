using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Store.Tests;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>
/// Three control-plane processes and a PostgreSQL server, each on a host of its own, on one network whose wires can be pulled. Clients are on the network, too.
/// </summary>
internal sealed class SeedNetwork : IAsyncDisposable
{
    public static readonly IReadOnlyList<string> Seeds = ["a", "b", "c"];

    /// <summary>The host of the database.</summary>
    public const string DatabaseHost = "db";

    private readonly TestHost _switch;
    private readonly Dictionary<string, TestHost> _hosts = [];
    private readonly Dictionary<string, HostProcess> _processes = [];
    private readonly Dictionary<string, HttpClient> _clients = [];
    private int _starts;

    private SeedNetwork(TestHost @switch) => _switch = @switch;

    private static string Binaries => PostgreSqlCluster.Binaries!;

    private string Database => Path.Combine(_switch.Folder, "postgres");

    private string Shared => Path.Combine(_switch.Folder, "shared");

    /// <summary>Everything that the processes printed.</summary>
    public string Printed() => string.Join("\n", _processes.Select(p => $"--- {p.Key}\n{p.Value.Printed}"));

    public static async Task<SeedNetwork> StartAsync()
    {
        var network = new SeedNetwork(await TestHost.CreateAsync());
        try
        {
            (await network._switch.RunAsync("ip", ["link", "add", "bridge", "type", "bridge"])).Must();
            (await network._switch.RunAsync("ip", ["addr", "add", "10.77.0.1/24", "dev", "bridge"])).Must();
            (await network._switch.RunAsync("ip", ["link", "set", "bridge", "up"])).Must();
            await network.AddHostAsync("db");
            await network.StartDatabaseAsync();
            foreach (var seed in Seeds)
            {
                await network.AddHostAsync(seed);
                await network.StartSeedAsync(seed);
            }

            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a process, or starts it again after it was killed; waits until it is ready.</summary>
    public async Task StartSeedAsync(string seed)
    {
        if (_processes.Remove(seed, out var before))
            await before.DisposeAsync();
        string[] settings =
        [
            $"data-dir={_hosts[seed].DataOf(seed)}", $"cluster.hostname={AddressOf(seed)}", $"cluster.seed-nodes=[{string.Join(',', Seeds.Select(s => $"\"{AddressOf(s)}:4053\""))}]",
            "store.provider=postgresql", $"store.postgresql.connection-string=\"Host={AddressOf("db")};Username=postgres;Database=postgres\"",
            $"apiserver.pki-directory={Shared}/pki", $"apiserver.token-file={Shared}/tokens.csv", $"apiserver.encryption.key-file={Shared}/keys", $"apiserver.advertise-address={AddressOf(seed)}",
        ];
        _processes[seed] = _hosts[seed].Start(Programs.Actorkube, $"{seed}-{++_starts}.log", ["seed", "--config", Path.Combine(Programs.Root, "config/seed.conf"), .. settings.SelectMany(s => new[] { "--set", $"actorkube.{s}" })]);
        await _processes[seed].PrintsAsync("control plane is ready", TimeSpan.FromMinutes(3));
        if (!_clients.ContainsKey(seed))
            _clients[seed] = Client(seed);
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync(string seed) => _processes[seed].KillAsync();

    /// <summary>SIGTERM, and waits until it has ended.</summary>
    public async Task StopAsync(string seed)
    {
        await SignalAsync(seed, "TERM");
        await _processes[seed].EndsAsync(TimeSpan.FromMinutes(2));
    }

    /// <summary>Sends a signal.</summary>
    public async Task SignalAsync(string seed, string signal) => (await Command.RunAsync("kill", [$"-{signal}", _processes[seed].Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])).Must();

    /// <summary>Pulls a host's wire, or puts it back.</summary>
    public async Task WireAsync(string host, bool up) => (await _switch.RunAsync("ip", ["link", "set", $"w-{host}", up ? "up" : "down"])).Must();

    /// <summary>Lets nothing through any more between two hosts, which both still reach the others.</summary>
    public async Task CutAsync(string one, string other)
    {
        foreach (var (host, peer) in new[] { (one, other), (other, one) })
            (await _hosts[host].RunAsync("nft", ["-f", "-"], $"table inet cut {{\n chain in {{\n type filter hook input priority 0; ip saddr {AddressOf(peer)} drop\n }}\n}}\n")).Must();
    }

    /// <summary>Ends a cut.</summary>
    public async Task MendAsync(string one, string other)
    {
        foreach (var host in new[] { one, other })
            (await _hosts[host].RunAsync("nft", ["delete", "table", "inet", "cut"])).Must();
    }

    /// <summary>Freezes every process of the database server, or lets them go on.</summary>
    public async Task StallDatabaseAsync(bool stalls)
    {
        var server = (await File.ReadAllLinesAsync(Path.Combine(Database, "data", "postmaster.pid")))[0];
        // Its children are told once it cannot start more of them.
        await Command.RunAsync("kill", [stalls ? "-STOP" : "-CONT", server]);
        var children = await Command.RunAsync("ps", ["-o", "pid=", "--ppid", server]);
        var pids = children.Out.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (pids.Length > 0)
            await Command.RunAsync("kill", [stalls ? "-STOP" : "-CONT", .. pids]);
    }

    /// <summary>Ends the database as a crash does.</summary>
    public Task CrashDatabaseAsync() => ControlAsync("stop", "-m", "immediate");

    /// <summary>Starts it again.</summary>
    public Task StartDatabaseAgainAsync() => ControlAsync("start");

    /// <summary>Who owns the store, as the database has it.</summary>
    public async Task<string> OwnerAsync()
    {
        var owner = await Command.RunAsync("psql", ["-h", Database, "-U", "postgres", "-Atc", "SELECT owner FROM store_owner"]);
        return Seeds.FirstOrDefault(s => owner.Out.Contains($"{AddressOf(s)}:", StringComparison.Ordinal)) ?? "";
    }

    /// <summary>A request; the answer's code (0: there was none) and JSON.</summary>
    public async Task<(int Code, JsonNode? Body)> CallAsync(string seed, string method, string path, string? body = null, TimeSpan? within = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(method == "PATCH" ? "application/merge-patch+json" : "application/json") } };
        using var limit = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(10));
        try
        {
            using var response = await _clients[seed].SendAsync(request, limit.Token);
            return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(limit.Token)));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return (0, null);
        }
    }

    /// <summary>The lines of a watch.</summary>
    public Task<System.IO.Stream> WatchAsync(string seed, string path, CancellationToken cancellation) => _clients[seed].GetStreamAsync(path, cancellation);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
            client.Dispose();
        foreach (var seed in _processes.Keys.ToList())
            await _processes[seed].DisposeAsync();
        if (Directory.Exists(Path.Combine(Database, "data")))
            await Command.RunAsync("runuser", ["-u", "postgres", "--", Path.Combine(Binaries, "pg_ctl"), "stop", "-m", "immediate", "-D", Path.Combine(Database, "data")]);
        foreach (var host in _hosts.Values)
            await host.DisposeAsync();
        await _switch.DisposeAsync();
    }

    private static string AddressOf(string host) => host == "db" ? "10.77.0.9" : $"10.77.0.{11 + Seeds.ToList().IndexOf(host)}";

    private async Task AddHostAsync(string name)
    {
        var host = _hosts[name] = await TestHost.CreateAsync();
        (await host.RunAsync("ip", ["addr", "add", $"{AddressOf(name)}/24", "dev", "eth0"])).Must();
        (await host.RunAsync("ip", ["link", "set", "wire", "netns", _switch.Namespace, "name", $"w-{name}"])).Must();
        (await _switch.RunAsync("ip", ["link", "set", $"w-{name}", "master", "bridge", "up"])).Must();
    }

    private async Task StartDatabaseAsync()
    {
        Directory.CreateDirectory(Database);
        (await Command.RunAsync("chmod", ["755", _switch.Folder])).Must();
        (await Command.RunAsync("chown", ["postgres", Database])).Must();
        (await Command.RunAsync("runuser", ["-u", "postgres", "--", Path.Combine(Binaries, "initdb"), "-D", Path.Combine(Database, "data"), "-U", "postgres", "-A", "trust", "--no-sync"])).Must();
        await File.AppendAllTextAsync(Path.Combine(Database, "data", "pg_hba.conf"), "host all all 10.77.0.0/24 trust\n");
        await ControlAsync("start");
    }

    private async Task ControlAsync(string action, params string[] more) => (await _hosts["db"].RunAsync("runuser",
        ["-u", "postgres", "--", Path.Combine(Binaries, "pg_ctl"), action, "-w", "-D", Path.Combine(Database, "data"), "-l", Path.Combine(Database, "log"), "-o", $"-c listen_addresses={AddressOf("db")} -c unix_socket_directories={Database} -c max_connections=200", .. more])).Must();

    private HttpClient Client(string seed)
    {
        var handler = NamespacedHttp.Handler(_switch.Namespace);
        handler.PooledConnectionLifetime = Timeout.InfiniteTimeSpan;
        handler.ConnectTimeout = TimeSpan.FromSeconds(5);
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile($"{Shared}/pki/admin.crt", $"{Shared}/pki/admin.key")];
        return new HttpClient(handler) { BaseAddress = new Uri($"https://{AddressOf(seed)}:6443"), Timeout = Timeout.InfiniteTimeSpan };
    }
}
