using System.Net;
using System.Text;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>Logs and upgraded connections through the API server to a kubelet that is played by a small web server.</summary>
public sealed class NodeProxyTests(TestServer server) : IClassFixture<TestServer>, IAsyncLifetime
{
    private readonly List<string> _asked = [];
    private WebApplication _kubelet = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = server.Server.Certificates.Kubelet("n1", []),
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, _, _) => certificate.Subject.Contains("kube-apiserver-kubelet-client", StringComparison.Ordinal),
        })));
        _kubelet = builder.Build();
        _kubelet.Run(HandleAsync);
        await _kubelet.StartAsync();
    }

    public async Task DisposeAsync() => await _kubelet.DisposeAsync();

    private async Task HandleAsync(HttpContext http)
    {
        lock (_asked)
        {
            _asked.Add(http.Request.Path + http.Request.QueryString);
        }

        if (http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            http.Response.Headers.Upgrade = "SPDY/3.1";
            http.Response.Headers["X-Stream-Protocol-Version"] = http.Request.Headers["X-Stream-Protocol-Version"].ToString();
            await using var stream = await upgrade.UpgradeAsync();
            await stream.WriteAsync("hello "u8.ToArray());
            await stream.FlushAsync();
            var buffer = new byte[100];
            for (int count; (count = await stream.ReadAsync(buffer)) > 0;)
            {
                await stream.WriteAsync(buffer.AsMemory(0, count));
                await stream.FlushAsync();
            }
        }
        else if (http.Request.Path.Value!.Contains("/waiting/", StringComparison.Ordinal))
        {
            http.Response.StatusCode = 400;
            await http.Response.WriteAsync("container \"c\" in pod \"waiting\" is waiting to start: ContainerCreating");
        }
        else
        {
            await http.Response.WriteAsync("line 1\nline 2\n");
        }
    }

    private async Task<string> PodAsync(string name)
    {
        var ns = await server.NamespaceAsync();
        var node = $"node-{ns}";
        await server.Admin.CoreV1.CreateNodeAsync(new V1Node { Metadata = new V1ObjectMeta { Name = node } });
        var made = await server.Admin.CoreV1.ReadNodeAsync(node);
        made.Status = new V1NodeStatus
        {
            Addresses = [new V1NodeAddress { Type = "InternalIP", Address = "127.0.0.1" }],
            DaemonEndpoints = new V1NodeDaemonEndpoints { KubeletEndpoint = new V1DaemonEndpoint { Port = new Uri(_kubelet.Urls.First()).Port } },
        };
        await server.Admin.CoreV1.ReplaceNodeStatusAsync(made, node);
        await server.Admin.CoreV1.CreateNamespacedPodAsync(
            new V1Pod { Metadata = new V1ObjectMeta { Name = name }, Spec = new V1PodSpec { NodeName = node, Containers = [new V1Container { Name = "c", Image = "i" }] } }, ns);
        return ns;
    }

    [Fact]
    public async Task Kubectl_shows_logs()
    {
        var ns = await PodAsync("p");
        var (code, output) = await server.KubectlAsync($"-n {ns} logs p --tail=5 --timestamps -f");
        Assert.Equal((0, "line 1\nline 2\n"), (code, output));
        var asked = Assert.Single(_asked);
        Assert.StartsWith($"/containerLogs/{ns}/p/c?", asked, StringComparison.Ordinal);
        Assert.Equal(["follow=true", "tailLines=5", "timestamps=true"], asked[(asked.IndexOf('?') + 1)..].Split('&').Order());
    }

    [Fact]
    public async Task What_the_kubelet_refuses_is_a_status()
    {
        var ns = await PodAsync("waiting");
        var (code, output) = await server.KubectlAsync($"-n {ns} logs waiting");
        Assert.Equal(1, code);
        Assert.Contains("Error from server (BadRequest): container \"c\" in pod \"waiting\" is waiting to start: ContainerCreating", output);
        (_, output) = await server.KubectlAsync($"-n {ns} logs waiting -c other");
        Assert.Contains("container other is not valid for pod waiting", output);
    }

    [Fact]
    public async Task An_upgraded_connection_carries_every_byte_both_ways()
    {
        var ns = await PodAsync("p");
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, server.Server.Port);
        await using var tls = new System.Net.Security.SslStream(tcp.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new System.Net.Security.SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            LocalCertificateSelectionCallback = (_, _, _, _, _) => server.Server.Certificates.Admin(),
        });
        await tls.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/v1/namespaces/{ns}/pods/p/exec?command=echo&command=a+b&stdin=true&stdout=true&tty=true HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\nContent-Length: 0\r\n\r\n"));
        var head = await ReadUntilAsync(tls, "hello ");
        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
        Assert.Contains("Upgrade: SPDY/3.1", head);
        Assert.Contains("X-Stream-Protocol-Version: v4.channel.k8s.io", head);
        await tls.WriteAsync("ping"u8.ToArray());
        Assert.EndsWith("ping", await ReadUntilAsync(tls, "ping"), StringComparison.Ordinal);
        Assert.Contains($"/exec/{ns}/p/c?input=1&output=1&error=1&tty=1&command=echo&command=a%20b", _asked);
    }

    private static async Task<string> ReadUntilAsync(Stream stream, string end)
    {
        var text = new StringBuilder();
        var buffer = new byte[1];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            Assert.Equal(1, await stream.ReadAsync(buffer, limit.Token));
            text.Append((char)buffer[0]);
        }

        return text.ToString();
    }
}
