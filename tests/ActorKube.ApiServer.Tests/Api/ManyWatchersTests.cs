using System.Net;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>Many watches on one server, and one that takes nothing.</summary>
public sealed class ManyWatchersTests
{
    private const int Watchers = 5000;
    private const int Changes = 10;

    [Fact]
    public async Task Five_thousand_watchers_see_every_change_in_order_though_one_never_reads()
    {
        var server = new TestServer { Settings = "actorkube.apiserver.watch.slow-client-timeout = 2s" };
        await server.InitializeAsync();
        try
        {
            using var admin = server.Http(server.Server.Certificates.Admin());
            var path = $"/api/v1/namespaces/{await server.NamespaceAsync()}/configmaps";
            var start = (await admin.CallAsync("POST", path, """{"metadata":{"name":"start"}}""")).Body.Version();
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
            using var slow = await NeverReadAsync(server, $"{path}?watch=1&resourceVersion={start}", limit.Token);

            using var many = Http2(server);
            var opened = 0;
            var all = new TaskCompletionSource();
            var watching = Enumerable.Range(0, Watchers).Select(_ => ReadAsync(many, $"{path}?watch=1&resourceVersion={start}&labelSelector=small", () =>
            {
                if (Interlocked.Increment(ref opened) == Watchers)
                {
                    all.SetResult();
                }
            }, limit.Token)).ToList();
            await Task.WhenAny(all.Task, Task.WhenAll(watching)).WaitAsync(limit.Token);

            var order = new List<string>();
            var fat = new string('x', 900_000);
            for (var i = 0; i < Changes; i++)
            {
                // What nobody but the slow one is told fills every buffer on its way.
                Assert.Equal(201, (await admin.CallAsync("POST", path, $$$"""{"metadata":{"name":"fat-{{{i}}}"},"data":{"x":"{{{fat}}}"}}""")).Code);
                var (code, body) = await admin.CallAsync("POST", path, $$$"""{"metadata":{"name":"small-{{{i}}}","labels":{"small":"yes"} } }""");
                Assert.Equal(201, code);
                order.Add(body.Version());
            }

            foreach (var seen in await Task.WhenAll(watching))
            {
                Assert.Equal(order, seen);
            }

            await EndsAsync(server, slow, limit.Token);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<List<string>> ReadAsync(HttpClient client, string path, Action opened, CancellationToken cancelled)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancelled);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        opened();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancelled), Encoding.UTF8, false, 1024);
        var seen = new List<string>();
        while (seen.Count < Changes && await lines.ReadLineAsync(cancelled) is { } line)
        {
            seen.Add(JsonNode.Parse(line)!.Version());
        }

        return seen;
    }

    private static HttpClient Http2(TestServer server)
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => server.Server.Certificates.Admin();
        return new HttpClient(handler) { BaseAddress = new Uri(server.Url), Timeout = TimeSpan.FromMinutes(3) };
    }

    private static async Task<TcpClient> NeverReadAsync(TestServer server, string path, CancellationToken cancelled)
    {
        var tcp = new TcpClient { ReceiveBufferSize = 4096 };
        await tcp.ConnectAsync(IPAddress.Loopback, server.Server.Port, cancelled);
        var tls = new SslStream(tcp.GetStream(), true, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            LocalCertificateSelectionCallback = (_, _, _, _, _) => server.Server.Certificates.Admin(),
        }, cancelled);
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"), cancelled);
        Assert.True(await tls.ReadAsync(new byte[12], cancelled) > 0);
        return tcp;
    }

    // Without reading: a client that reads is a good one again.
    private static async Task EndsAsync(TestServer server, TcpClient slow, CancellationToken cancelled)
    {
        var own = ((IPEndPoint)slow.Client.LocalEndPoint!).Port;
        while (IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
            .Any(c => c.State == TcpState.Established && c.LocalEndPoint.Port == server.Server.Port && c.RemoteEndPoint.Port == own))
        {
            await Task.Delay(50, cancelled);
        }
    }
}
