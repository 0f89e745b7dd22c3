using System.Diagnostics;
using ActorKube.Api.Meta;
using ActorKube.Store;
using Akka.Configuration;
using Akka.Hosting;
using k8s;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>A whole API server on a free loopback port over a SQLite store in a directory of its own.</summary>
public sealed class TestServer : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("actorkube-apiserver-").FullName;
    private IHost? _host;
    private IKubernetes? _admin;

    /// <summary>Settings beside those that every test server has.</summary>
    public string? Settings { get; init; }

    /// <summary>Where everything of this server is.</summary>
    public string DataDirectory => _directory;

    public static UserInfo AdminUser { get; } = new("kubernetes-admin", ["system:masters", "system:authenticated"]);

    public ApiServerHost Server { get; private set; } = null!;

    public Akka.Actor.ActorSystem System => _host!.Services.GetRequiredService<Akka.Actor.ActorSystem>();

    public string Kubeconfig => Path.Combine(_directory, "admin.conf");

    public string Url => $"https://127.0.0.1:{Server.Port}";

    public IKubernetes Admin => _admin ??= new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(Kubeconfig));

    public async Task InitializeAsync()
    {
        await StartAsync();
        await Server.Bootstrapped.WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_directory, true);
    }

    public async Task StartAsync()
    {
        var config = ConfigurationFactory.ParseString($$"""
            actorkube {
              store.sqlite.directory = "{{_directory}}/store"
              apiserver { bind-address = "127.0.0.1", port = 0, admission.disabled = ["ServiceAccount", "StorageObjectInUseProtection"], pki-directory = "{{_directory}}/pki", token-file = "{{_directory}}/tokens.csv", encryption.key-file = "{{_directory}}/encryption-keys" }
            }
            """);
        config = Settings is null ? config : ConfigurationFactory.ParseString(Settings).WithFallback(config);
        var started = new TaskCompletionSource<ApiServerHost>();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var logs = LoggerFactory.Create(l => l.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole());
        builder.Services.AddSingleton(logs);
        builder.Services.AddAkka("test", akka => akka
            .AddHocon("akka.loglevel = WARNING", HoconAddMode.Prepend)
            .AddStore(StoreSettings.From(config))
            .AddApiServer(ApiServerSettings.From(config), logs, started.SetResult));
        _host = builder.Build();
        await _host.StartAsync();
        Server = await started.Task.WaitAsync(TimeSpan.FromSeconds(30));
        WriteKubeconfig();
    }

    public async Task StopAsync()
    {
        _admin?.Dispose();
        _admin = null;
        await _host!.StopAsync();
        _host.Dispose();
    }

    /// <summary>An HTTPS client that shows the certificate, or none.</summary>
    public HttpClient Http(System.Security.Cryptography.X509Certificates.X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler { AutomaticDecompression = global::System.Net.DecompressionMethods.None };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        if (certificate is not null)
        {
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }

        return new HttpClient(handler) { BaseAddress = new Uri(Url), Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>A namespace of the test's own.</summary>
    public async Task<string> NamespaceAsync()
    {
        var made = await Admin.CoreV1.CreateNamespaceAsync(new k8s.Models.V1Namespace { Metadata = new k8s.Models.V1ObjectMeta { GenerateName = "test-" } });
        return made.Metadata.Name;
    }

    /// <summary>Runs kubectl as the administrator; returns what it printed, both streams, and its exit code.</summary>
    public async Task<(int Code, string Output)> KubectlAsync(string arguments, string? input = null, string program = "/usr/bin/kubectl")
    {
        var start = new ProcessStartInfo(program, $"--kubeconfig {Kubeconfig} {arguments}")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["HOME"] = _directory;
        using var process = Process.Start(start)!;
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
        }

        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    private void WriteKubeconfig()
    {
        using var certificate = Server.Certificates.Admin();
        var (path, key) = Server.Certificates.Files("admin");
        File.WriteAllText(Kubeconfig, $"""
            apiVersion: v1
            kind: Config
            clusters: [{"{"}name: test, cluster: {"{"}server: "{Url}", certificate-authority: "{Server.Certificates.Files("ca").Certificate}"{"}"}{"}"}]
            users: [{"{"}name: admin, user: {"{"}client-certificate: "{path}", client-key: "{key}"{"}"}{"}"}]
            contexts: [{"{"}name: test, context: {"{"}cluster: test, user: admin{"}"}{"}"}]
            current-context: test
            """);
    }
}
