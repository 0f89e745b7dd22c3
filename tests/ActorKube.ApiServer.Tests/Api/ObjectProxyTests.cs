using System.Net;
using System.Net.Http.Headers;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>pods/proxy and services/proxy to a small web server on one of the machine's own addresses.</summary>
public sealed class ObjectProxyTests(TestServer server) : IClassFixture<TestServer>, IAsyncLifetime
{
    private readonly IPAddress _address = NetworkInterface.GetAllNetworkInterfaces()
        .Where(i => i.OperationalStatus == OperationalStatus.Up)
        .SelectMany(i => i.GetIPProperties().UnicastAddresses)
        .Select(a => a.Address)
        .First(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));

    private WebApplication _pod = null!;
    private HttpClient _admin = null!;
    private string _namespace = "";

    private int Port => new Uri(_pod.Urls.First()).Port;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(k => k.Listen(_address, 0));
        _pod = builder.Build();
        _pod.UseWebSockets();
        _pod.Run(HandleAsync);
        await _pod.StartAsync();
        _admin = server.Http(server.Server.Certificates.Admin());
        _namespace = await server.NamespaceAsync();
        await server.Admin.CoreV1.CreateNamespacedPodAsync(
            new V1Pod { Metadata = new V1ObjectMeta { Name = "web" }, Spec = new V1PodSpec { Containers = [new V1Container { Name = "c", Image = "i", Ports = [new V1ContainerPort { ContainerPort = Port }] }] } }, _namespace);
        var pod = await server.Admin.CoreV1.ReadNamespacedPodAsync("web", _namespace);
        pod.Status = new V1PodStatus { Phase = "Running", PodIP = _address.ToString(), PodIPs = [new V1PodIP { Ip = _address.ToString() }] };
        await server.Admin.CoreV1.ReplaceNamespacedPodStatusAsync(pod, "web", _namespace);
        await server.Admin.CoreV1.CreateNamespacedServiceAsync(
            new V1Service { Metadata = new V1ObjectMeta { Name = "web" }, Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Name = "http", Port = 80 }] } }, _namespace);
    }

    public async Task DisposeAsync()
    {
        _admin.Dispose();
        await _pod.DisposeAsync();
    }

    private static async Task HandleAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/page":
                http.Response.ContentType = "text/html; charset=utf-8";
                await http.Response.WriteAsync("<a href=\"/rewriteme\">tést</a>");
                break;
            case "/moved":
                http.Response.Redirect("/page");
                break;
            case "/socket" when http.WebSockets.IsWebSocketRequest:
                using (var socket = await http.WebSockets.AcceptWebSocketAsync())
                {
                    await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, default);
                    await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
                }

                break;
            default:
                var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
                http.Response.Headers["X-Seen-Authorization"] = http.Request.Headers.Authorization.ToString();
                http.Response.StatusCode = http.Request.Path == "/missing" ? 404 : 200;
                await http.Response.WriteAsync($"{http.Request.Method} {http.Features.Get<IHttpRequestFeature>()!.RawTarget} {body}");
                break;
        }
    }

    private string Pod(string path, string name = "web") => $"/api/v1/namespaces/{_namespace}/pods/{name}/proxy{path}";

    private async Task<(HttpResponseMessage Response, string Text)> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body) };
        var response = await _admin.SendAsync(request);
        return (response, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Every_method_goes_through_with_its_path_query_and_body()
    {
        foreach (var method in new[] { "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" })
        {
            var (response, text) = await SendAsync(new HttpMethod(method), Pod("/a%2Fb/?c=d+e"), method is "GET" or "OPTIONS" ? null : "body");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal($"{method} /a%2Fb/?c=d+e {(method is "GET" or "OPTIONS" ? "" : "body")}", text);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Get, Pod("/missing"))).Response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Head, Pod("/", $"web:{Port}"))).Response.StatusCode);
    }

    [Fact]
    public async Task A_path_without_its_slash_is_found_again_with_it()
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => server.Server.Certificates.Admin();
        using var client = new HttpClient(handler) { BaseAddress = new Uri(server.Url) };
        using var answer = await client.GetAsync(Pod("?a=b"));
        Assert.Equal((HttpStatusCode.MovedPermanently, Pod("/?a=b")), (answer.StatusCode, answer.Headers.Location!.ToString()));
        using var moved = await client.GetAsync(Pod("/moved"));
        Assert.Equal((HttpStatusCode.Redirect, Pod("/page")), (moved.StatusCode, moved.Headers.Location!.ToString()));
    }

    [Fact]
    public async Task A_pages_links_lead_through_the_proxy() =>
        Assert.Equal($"<a href=\"{Pod("/rewriteme")}\">tést</a>", (await SendAsync(HttpMethod.Get, Pod("/page"))).Text);

    [Fact]
    public async Task The_callers_credential_stays_with_the_api_server()
    {
        using var client = server.Http(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(Pod("/"))).StatusCode);
        _admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", "c2VjcmV0");
        var (response, _) = await SendAsync(HttpMethod.Get, Pod("/"));
        Assert.Equal("", string.Concat(response.Headers.GetValues("X-Seen-Authorization")));
    }

    [Fact]
    public async Task A_service_answers_by_one_of_its_endpoints_or_says_that_it_has_none()
    {
        var path = $"/api/v1/namespaces/{_namespace}/services/web:80/proxy/x";
        var (none, text) = await SendAsync(HttpMethod.Get, path);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "no endpoints available for service \"web\""), (none.StatusCode, (string?)JsonNode.Parse(text)!["message"]));
        await server.Admin.DiscoveryV1.CreateNamespacedEndpointSliceAsync(
            new V1EndpointSlice
            {
                Metadata = new V1ObjectMeta { Name = "web-1", Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = "web" } },
                AddressType = "IPv4",
                Endpoints = [new V1Endpoint { Addresses = [_address.ToString()] }],
                Ports = [new Discoveryv1EndpointPort { Name = "http", Port = Port }],
            }, _namespace);
        Assert.Equal("GET /x ", (await SendAsync(HttpMethod.Get, path)).Text);
        Assert.Equal("GET /x ", (await SendAsync(HttpMethod.Get, path.Replace(":80", ":http"))).Text);
        Assert.Equal("GET /x ", (await server.KubectlAsync($"get --raw {path}")).Output);
    }

    [Fact]
    public async Task A_server_that_does_not_listen_is_a_status()
    {
        var (response, text) = await SendAsync(HttpMethod.Get, Pod("/", "web:1"));
        var status = JsonNode.Parse(text)!;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "ServiceUnavailable"), (response.StatusCode, (string?)status["reason"]));
        Assert.StartsWith("error trying to reach service: ", (string?)status["message"], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Get, Pod("/", "other"))).Response.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Get, Pod("/", "ftp:web:1"))).Response.StatusCode);
    }

    [Fact]
    public async Task A_websocket_goes_through()
    {
        using var socket = new ClientWebSocket();
        socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        socket.Options.ClientCertificates = [server.Server.Certificates.Admin()];
        await socket.ConnectAsync(new Uri($"{server.Url.Replace("https", "wss")}{Pod("/socket")}"), default);
        var buffer = new byte[100];
        var received = await socket.ReceiveAsync(buffer, default);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, received.Count));
    }
}
