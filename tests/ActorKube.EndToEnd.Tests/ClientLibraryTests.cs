using ActorKube.EndToEnd.Tests.Infrastructure;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>The official client libraries list, watch, create and patch.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class ClientLibraryTests(SharedCluster shared, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task The_official_JavaScript_client_cannot_tell()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        var folder = Path.Combine(Programs.Root, "tests/ActorKube.EndToEnd.Tests/JavaScript");
        Skip.If(Programs.Find("node") is null || !Directory.Exists(Path.Combine(folder, "node_modules")), "needs node and the packages of JavaScript/: tests/run.sh installs them");
        await using var space = await shared.NamespaceAsync();
        var printed = (await shared.Cluster.Host.RunAsync("node", [Path.Combine(folder, "client.js"), shared.Cluster.Kubectl.Kubeconfig, space.Name])).Must();
        output.WriteLine(printed);
        Assert.EndsWith("watch: ADDED hello, MODIFIED hello again, DELETED hello again\nok\n", printed);
    }

    [SkippableFact]
    public async Task The_official_CSharp_client_cannot_tell()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        await using var relay = new NamespacedRelay(shared.Cluster.Host.Namespace, 6443);
        var config = KubernetesClientConfiguration.BuildConfigFromConfigFile(shared.Cluster.Kubectl.Kubeconfig);
        config.Host = $"https://127.0.0.1:{relay.Port}";
        using var client = new Kubernetes(config);

        var before = await client.CoreV1.ListNamespacedConfigMapAsync(space.Name);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var seen = new List<string>();
        var watching = Task.Run(async () =>
        {
            await foreach (var (type, map) in client.CoreV1.WatchListNamespacedConfigMapAsync(
                space.Name, fieldSelector: "metadata.name=from-csharp", resourceVersion: before.Metadata.ResourceVersion, cancellationToken: patience.Token))
            {
                seen.Add($"{type} {map.Data["greeting"]}");
                if (type == WatchEventType.Deleted)
                    break;
            }
        });

        var created = await client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "from-csharp" }, Data = new Dictionary<string, string> { ["greeting"] = "hello" } }, space.Name);
        Assert.NotEmpty(created.Metadata.Uid);
        var patched = await client.CoreV1.PatchNamespacedConfigMapAsync(
            new V1Patch("""{"data":{"greeting":"hello again"}}""", V1Patch.PatchType.MergePatch), "from-csharp", space.Name);
        Assert.Equal("hello again", patched.Data["greeting"]);
        var again = await Assert.ThrowsAsync<HttpOperationException>(() => client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "from-csharp" } }, space.Name));
        Assert.Equal(System.Net.HttpStatusCode.Conflict, again.Response.StatusCode);
        await client.CoreV1.DeleteNamespacedConfigMapAsync("from-csharp", space.Name);
        await watching;
        Assert.Equal(["Added hello", "Modified hello again", "Deleted hello again"], seen);
    }
}
