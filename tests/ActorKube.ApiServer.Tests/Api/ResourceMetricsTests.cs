using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>An API server with a node whose kubelet is played by a small web server, and pods on it.</summary>
public sealed class MeasuredCluster : IAsyncLifetime
{
    private readonly TestServer _server = new() { Settings = "actorkube.apiserver.metrics.resolution = 0s" };
    private readonly List<(string Namespace, string Name, string Uid)> _running = [];
    private WebApplication _kubelet = null!;

    public TestServer Server => _server;

    public string Namespace { get; private set; } = "";

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = _server.Server.Certificates.Kubelet("n1", []),
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, _, _) => certificate.Subject.Contains("kube-apiserver-kubelet-client", StringComparison.Ordinal),
        })));
        _kubelet = builder.Build();
        _kubelet.Run(http => http.Response.WriteAsJsonAsync(Summary()));
        await _kubelet.StartAsync();
        var core = _server.Admin.CoreV1;
        await core.CreateNodeAsync(new V1Node { Metadata = new V1ObjectMeta { Name = "n1", Labels = new Dictionary<string, string> { ["disk"] = "fast" } } });
        await core.CreateNodeAsync(new V1Node { Metadata = new V1ObjectMeta { Name = "silent" } });
        var node = await core.ReadNodeAsync("n1");
        node.Status = new V1NodeStatus
        {
            Addresses = [new V1NodeAddress { Type = "InternalIP", Address = "127.0.0.1" }],
            Allocatable = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("2"), ["memory"] = new("4Gi") },
            Capacity = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("2"), ["memory"] = new("4Gi") },
            DaemonEndpoints = new V1NodeDaemonEndpoints { KubeletEndpoint = new V1DaemonEndpoint { Port = new Uri(_kubelet.Urls.First()).Port } },
        };
        await core.ReplaceNodeStatusAsync(node, "n1");
        Namespace = await _server.NamespaceAsync();
        await RunAsync("web", "front");
        await RunAsync("db", "back");
        await core.CreateNamespacedPodAsync(Pod("pending", "front"), Namespace);
    }

    public async Task DisposeAsync()
    {
        await _kubelet.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static V1Pod Pod(string name, string tier) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, Labels = new Dictionary<string, string> { ["tier"] = tier } },
        Spec = new V1PodSpec { NodeName = "n1", Containers = [new V1Container { Name = "c", Image = "i" }] },
    };

    private async Task RunAsync(string name, string tier)
    {
        var pod = await _server.Admin.CoreV1.CreateNamespacedPodAsync(Pod(name, tier), Namespace);
        pod.Status = new V1PodStatus { Phase = "Running" };
        await _server.Admin.CoreV1.ReplaceNamespacedPodStatusAsync(pod, name, Namespace);
        lock (_running)
        {
            _running.Add((Namespace, name, pod.Metadata.Uid));
        }
    }

    private JsonObject Summary()
    {
        lock (_running)
        {
            return new JsonObject
            {
                ["node"] = new JsonObject { ["cpu"] = Cpu(1_500_001), ["memory"] = new JsonObject { ["workingSetBytes"] = 1 << 20 } },
                ["pods"] = new JsonArray([.. _running.Select(p => new JsonObject
                {
                    ["podRef"] = new JsonObject { ["name"] = p.Name, ["namespace"] = p.Namespace, ["uid"] = p.Uid },
                    ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["cpu"] = Cpu(p.Name == "web" ? 250_000_000 : 500_000_000), ["memory"] = new JsonObject { ["workingSetBytes"] = 2048 } }),
                })]),
            };
        }
    }

    private static JsonObject Cpu(long nanoCores) => new() { ["time"] = "2026-01-31T12:00:00Z", ["usageNanoCores"] = nanoCores, ["windowSeconds"] = 14.5 };
}

/// <summary><c>metrics.k8s.io</c> over HTTPS and with kubectl.</summary>
public sealed class ResourceMetricsTests(MeasuredCluster cluster) : IClassFixture<MeasuredCluster>
{
    [Fact]
    public async Task Nodes_have_usage_time_window_and_their_labels()
    {
        var nodes = await GetAsync("/apis/metrics.k8s.io/v1beta1/nodes");
        Assert.Equal(("NodeMetricsList", "metrics.k8s.io/v1beta1"), ((string?)nodes["kind"], (string?)nodes["apiVersion"]));
        var node = Assert.Single(nodes["items"]!.AsArray())!;
        Assert.Equal(("n1", "fast"), ((string?)node["metadata"]!["name"], (string?)node["metadata"]!["labels"]!["disk"]));
        Assert.Equal(("1500001n", "1Mi", "14.5s", "2026-01-31T12:00:00Z"), ((string?)node["usage"]!["cpu"], (string?)node["usage"]!["memory"], (string?)node["window"], (string?)node["timestamp"]));
        Assert.Equal("NodeMetrics", (string?)(await GetAsync("/apis/metrics.k8s.io/v1beta1/nodes/n1"))["kind"]);
        Assert.Empty((await GetAsync("/apis/metrics.k8s.io/v1beta1/nodes?labelSelector=disk%3Dslow"))["items"]!.AsArray());
    }

    [Fact]
    public async Task Running_pods_have_usage_by_container()
    {
        var pods = await GetAsync($"/apis/metrics.k8s.io/v1beta1/namespaces/{cluster.Namespace}/pods");
        Assert.Equal("PodMetricsList", (string?)pods["kind"]);
        Assert.Equal(["db", "web"], pods["items"]!.AsArray().Select(p => (string?)p!["metadata"]!["name"]));
        var web = await GetAsync($"/apis/metrics.k8s.io/v1beta1/namespaces/{cluster.Namespace}/pods/web");
        Assert.Equal(("PodMetrics", "front", "c", "250m", "2Ki"),
            ((string?)web["kind"], (string?)web["metadata"]!["labels"]!["tier"], (string?)web["containers"]![0]!["name"], (string?)web["containers"]![0]!["usage"]!["cpu"], (string?)web["containers"]![0]!["usage"]!["memory"]));
        var front = await GetAsync($"/apis/metrics.k8s.io/v1beta1/pods?labelSelector=tier%3Dfront");
        Assert.Equal(["web"], front["items"]!.AsArray().Select(p => (string?)p!["metadata"]!["name"]));
    }

    [Theory]
    [InlineData("nodes/nobody", "nodes \"nobody\" not found")]
    [InlineData("nodes/silent", "nodemetrics.metrics.k8s.io \"silent\" not found")]
    [InlineData("namespaces/{ns}/pods/nobody", "pods \"{ns}/nobody\" not found")]
    [InlineData("namespaces/{ns}/pods/pending", "podmetrics.metrics.k8s.io \"{ns}/pending\" not found")]
    public async Task What_is_not_known_is_not_found(string path, string message)
    {
        using var http = cluster.Server.Http(cluster.Server.Server.Certificates.Admin());
        var response = await http.GetAsync($"/apis/metrics.k8s.io/v1beta1/{path.Replace("{ns}", cluster.Namespace, StringComparison.Ordinal)}");
        var status = (await response.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.Equal((HttpStatusCode.NotFound, message.Replace("{ns}", cluster.Namespace, StringComparison.Ordinal)), (response.StatusCode, (string?)status["message"]));
    }

    [Fact]
    public async Task Metrics_are_read_only()
    {
        using var http = cluster.Server.Http(cluster.Server.Server.Certificates.Admin());
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.DeleteAsync($"/apis/metrics.k8s.io/v1beta1/namespaces/{cluster.Namespace}/pods/web")).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.GetAsync("/apis/metrics.k8s.io/v1beta1/nodes?watch=true")).StatusCode);
    }

    [Fact]
    public async Task Who_may_view_edit_or_administer_a_namespace_may_view_its_metrics()
    {
        // The roles view, edit and admin gather their rules by a controller, which does not run here: what they would gather is asked for.
        var role = await cluster.Server.Admin.RbacAuthorizationV1.ReadClusterRoleAsync("system:aggregated-metrics-reader");
        Assert.Equal(["admin", "edit", "view"], role.Metadata.Labels.Keys.Where(k => k.StartsWith("rbac.authorization.k8s.io/aggregate-to-", StringComparison.Ordinal)).Select(k => k[(k.LastIndexOf('-') + 1)..]).Order());
        var rule = Assert.Single(role.Rules);
        Assert.Equal("metrics.k8s.io: nodes,pods: get,list,watch", $"{string.Join(',', rule.ApiGroups)}: {string.Join(',', rule.Resources.Order())}: {string.Join(',', rule.Verbs.Order())}");
    }

    [Fact]
    public async Task Kubectl_top_shows_nodes_and_pods()
    {
        var (code, output) = await cluster.Server.KubectlAsync("top nodes n1 --no-headers");
        Assert.Equal((0, "n1 2m 0% 1Mi 0%"), (code, Words(output)));
        (code, output) = await cluster.Server.KubectlAsync($"top pods -n {cluster.Namespace} --sort-by=cpu");
        Assert.Equal((0, "NAME CPU(cores) MEMORY(bytes) db 500m 0Mi web 250m 0Mi"), (code, Words(output)));
        (code, output) = await cluster.Server.KubectlAsync($"top pods -A -l tier=front --containers --no-headers");
        Assert.Equal((0, $"{cluster.Namespace} web c 250m 0Mi"), (code, Words(output)));
    }

    [Fact]
    public async Task Discovery_offers_the_group()
    {
        var group = await GetAsync("/apis/metrics.k8s.io");
        Assert.Equal("metrics.k8s.io/v1beta1", (string?)group["preferredVersion"]!["groupVersion"]);
        var resources = (await GetAsync("/apis/metrics.k8s.io/v1beta1"))["resources"]!.AsArray();
        Assert.Equal(
            [("nodes", "NodeMetrics", false, "get,list"), ("pods", "PodMetrics", true, "get,list")],
            resources.Select(r => ((string)r!["name"]!, (string)r["kind"]!, (bool)r["namespaced"]!, string.Join(',', r["verbs"]!.AsArray().Select(v => (string)v!)))));
        var openApi = await GetAsync("/openapi/v3/apis/metrics.k8s.io/v1beta1");
        Assert.Contains("/apis/metrics.k8s.io/v1beta1/nodes", openApi["paths"]!.AsObject().Select(p => p.Key));
    }

    private static string Words(string text) => string.Join(' ', text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

    private async Task<JsonNode> GetAsync(string path)
    {
        using var http = cluster.Server.Http(cluster.Server.Server.Certificates.Admin());
        return (await http.GetFromJsonAsync<JsonNode>(path))!;
    }

    [Theory]
    [InlineData("/apis/apps/v1/namespaces/{ns}/deployments/nobody/scale", "deployments/scale.apps \"nobody\" not found")]
    [InlineData("/api/v1/namespaces/{ns}/replicationcontrollers/nobody/scale", "replicationcontrollers/scale.autoscaling \"nobody\" not found")]
    public async Task A_scale_that_is_not_there_is_named_as_Kubernetes_does(string path, string message)
    {
        using var http = cluster.Server.Http(cluster.Server.Server.Certificates.Admin());
        var response = await http.GetAsync(path.Replace("{ns}", cluster.Namespace, StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.NotFound, message), (response.StatusCode, (string?)(await response.Content.ReadFromJsonAsync<JsonNode>())!["message"]));
    }
}
