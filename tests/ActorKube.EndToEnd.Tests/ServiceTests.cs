using System.Text.RegularExpressions;
using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>How pods are found and reached, and that nobody notices when they are replaced.</summary>
[Collection(SharedClusterTests.Name)]
public sealed partial class ServiceTests(SharedCluster shared, ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task A_Service_is_found_by_name_and_spreads_requests_over_its_pods()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.OkAsync("apply", "-f", Path.Combine(Programs.Root, "docs/examples/hello.yaml"));
        await kubectl.ApplyAsync("""
            apiVersion: v1
            kind: Service
            metadata: { name: headless }
            spec: { clusterIP: None, selector: { app: hello }, ports: [{ port: 8080 }] }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: outside }
            spec: { type: NodePort, selector: { app: hello }, ports: [{ port: 80, targetPort: 8080 }] }
            ---
            """ + "\n" + PodTests.Pod("box", """command: ["sleep", "1000"]"""));
        await kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=30s");
        await kubectl.OkAsync("wait", "pod/box", "--for=condition=Ready", "--timeout=30s");
        var address = await kubectl.OkAsync("get", "service", "hello", "-o", "jsonpath={.spec.clusterIP}");

        foreach (var name in new[] { $"hello.{space.Name}.svc.cluster.local", "kubernetes.default.svc.cluster.local" })
        {
            var answer = await kubectl.UntilAsync(o => o.Contains("Name:", StringComparison.Ordinal), Soon, "exec", "box", "--", "nslookup", name);
            Assert.Contains(name.StartsWith("hello", StringComparison.Ordinal) ? address : "10.96.0.1", answer);
        }

        Assert.Contains($"search {space.Name}.svc.cluster.local svc.cluster.local cluster.local", await kubectl.OkAsync("exec", "box", "--", "cat", "/etc/resolv.conf"));
        var podIps = (await kubectl.OkAsync("get", "pods", "-l", "app=hello", "-o", "jsonpath={.items[*].status.podIP}")).Split(' ').Order().ToList();
        var headless = await kubectl.OkAsync("exec", "box", "--", "nslookup", "-type=a", $"headless.{space.Name}.svc.cluster.local");
        Assert.All(podIps, ip => Assert.Contains(ip, headless));
        Assert.NotEqual(0, (await kubectl.RunAsync("exec", "box", "--", "nslookup", $"nobody.{space.Name}.svc.cluster.local")).ExitCode);

        var pods = (await kubectl.ListAsync("pods", "-l", "app=hello")).Select(p => (string)p["metadata"]!["name"]!).ToHashSet();
        foreach (var from in new[] { "http://hello", $"http://hello.{space.Name}.svc.cluster.local", $"http://{address}" })
        {
            var seen = await kubectl.OkAsync("exec", "box", "--", "sh", "-c", $"for i in $(seq 24); do wget -qO- {from}; done");
            Assert.Equal(pods, [.. AnsweringPod().Matches(seen).Select(m => m.Groups[1].Value)]);
        }

        var port = await kubectl.OkAsync("get", "service", "outside", "-o", "jsonpath={.spec.ports[0].nodePort}");
        foreach (var url in new[] { $"http://{address}", $"http://{TestHost.Address}:{port}", $"http://127.0.0.1:{port}" })
            Assert.StartsWith("Hello from hello-", await shared.Cluster.GetAsync(url));

        // Without endpoints: an answer at once, not silence.
        await kubectl.OkAsync("scale", "deployment/hello", "--replicas=0");
        await kubectl.UntilAsync(o => o.Length == 0, Soon, "get", "pods", "-l", "app=hello", "-o", "name");
        var refused = System.Diagnostics.Stopwatch.StartNew();
        Assert.Null(await shared.Cluster.GetAsync($"http://{address}"));
        output.WriteLine($"a Service without endpoints refuses after {refused.Elapsed.TotalMilliseconds:0} ms");
        Assert.True(refused.Elapsed < TimeSpan.FromSeconds(2));
    }

    [SkippableFact]
    public async Task A_host_port_leads_to_its_pod_and_a_pod_reaches_itself_through_its_Service()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.ApplyAsync($$"""
            apiVersion: v1
            kind: Pod
            metadata: { name: web, labels: { app: web } }
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: main
                image: {{SharedCluster.Busybox}}
                command: ["sh", "-c", "hostname > /tmp/index.html; httpd -f -p 8080 -h /tmp"]
                ports: [{ containerPort: 8080, hostPort: 18380 }]
                readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: web }
            spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
            """);
        await kubectl.OkAsync("wait", "pod/web", "--for=condition=Ready", "--timeout=60s");

        foreach (var host in new[] { TestHost.Address, "127.0.0.1" })
            Assert.Equal("web", (await shared.Cluster.GetAsync($"http://{host}:18380"))?.Trim());
        var address = await kubectl.OkAsync("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
        Assert.Equal("web", (await kubectl.UntilAsync(o => o.Length > 0, Soon, "exec", "web", "--", "wget", "-qO-", $"http://{address}")).Trim());
    }

    [SkippableFact]
    public async Task Nobody_notices_a_rolling_update_a_rollback_and_scaling()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.OkAsync("apply", "-f", Path.Combine(Programs.Root, "docs/examples/guestbook.yaml"));
        await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
        var address = await kubectl.OkAsync("get", "service", "frontend", "-o", "jsonpath={.spec.clusterIP}");
        await Command.EventuallyAsync(() => shared.Cluster.GetAsync($"http://{address}"), a => a is not null, Soon, "the Service answers");
        await using var load = new SteadyLoad(kubectl.Host.Namespace, $"http://{address}/", perSecond: 100);
        await load.AnotherAsync(100);
        var started = load.Sent;
        await kubectl.OkAsync("set", "image", "deployment/frontend", "frontend=actorkube.io/hello:2");
        output.WriteLine(await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s"));
        var updated = load.Sent - started;
        await load.AnotherAsync(200);
        await kubectl.OkAsync("rollout", "undo", "deployment/frontend");
        output.WriteLine(await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s"));
        await load.AnotherAsync(200);
        await kubectl.OkAsync("scale", "deployment/frontend", "--replicas=5");
        await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
        await kubectl.OkAsync("scale", "deployment/frontend", "--replicas=2");
        await kubectl.UntilAsync(o => o.Split('\n').Length == 2, Soon, "get", "pods", "-o", "name");
        await load.AnotherAsync(100);
        await load.StopAsync();

        output.WriteLine($"{load.Sent} requests ({updated} during the update), {load.Failures.Count} failed, slowest {load.Slowest.TotalMilliseconds:0} ms");
        foreach (var failure in load.Failures)
            output.WriteLine(failure);
        Assert.Empty(load.Failures);
        Assert.Contains(load.Answers.Keys, a => a.Contains("(v2)", StringComparison.Ordinal));
        Assert.Contains(load.Answers.Keys, a => a.Contains("(v1)", StringComparison.Ordinal));
        Assert.True(load.Answers.Count >= 9, $"{load.Answers.Count} pods answered");
    }

    [SkippableFact]
    public async Task Deleted_pods_and_killed_processes_are_replaced()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.OkAsync("apply", "-f", Path.Combine(Programs.Root, "docs/examples/hello.yaml"));
        await kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=30s");
        var pods = await kubectl.ListAsync("pods");
        var (deleted, killed) = ((string)pods[0]["metadata"]!["name"]!, (string)pods[1]["metadata"]!["name"]!);

        var clock = System.Diagnostics.Stopwatch.StartNew();
        await kubectl.OkAsync("delete", "pod", deleted, "--wait=false");
        await kubectl.UntilAsync(o => o == "2", Soon, "get", "deployment", "hello", "-o", "jsonpath={.status.readyReplicas}");
        await Command.EventuallyAsync(
            async () => (await kubectl.ListAsync("pods", "--field-selector=status.phase=Running")).Select(p => (string)p["metadata"]!["name"]!).ToList(),
            names => names.Count == 2 && !names.Contains(deleted), Soon, "another pod is in the deleted one's place");
        output.WriteLine($"a deleted pod was replaced after {clock.Elapsed.TotalSeconds:0.0} s");

        var uid = (string)pods[1]["metadata"]!["uid"]!;
        var process = Assert.Single(kubectl.Host.Containers("data", uid));
        clock.Restart();
        (await Command.RunAsync("kill", ["-9", process.ToString()])).Must();
        await kubectl.UntilAsync(o => o == "1 true", Soon, "get", "pod", killed, "-o", "jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}");
        output.WriteLine($"a killed process ran again after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal("137", await kubectl.OkAsync("get", "pod", killed, "-o", "jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}"));
        Assert.NotEqual(process, Assert.Single(kubectl.Host.Containers("data", uid)));
    }

    [GeneratedRegex(@"Hello from (\S+) ")]
    private static partial Regex AnsweringPod();
}
