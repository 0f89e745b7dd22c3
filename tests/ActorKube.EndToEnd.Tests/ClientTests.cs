using System.Net;
using ActorKube.EndToEnd.Tests.Infrastructure;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>The official client libraries, unchanged.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class ClientTests(SharedCluster shared, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task The_CSharp_client_lists_watches_creates_and_patches()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        await using var port = new PortIntoHost(space.Kubectl.Host.Namespace, new IPEndPoint(IPAddress.Loopback, 6443));
        using var client = CSharpClient(space.Kubectl.Kubeconfig, port.Port);

        var before = await client.CoreV1.ListNamespacedConfigMapAsync(space.Name);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var seen = new List<string>();
        var watching = Task.Run(async () =>
        {
            await foreach (var (type, item) in client.CoreV1.WatchListNamespacedConfigMapAsync(
                space.Name, fieldSelector: "metadata.name=from-csharp", resourceVersion: before.ResourceVersion(), cancellationToken: limit.Token))
            {
                seen.Add($"{type} {item.Data["greeting"]}");
                if (type == WatchEventType.Deleted)
                    return;
            }
        });
        var created = await client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "from-csharp" }, Data = new Dictionary<string, string> { ["greeting"] = "hello" } }, space.Name);
        Assert.NotNull(created.Uid());
        var patched = await client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"data":{"greeting":"hello again"}}""", V1Patch.PatchType.MergePatch), "from-csharp", space.Name);
        Assert.Equal("hello again", patched.Data["greeting"]);
        created.Data["greeting"] = "too late";
        var conflict = await Assert.ThrowsAsync<HttpOperationException>(() => client.CoreV1.ReplaceNamespacedConfigMapAsync(created, "from-csharp", space.Name));
        Assert.Equal(HttpStatusCode.Conflict, conflict.Response.StatusCode);
        Assert.Equal("from-csharp", Assert.Single((await client.CoreV1.ListNamespacedConfigMapAsync(space.Name)).Items, c => c.Name() != "kube-root-ca.crt").Name());
        await client.CoreV1.DeleteNamespacedConfigMapAsync("from-csharp", space.Name);
        await watching.WaitAsync(limit.Token);
        Assert.Equal(["Added hello", "Modified hello again", "Deleted hello again"], seen);

        // A Deployment from its API group, its scale, and a command in its pod.
        await space.Kubectl.ApplyAsync(PodTests.Pod("box", """command: ["sleep", "1000"]"""));
        await space.Kubectl.OkAsync("wait", "pod/box", "--for=condition=Ready", "--timeout=30s");
        using var socket = await client.WebSocketNamespacedPodExecAsync("box", space.Name, ["echo", "from C#"], "main", tty: false);
        using var demux = new StreamDemuxer(socket);
        demux.Start();
        using var reader = new StreamReader(demux.GetStream(1, 1));
        Assert.Equal("from C#", await reader.ReadLineAsync(limit.Token));
    }

    [SkippableFact]
    public async Task The_JavaScript_client_lists_watches_creates_and_patches()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        var folder = Path.Combine(Programs.Root, "tests/ActorKube.EndToEnd.Tests/JavaScript");
        Skip.If(Programs.Find("node") is null, "needs node: tests/run.sh installs it");
        Skip.IfNot(Directory.Exists(Path.Combine(folder, "node_modules")), "needs the client's packages: tests/run.sh (npm ci) fetches them");
        await using var space = await shared.NamespaceAsync();
        var run = await space.Kubectl.Host.RunAsync("node", [Path.Combine(folder, "client.js"), space.Kubectl.Kubeconfig, space.Name]);
        output.WriteLine(run.Out + run.Error);
        Assert.EndsWith("\nok\n", run.Must());
    }

    internal static Kubernetes CSharpClient(string kubeconfig, int port)
    {
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        configuration.Host = $"https://127.0.0.1:{port}";
        return new Kubernetes(configuration);
    }
}
