using System.Net;
using System.Net.Sockets;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Probes;
using ActorKube.Kubelet.Tests.Fakes;
using Google.Protobuf;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ActorKube.Kubelet.Tests.Probes;

/// <summary>Probes against real sockets.</summary>
public sealed class ProberTests : IAsyncLifetime
{
    private readonly FakeRuntime _runtime = new();
    private WebApplication _http = null!;
    private WebApplication _grpc = null!;

    public async Task InitializeAsync()
    {
        _http = await StartAsync(HttpProtocols.Http1, app =>
        {
            app.MapGet("/ok", () => "fine");
            app.MapGet("/agent", (HttpRequest request) => $"{request.Headers.UserAgent} {request.Headers["X-Test"]} {request.Host}");
            app.MapGet("/broken", () => Results.StatusCode(500));
            app.MapGet("/moved", () => Results.Redirect("/ok"));
            app.MapGet("/away", () => Results.Redirect("http://example.invalid/"));
            app.MapGet("/slow", async (CancellationToken ct) => await Task.Delay(TimeSpan.FromMinutes(1), ct));
        });
        _grpc = await StartAsync(HttpProtocols.Http2, app => app.MapPost("/grpc.health.v1.Health/Check", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var service = body.Length > 7 ? System.Text.Encoding.UTF8.GetString(body.ToArray()[7..]) : "";
            context.Response.ContentType = "application/grpc";
            await context.Response.BodyWriter.WriteAsync(new byte[] { 0, 0, 0, 0, 2, 8, (byte)(service == "sick" ? 2 : 1) });
            context.Response.AppendTrailer("grpc-status", "0");
        }));
    }

    public async Task DisposeAsync()
    {
        await _http.DisposeAsync();
        await _grpc.DisposeAsync();
    }

    [Theory]
    [InlineData("/ok", true, "fine")]
    [InlineData("/moved", true, "fine")]
    [InlineData("/away", true, "Probe terminated redirects")]
    [InlineData("/broken", false, "HTTP probe failed with statuscode: 500")]
    [InlineData("/nothing", false, "HTTP probe failed with statuscode: 404")]
    public async Task Http_takes_answers_from_200_to_399(string path, bool passed, string output)
    {
        var result = await ProbeAsync(new V1Probe { TimeoutSeconds = 10, HttpGet = new V1HTTPGetAction { Path = path, Port = Port(_http) } });
        Assert.Equal((passed, output), (result.Passed, result.Output));
    }

    [Fact]
    public async Task Http_sends_the_headers_of_the_probe()
    {
        var get = new V1HTTPGetAction
        {
            Path = "/agent", Port = Port(_http), HttpHeaders = [new V1HTTPHeader { Name = "X-Test", Value = "1" }, new V1HTTPHeader { Name = "Host", Value = "web.example" }],
        };
        Assert.Equal("kube-probe/1.36 1 web.example", (await ProbeAsync(new V1Probe { TimeoutSeconds = 10, HttpGet = get })).Output);
    }

    [Fact]
    public async Task Http_gives_up_after_its_time_out()
    {
        var result = await ProbeAsync(new V1Probe { TimeoutSeconds = 1, HttpGet = new V1HTTPGetAction { Path = "/slow", Port = Port(_http) } });
        Assert.Contains("deadline exceeded", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closed_ports_are_refused_in_the_words_people_know()
    {
        var closed = ClosedPort();
        var tcp = await ProbeAsync(new V1Probe { TimeoutSeconds = 10, TcpSocket = new V1TCPSocketAction { Port = closed } });
        Assert.Equal($"dial tcp 127.0.0.1:{closed}: connect: connection refused", tcp.Output);
        var http = await ProbeAsync(new V1Probe { TimeoutSeconds = 10, HttpGet = new V1HTTPGetAction { Path = "/x", Port = closed } });
        Assert.Equal($"Get \"http://127.0.0.1:{closed}/x\": dial tcp 127.0.0.1:{closed}: connect: connection refused", http.Output);
        Assert.False((await ProbeAsync(new V1Probe { TimeoutSeconds = 10, Grpc = new V1GRPCAction { Port = closed } })).Passed);
    }

    [Fact]
    public async Task Tcp_only_needs_a_listener_and_knows_ports_by_name()
    {
        Assert.True((await ProbeAsync(new V1Probe { TimeoutSeconds = 10, TcpSocket = new V1TCPSocketAction { Port = "web" } })).Passed);
        Assert.Equal(ProbeOutcome.Unknown, (await ProbeAsync(new V1Probe { TimeoutSeconds = 10, TcpSocket = new V1TCPSocketAction { Port = "other" } })).Outcome);
    }

    [Fact]
    public async Task Grpc_asks_the_health_service()
    {
        Assert.Equal("service healthy", (await ProbeAsync(new V1Probe { TimeoutSeconds = 10, Grpc = new V1GRPCAction { Port = Port(_grpc) } })).Output);
        Assert.Equal("service unhealthy (responded with \"NOT_SERVING\")", (await ProbeAsync(new V1Probe { TimeoutSeconds = 10, Grpc = new V1GRPCAction { Port = Port(_grpc), Service = "sick" } })).Output);
    }

    [Fact]
    public async Task Commands_pass_with_exit_code_zero()
    {
        var id = await StartContainerAsync();
        _runtime.OnExec = (_, command) => command[0] switch
        {
            "slow" => throw new ContainerRuntimeException("timed out", ContainerRuntimeError.Timeout),
            "gone" => throw new ContainerRuntimeException("no such container", ContainerRuntimeError.NotFound),
            _ => new ExecSyncResponse { ExitCode = command[0] == "yes" ? 0 : 1, Stdout = ByteString.CopyFromUtf8("out") },
        };
        ProbeOutcome Run(string command) => new Prober(_runtime).ProbeAsync(new V1Probe { Exec = new V1ExecAction { Command = [command] } }, Target(id), default).GetAwaiter().GetResult().Outcome;
        Assert.Equal((ProbeOutcome.Success, ProbeOutcome.Failure, ProbeOutcome.Failure, ProbeOutcome.Unknown), (Run("yes"), Run("no"), Run("slow"), Run("gone")));
    }

    private static async Task<WebApplication> StartAsync(HttpProtocols protocols, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = protocols));
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }

    private static int Port(WebApplication app) => new Uri(app.Urls.First()).Port;

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private ProbeTarget Target(string id)
    {
        var container = Some.Container();
        container.Ports = [new V1ContainerPort { Name = "web", ContainerPort = Port(_http) }];
        return new ProbeTarget(container, id, "127.0.0.1");
    }

    private Task<ProbeResult> ProbeAsync(V1Probe probe) => new Prober(_runtime).ProbeAsync(probe, Target("c"), default);

    private async Task<string> StartContainerAsync()
    {
        var sandbox = await _runtime.RunPodSandboxAsync(new PodSandboxConfig { Metadata = new PodSandboxMetadata { Name = "p" } });
        return await _runtime.CreateContainerAsync(sandbox, new ContainerConfig { Metadata = new ContainerMetadata { Name = "main" }, Image = new ImageSpec() }, new PodSandboxConfig());
    }
}
