using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>The guestbook on containerd, through CRI.</summary>
public sealed class CriTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task The_guestbook_runs_on_containerd()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        Skip.IfNot(Containerd.Missing is null, Containerd.Missing);
        await using var host = await TestHost.CreateAsync();
        await using var containerd = new Containerd(host);
        await containerd.StartAsync();
        await using var cluster = await DevCluster.StartAsync(host, containerd.Arguments);
        output.WriteLine(cluster.Process.Printed);
        Assert.Contains("containerd", cluster.Process.Printed);
        var kubectl = cluster.Kubectl;
        await kubectl.OkAsync("apply", "-f", Path.Combine(Programs.Root, "docs/examples/guestbook.yaml"));
        await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
        output.WriteLine(await kubectl.OkAsync("get", "events", "-o", "custom-columns=AT:.firstTimestamp,KIND:.involvedObject.kind,REASON:.reason,MESSAGE:.message"));
        output.WriteLine(await kubectl.OkAsync("get", "pods,nodes", "-o", "wide"));
        Assert.Matches(@"containerd://\d", await kubectl.OkAsync("get", "nodes", "-o", "wide"));
        var address = await kubectl.OkAsync("get", "service", "frontend", "-o", "jsonpath={.spec.clusterIP}");
        var answers = new HashSet<string?>();
        await Command.EventuallyAsync(async () => answers.Add(await cluster.GetAsync($"http://{address}")) || answers.Count > 0, _ => answers.Count(a => a is not null) == 3, TimeSpan.FromSeconds(20), "three pods answer");

        await using (var load = new SteadyLoad(host.Namespace, $"http://{address}/", perSecond: 100))
        {
            await load.AnotherAsync(100);
            await kubectl.OkAsync("set", "image", "deployment/frontend", "frontend=actorkube.io/hello:2");
            await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
            await kubectl.OkAsync("rollout", "undo", "deployment/frontend");
            await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
            await load.AnotherAsync(200);
            await load.StopAsync();
            output.WriteLine($"{load.Sent} requests during an update and a rollback, {load.Failures.Count} failed, slowest {load.Slowest.TotalMilliseconds:0} ms");
            foreach (var failure in load.Failures)
                output.WriteLine(failure);
            Assert.Empty(load.Failures);
        }

        var archive = Path.Combine(host.Folder, "busybox.tar");
        await File.WriteAllBytesAsync(archive, SharedCluster.BusyboxArchive(SharedCluster.Busybox));
        (await host.RunAsync(Programs.Akctl, ["--kubeconfig", kubectl.Kubeconfig, "image", "load", archive])).Must();
        await kubectl.ApplyAsync(PodTests.Pod("box", """command: ["sleep", "1000"]"""));
        await kubectl.OkAsync("wait", "pod/box", "--for=condition=Ready", "--timeout=30s");
        Assert.Equal(5, (await kubectl.RunAsync("exec", "box", "--", "sh", "-c", "exit 5")).ExitCode);
        Assert.Equal("hello", await kubectl.OkWithInputAsync("hello", "exec", "-i", "box", "--", "cat"));
        Assert.Contains("Hello from frontend-", await kubectl.OkAsync("exec", "box", "--", "wget", "-qO-", "http://frontend.default.svc.cluster.local"));
        var pod = (await kubectl.OkAsync("get", "pods", "-l", "app=guestbook", "-o", "jsonpath={.items[0].metadata.name}"));
        Assert.Contains("listening", await kubectl.OkAsync("logs", pod));

        // The process dies; the containers run on and are found again.
        const string lives = "jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}{\"\\n\"}{end}";
        await kubectl.UntilAsync(o => o.Split(' ').Length == 4, TimeSpan.FromSeconds(30), "get", "pods", "-o", "jsonpath={.items[*].metadata.name}");
        var before = await kubectl.OkAsync("get", "pods", "-o", lives);
        await cluster.Process.KillAsync();
        Assert.NotNull(await cluster.GetAsync($"http://{address}"));
        await cluster.StartAgainAsync();
        Assert.Equal("back", await kubectl.UntilAsync(o => o == "back", TimeSpan.FromSeconds(30), "exec", "box", "--", "echo", "back"));
        Assert.Equal(before, await kubectl.OkAsync("get", "pods", "-o", lives));
        Assert.Equal(0, await cluster.Process.InterruptAsync());
        Assert.Empty(host.Containers("data"));
    }
}
