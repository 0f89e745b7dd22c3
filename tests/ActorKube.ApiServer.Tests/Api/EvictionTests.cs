using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Api;

public sealed class EvictionTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task An_eviction_of_a_certain_version_goes_through_although_it_marks_the_pod()
    {
        var pod = await PodAsync();

        var (code, answer) = await EvictAsync(pod, pod.Metadata.ResourceVersion);

        Assert.True(code == 201, answer.ToJsonString());
        var evicted = await server.Admin.CoreV1.ReadNamespacedPodAsync(pod.Metadata.Name, pod.Metadata.NamespaceProperty);
        Assert.NotNull(evicted.Metadata.DeletionTimestamp);
        Assert.Contains(evicted.Status.Conditions, c => c is { Type: "DisruptionTarget", Status: "True" });
    }

    [Fact]
    public async Task An_eviction_of_another_version_is_refused_and_leaves_the_pod_as_it_is()
    {
        var pod = await PodAsync();

        var (code, answer) = await EvictAsync(pod, "1");

        Assert.True(code == 409, answer.ToJsonString());
        Assert.Equal(pod.Metadata.ResourceVersion, (await server.Admin.CoreV1.ReadNamespacedPodAsync(pod.Metadata.Name, pod.Metadata.NamespaceProperty)).Metadata.ResourceVersion);
    }

    // On a node, so that it stays for its grace period.
    private async Task<V1Pod> PodAsync() => await server.Admin.CoreV1.CreateNamespacedPodAsync(
        new V1Pod { Metadata = new V1ObjectMeta { GenerateName = "p-" }, Spec = new V1PodSpec { NodeName = "n", Containers = [new V1Container { Name = "c", Image = "i" }] } }, await server.NamespaceAsync());

    private async Task<(int Code, JsonNode Body)> EvictAsync(V1Pod pod, string version)
    {
        using var admin = server.Http(server.Server.Certificates.Admin());
        var path = $"/api/v1/namespaces/{pod.Metadata.NamespaceProperty}/pods/{pod.Metadata.Name}";
        return await admin.CallAsync("POST", $"{path}/eviction", $$$$"""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{{{pod.Metadata.Name}}}}"},"deleteOptions":{"preconditions":{"resourceVersion":"{{{{version}}}}"}}}""");
    }
}
