using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Server;
using ActorKube.Kubelet.Stats;
using ActorKube.Kubelet.Tests.Fakes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Server;

/// <summary>The server over real TLS, as the API server talks to it.</summary>
public sealed class KubeletServerTests : IAsyncLifetime
{
    private const string ApiServer = "CN=kube-apiserver-kubelet-client";

    private readonly TemporaryDirectory _directory = new();
    private readonly TestCertificates _certificates = new();
    private readonly FakeApi _api = new();
    private readonly FakeRuntime _runtime = new();
    private readonly ConcurrentQueue<Exception> _errors = new();
    private KubeletServer _server = null!;
    private StatsBoard _stats = null!;
    private KubeletSettings _settings = null!;

    public async Task InitializeAsync()
    {
        _settings = new KubeletSettings { NodeName = "n1", RootDirectory = _directory.Path, PodLogsDirectory = _directory["logs"], ServerAddress = "127.0.0.1", ServerPort = 0 };
        var pods = _api.Informer<V1Pod>(null, null, null);
        _stats = new StatsBoard(_settings, _runtime, new MachineUsage(), TimeProvider.System);
        _server = await KubeletServer.StartAsync(_settings, new KubeletCertificates(_certificates.Server(), _certificates.Authorities), _runtime, () => pods.Lister, _stats, TimeProvider.System, (e, _) => _errors.Enqueue(e), default);
        _api.Resource<V1Pod>().Put(Some.Pod());
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _stats.Dispose();
        _certificates.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Only_the_API_server_and_administrators_are_let_in()
    {
        Assert.Equal("ok", await Client(ApiServer).GetStringAsync("/healthz"));
        Assert.Equal("ok", await Client("CN=admin,O=system:masters").GetStringAsync("/healthz"));
        Assert.Equal(HttpStatusCode.Forbidden, (await Client("CN=someone,O=developers").GetAsync("/healthz")).StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => Client((X509Certificate2?)null).GetAsync("/healthz"));
        using var others = new TestCertificates();
        await Assert.ThrowsAsync<HttpRequestException>(() => Client(others.Client(ApiServer)).GetAsync("/healthz"));
    }

    [Fact]
    public async Task Logs_are_read_from_the_running_or_the_previous_container()
    {
        await StartAsync(attempt: 0);
        _runtime.Exit("main", 1);
        await StartAsync(attempt: 1);
        Assert.Equal("hello from main 1\n", await Client().GetStringAsync("/containerLogs/default/web/main"));
        Assert.Equal("hello from main 0\n", await Client().GetStringAsync("/containerLogs/default/web/main?previous=true"));
        Assert.Equal("2026-01-31T12:00:00.000000001Z hello from main 1\n", await Client().GetStringAsync("/containerLogs/default/web/main?timestamps=true&tailLines=1"));
    }

    [Fact]
    public async Task Followed_logs_end_when_the_container_does()
    {
        await StartAsync(attempt: 0);
        using var response = await Client().GetAsync("/containerLogs/default/web/main?follow=true", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("hello from main 0", await reader.ReadLineAsync());
        _runtime.Exit("main", 0);
        Assert.Null(await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Theory]
    [InlineData("/containerLogs/default/nopod/main", 404, "pod \"nopod\" not found")]
    [InlineData("/containerLogs/default/web/nobody", 404, "container nobody is not valid for pod web")]
    [InlineData("/containerLogs/default/web/main", 400, "container \"main\" in pod \"web\" is waiting to start: ContainerCreating")]
    [InlineData("/containerLogs/default/web/main?previous=true", 400, "previous terminated container \"main\" in pod \"web\" not found")]
    [InlineData("/containerLogs/default/web/main?tailLines=x", 400, "Unable to decode query.")]
    [InlineData("/exec/default/web/main?command=ls", 404, "container not found (\"main\")")]
    [InlineData("/exec/default/web/main", 400, "you must specify at least one command for the container")]
    public async Task What_is_not_there_is_told(string path, int code, string message)
    {
        var response = await Client().GetAsync(path);
        Assert.Equal((code, message), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Commands_run_over_a_WebSocket_with_input_and_exit_code()
    {
        await StartAsync(attempt: 0);
        using var socket = await ConnectAsync("/exec/default/web/main?command=echo&command=hi&input=1&output=1&error=1", "v5.channel.k8s.io");
        await socket.SendAsync(new byte[] { 0, (byte)'i', (byte)'n' }, WebSocketMessageType.Binary, true, default);
        await socket.SendAsync(new byte[] { 255, 0 }, WebSocketMessageType.Binary, true, default);
        var (output, status) = (new StringBuilder(), "");
        var buffer = new byte[4096];
        while (status.Length == 0)
        {
            var received = await socket.ReceiveAsync(buffer, default).WaitAsync(TimeSpan.FromSeconds(10));
            if (received.Count > 1 && buffer[0] == 1)
                output.Append(Encoding.UTF8.GetString(buffer, 1, received.Count - 1));
            if (received.Count > 1 && buffer[0] == 3)
                status = Encoding.UTF8.GetString(buffer, 1, received.Count - 1);
        }

        Assert.Equal("main: echo hi\nin", output.ToString());
        Assert.Equal("7", JsonNode.Parse(status)!["details"]!["causes"]![0]!["message"]!.GetValue<string>());
    }

    [Fact]
    public async Task Ports_are_forwarded_over_the_tunnel_that_kubectl_asks_for()
    {
        await StartAsync(attempt: 0);
        var request = new HttpRequestMessage(HttpMethod.Get, "/portForward/default/web")
        {
            Headers =
            {
                { "Connection", "Upgrade" }, { "Upgrade", "websocket" }, { "Sec-WebSocket-Version", "13" }, { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==" },
                { "Sec-WebSocket-Protocol", "SPDY/3.1+portforward.k8s.io" },
            },
        };
        using var response = await Client().SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, response.StatusCode);
        Assert.Equal("SPDY/3.1+portforward.k8s.io", response.Headers.GetValues("Sec-WebSocket-Protocol").Single());
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", response.Headers.GetValues("Sec-WebSocket-Accept").Single());
    }

    [Fact]
    public async Task An_upgrade_to_SPDY_is_accepted_and_an_unknown_version_refused()
    {
        await StartAsync(attempt: 0);
        var request = new HttpRequestMessage(HttpMethod.Post, "/exec/default/web/main?command=ls&output=1") { Headers = { { "Connection", "Upgrade" }, { "Upgrade", "SPDY/3.1" } } };
        request.Headers.Add("X-Stream-Protocol-Version", ["v9.channel.k8s.io", "v4.channel.k8s.io"]);
        using var response = await Client().SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, response.StatusCode);
        Assert.Equal("v4.channel.k8s.io", response.Headers.GetValues("X-Stream-Protocol-Version").Single());

        var bad = new HttpRequestMessage(HttpMethod.Post, "/exec/default/web/main?command=ls") { Headers = { { "Connection", "Upgrade" }, { "Upgrade", "SPDY/3.1" }, { "X-Stream-Protocol-Version", "v9.channel.k8s.io" } } };
        Assert.Equal(HttpStatusCode.Forbidden, (await Client().SendAsync(bad)).StatusCode);
    }

    [Fact]
    public async Task A_failure_that_nobody_expected_is_told_to_the_client_and_the_log()
    {
        var response = await Client().PostAsync("/images", new ByteArrayContent([1]));
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal(_errors.Single().Message, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Pods_statistics_and_metrics_are_served()
    {
        await StartAsync(attempt: 0);
        Assert.Equal("web", JsonNode.Parse(await Client().GetStringAsync("/pods"))!["items"]![0]!["metadata"]!["name"]!.GetValue<string>());
        var summary = JsonNode.Parse(await Client().GetStringAsync("/stats/summary"))!;
        Assert.Equal(("n1", "web", 1024m), (summary["node"]!["nodeName"]!.GetValue<string>(), summary["pods"]![0]!["podRef"]!["name"]!.GetValue<string>(),
            summary["pods"]![0]!["containers"]![0]!["memory"]!["workingSetBytes"]!.GetValue<decimal>()));
        Assert.Contains("kubelet_running_containers{container_state=\"running\"} 1\n", await Client().GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.Contains("container_cpu_usage_seconds_total{container=\"main\",namespace=\"default\",pod=\"web\"} 5 ", await Client().GetStringAsync("/metrics/resource"), StringComparison.Ordinal);
        Assert.Contains("container_memory_working_set_bytes{container=\"main\"", await Client().GetStringAsync("/metrics/cadvisor"), StringComparison.Ordinal);
    }

    private async Task StartAsync(uint attempt)
    {
        var directories = new PodDirectories(_settings.RootDirectory, _settings.PodLogsDirectory);
        var sandboxConfig = new PodSandboxConfig { Metadata = new PodSandboxMetadata { Name = "web", Uid = "uid-web", Namespace = "default" }, LogDirectory = directories.Logs(Some.Pod()) };
        var config = new ContainerConfig { Metadata = new ContainerMetadata { Name = "main", Attempt = attempt }, Image = new ImageSpec { Image = "i" }, LogPath = $"main/{attempt}.log" };
        foreach (var (key, value) in PodLabels.Of(Some.Pod(), "n1"))
            (sandboxConfig.Labels[key], config.Labels[key]) = (value, value);
        config.Labels[PodLabels.ContainerName] = "main";
        var sandbox = _runtime.Sandboxes.FirstOrDefault()?.Id ?? await _runtime.RunPodSandboxAsync(sandboxConfig);
        await _runtime.StartContainerAsync(await _runtime.CreateContainerAsync(sandbox, config, sandboxConfig));
    }

    private HttpClient Client(string subject = ApiServer) => Client(_certificates.Client(subject));

    private HttpClient Client(X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        if (certificate is not null)
            handler.SslOptions.ClientCertificates = [certificate];
        return new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{_server.Port}"), Timeout = TimeSpan.FromSeconds(15) };
    }

    private async Task<ClientWebSocket> ConnectAsync(string path, string protocol)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        socket.Options.ClientCertificates = [_certificates.Client(ApiServer)];
        socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{_server.Port}{path}"), default);
        return socket;
    }
}
