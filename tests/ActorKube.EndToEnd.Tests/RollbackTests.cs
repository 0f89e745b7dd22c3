using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>Versions that fail, rolled out while requests come: nobody notices, and the last good one is back by itself.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class RollbackTests(SharedCluster shared, ITestOutputHelper output)
{
    private const string Told = "jsonpath={.status.conditions[?(@.type==\"RolledBack\")].message}";
    private const string Image = "jsonpath={.spec.template.spec.containers[0].image}";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    [SkippableFact]
    public async Task A_bad_image_a_crashing_one_and_one_that_fails_its_check_go_back_and_no_request_fails()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.ApplyAsync(Manifest);
        await GoodAsync(kubectl, revision: 1);
        var address = await kubectl.OkAsync("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
        await using var load = new SteadyLoad(shared.Cluster.Host.Namespace, $"http://{address}/", perSecond: 20);

        await kubectl.OkAsync("set", "image", "deployment/web", "hello=none.example/any:1");
        await BackAsync(kubectl, "Revision 2 failed: it did not complete within its progress deadline; back to revision 1");
        await GoodAsync(kubectl, revision: 3);

        await kubectl.OkAsync("patch", "deployment", "web", "--type=json", "-p", """[{"op":"add","path":"/spec/template/spec/containers/0/command","value":["/none"]},{"op":"add","path":"/spec/progressDeadlineSeconds","value":600}]""");
        await BackAsync(kubectl, "Revision 4 failed: pod web-");
        await GoodAsync(kubectl, revision: 5);

        // Ready as far as the kubelet can tell; only the check finds out.
        await kubectl.OkAsync("annotate", "--overwrite", "deployment", "web", "actorkube.io/rollback-watch=10m", "actorkube.io/rollback-http=9/none");
        await kubectl.OkAsync("set", "image", "deployment/web", "hello=actorkube.io/hello:2");
        await BackAsync(kubectl, "Revision 6 failed: 3 HTTP checks in a row failed, the last one so: pod web-");
        await kubectl.OkAsync("rollout", "status", "deployment/web", "--timeout=60s");
        Assert.Equal("actorkube.io/hello:1", await kubectl.OkAsync("get", "deployment", "web", "-o", Image));

        await load.AnotherAsync(20);
        await load.StopAsync();
        output.WriteLine($"{load.Sent} requests, {load.Failures.Count} failed, slowest {load.Slowest.TotalMilliseconds:0} ms");
        Assert.Empty(load.Failures);
    }

    private static Task BackAsync(Kubectl kubectl, string story) =>
        kubectl.UntilAsync(o => o.StartsWith(story, StringComparison.Ordinal), Soon, "get", "deployment", "web", "-o", Told);

    private static Task GoodAsync(Kubectl kubectl, int revision) =>
        kubectl.UntilAsync(o => o.Contains($"Revision {revision} has proved good", StringComparison.Ordinal), Soon, "get", "events", "-o", "jsonpath={.items[*].message}");

    private const string Manifest = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          annotations: { actorkube.io/rollback: on-failure, actorkube.io/rollback-watch: 0s, actorkube.io/rollback-restarts: "2" }
        spec:
          replicas: 2
          progressDeadlineSeconds: 15
          selector: { matchLabels: { app: web } }
          template:
            metadata: { labels: { app: web } }
            spec:
              containers:
                - name: hello
                  image: actorkube.io/hello:1
                  readinessProbe: { httpGet: { path: /healthz, port: 8080 }, periodSeconds: 1 }
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: web }
        spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
        """;
}
