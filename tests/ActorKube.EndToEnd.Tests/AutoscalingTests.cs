using System.Text.RegularExpressions;
using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>What containers really use, as <c>kubectl top</c> shows it, and what the autoscaler makes of it.</summary>
[Collection(SharedClusterTests.Name)]
public sealed partial class AutoscalingTests(SharedCluster shared, ITestOutputHelper output)
{
    // Samples, answers and looks follow each other by some seconds each; on a busy machine all of them take their time.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [SkippableFact]
    public async Task A_deployment_under_load_is_doubled_and_kubectl_top_shows_why()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        // However busy the machine is, an endless loop gets far more than 1m; the limit leaves the rest to others.
        await kubectl.ApplyAsync("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: burn }
            spec:
              replicas: 1
              selector: { matchLabels: { app: burn } }
              template:
                metadata: { labels: { app: burn } }
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: main
                    image: actorkube.test/busybox:1
                    command: ["sh", "-c", "while true; do :; done"]
                    resources: { requests: { cpu: 2m }, limits: { cpu: 50m } }
            """);
        await kubectl.OkAsync("autoscale", "deployment", "burn", "--cpu-percent=50", "--min=1", "--max=2");
        await kubectl.UntilAsync(o => o == "2", Patience, "get", "deployment", "burn", "-o", "jsonpath={.spec.replicas}");
        var autoscaler = await kubectl.UntilAsync(o => Target().IsMatch(o), Patience, "get", "hpa", "burn", "--no-headers");
        output.WriteLine(autoscaler);
        Assert.StartsWith("burn   Deployment/burn   cpu: ", autoscaler, StringComparison.Ordinal);
        await kubectl.UntilAsync(
            o => o.Contains("New size: 2; reason: cpu resource utilization (percentage of request) above target", StringComparison.Ordinal), Patience,
            "get", "events", "--field-selector", "reason=SuccessfulRescale");

        var pods = await kubectl.UntilAsync(o => PodUsage().IsMatch(o), Patience, "top", "pods", "-l", "app=burn");
        output.WriteLine(pods);
        output.WriteLine(await kubectl.UntilAsync(o => NodeUsage().IsMatch(o), Patience, "top", "nodes"));
        output.WriteLine(await kubectl.UntilAsync(o => ContainerUsage().IsMatch(o), Patience, "top", "pods", "-A", "--containers", "--sort-by=cpu"));
        var akctl = await kubectl.Host.RunAsync(Programs.Akctl, ["--kubeconfig", kubectl.Kubeconfig, "-n", space.Name, "top", "pods"]);
        Assert.Matches(PodUsage(), akctl.Out);
    }

    [GeneratedRegex(@"cpu: \d+%/50% +1 +2 +[12] ")]
    private static partial Regex Target();

    [GeneratedRegex(@"NAME +CPU\(cores\) +MEMORY\(bytes\) *\nburn-[a-z0-9-]+ +[1-9]\d*m +\d+Mi")]
    private static partial Regex PodUsage();

    [GeneratedRegex(@"\nn1 +[1-9]\d*m +\d+% +[1-9]\d*Mi +\d+%")]
    private static partial Regex NodeUsage();

    [GeneratedRegex(@"\ntest-\d+ +burn-[a-z0-9-]+ +main +[1-9]\d*m +\d+Mi")]
    private static partial Regex ContainerUsage();
}
