using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ActorKube.ContainerRuntime.Tests.Images;

/// <summary>A docker-registry process of the test's own on loopback.</summary>
internal sealed class LocalRegistry : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Process _process;

    private LocalRegistry(int port, string? htpasswd)
    {
        Port = port;
        var auth = "";
        if (htpasswd is not null)
        {
            File.WriteAllText(_directory["htpasswd"], htpasswd + "\n");
            auth = $"auth:\n  htpasswd:\n    realm: test\n    path: {_directory["htpasswd"]}\n";
        }
        File.WriteAllText(
            _directory["config.yml"],
            $"version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {_directory["data"]}\nhttp:\n  addr: 127.0.0.1:{port}\n{auth}");
        _process = Process.Start(new ProcessStartInfo("docker-registry", ["serve", _directory["config.yml"]]) { RedirectStandardError = true })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
    }

    public int Port { get; }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public static async Task<LocalRegistry> StartAsync(string? htpasswd = null)
    {
        Skip.IfNot(File.Exists("/usr/bin/docker-registry") && File.Exists("/usr/bin/skopeo"), "docker-registry and skopeo are not installed");
        var registry = new LocalRegistry(FreePort(), htpasswd);
        using var http = new HttpClient();
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync($"http://127.0.0.1:{registry.Port}/v2/");
                return registry;
            }
            catch (HttpRequestException) when (waited.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(20);
            }
        }
    }

    public async Task PushAsync(string ociArchive, string target, params string[] options)
    {
        using var skopeo = Process.Start("skopeo", ["copy", "-q", "--insecure-policy", "--dest-tls-verify=false", .. options, $"oci-archive:{ociArchive}", $"docker://localhost:{Port}/{target}"]);
        await skopeo.WaitForExitAsync();
        Assert.Equal(0, skopeo.ExitCode);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _directory.Dispose();
    }
}
