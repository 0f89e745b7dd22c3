using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>The guestbook with ActorKube's own client.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class AkctlTests(SharedCluster shared, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task Applies_looks_at_and_changes_the_guestbook()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var guestbook = Path.Combine(Programs.Root, "docs/examples/guestbook.yaml");
        Assert.Equal("configmap/guestbook created\ndeployment.apps/frontend created\nservice/frontend created", await OkAsync("apply", "-f", guestbook));
        Assert.EndsWith("deployment \"frontend\" successfully rolled out", await OkAsync("rollout", "status", "deployment/frontend"));
        Assert.Equal("configmap/guestbook unchanged\ndeployment.apps/frontend unchanged\nservice/frontend unchanged", await OkAsync("apply", "-f", guestbook));

        // Ages count seconds: what both print is compared where no second passed in between.
        var (before, pods, after) = await Command.EventuallyAsync(
            async () => (await KubectlAsync(), await OkAsync("get", "pods", "-o", "wide"), await KubectlAsync()), o => o.Item1 == o.Item3, TimeSpan.FromSeconds(40), "no second passes in between");
        output.WriteLine(pods);
        Assert.Equal(before, pods);
        Assert.Equal(after, pods);
        var pod = pods.Split('\n')[1].Split(' ')[0];
        Assert.Matches($@"^Name: +{pod}\n", await OkAsync("describe", "pod", pod));
        Assert.Contains("hello v1: listening", await OkAsync("logs", pod, "--tail=1000"));
        Assert.Contains("image: actorkube.io/hello:1", await OkAsync("get", "deployment", "frontend", "-o", "yaml"));

        Assert.Equal("deployment.apps/frontend scaled", await OkAsync("scale", "deployment/frontend", "--replicas=1"));
        await space.Kubectl.OkAsync("set", "image", "deployment/frontend", "frontend=actorkube.io/hello:2");
        Assert.EndsWith("successfully rolled out", await OkAsync("rollout", "status", "deployment/frontend"));
        Assert.Matches(@"REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>", await OkAsync("rollout", "history", "deployment/frontend"));
        Assert.Equal("deployment.apps/frontend rolled back", await OkAsync("rollout", "undo", "deployment/frontend"));
        Assert.Equal("deployment.apps/frontend paused", await OkAsync("rollout", "pause", "deployment/frontend"));
        Assert.Equal("deployment.apps/frontend resumed", await OkAsync("rollout", "resume", "deployment/frontend"));
        Assert.EndsWith("successfully rolled out", await OkAsync("rollout", "status", "deployment/frontend"));

        var missing = await RunAsync("get", "pod", "nobody");
        Assert.Equal((1, "Error from server (NotFound): pods \"nobody\" not found\n"), (missing.ExitCode, missing.Error));
        Assert.Equal("configmap \"guestbook\" deleted", (await OkAsync("delete", "-f", guestbook)).Split('\n')[0].Replace($" from {space.Name} namespace", "", StringComparison.Ordinal));

        Task<string> KubectlAsync() => space.Kubectl.OkAsync("get", "pods", "-o", "wide", "--no-headers=false");

        Task<Output> RunAsync(params string[] arguments) => space.Kubectl.Host.RunAsync(Programs.Akctl, ["--kubeconfig", space.Kubectl.Kubeconfig, "-n", space.Name, .. arguments]);

        async Task<string> OkAsync(params string[] arguments) => (await RunAsync(arguments)).Must().TrimEnd('\n');
    }
}
