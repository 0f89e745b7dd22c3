using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>The guestbook with ActorKube's own client.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class AkctlTests(SharedCluster shared, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task Runs_exposes_edits_and_sets()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        await space.Kubectl.UntilAsync(o => o == "serviceaccount/default", TimeSpan.FromSeconds(60), "get", "serviceaccount", "default", "-o", "name");
        Assert.Equal("pod/web created", await OkAsync("run", "web", "--image=actorkube.io/hello:1", "--port=8080"));
        Assert.Equal("service/web exposed", await OkAsync("expose", "pod", "web", "--port=80", "--target-port=8080"));
        Assert.Equal("run=web 80 8080", await space.Kubectl.OkAsync("get", "service", "web", "-o", "jsonpath=run={.spec.selector.run} {.spec.ports[0].port} {.spec.ports[0].targetPort}"));
        Assert.Equal("deployment.apps/d created", await OkAsync("create", "deployment", "d", "--image=actorkube.io/hello:1", "--replicas=0"));
        Assert.Equal("deployment.apps/d image updated", await OkAsync("set", "image", "deployment/d", "hello=actorkube.io/hello:2"));
        Assert.Equal("", await OkAsync("set", "image", "deployment/d", "hello=actorkube.io/hello:2"));
        Assert.Equal("deployment.apps/d env updated", await OkAsync("set", "env", "deployment/d", "A=1", "B=2"));
        Assert.Equal("deployment.apps/d env updated", await OkAsync("set", "env", "deployment/d", "A-", "B=3"));
        Assert.Equal("# Deployment d, container hello\nB=3", await OkAsync("set", "env", "deployment/d", "--list"));
        Assert.Equal("deployment.apps/d resource requirements updated", await OkAsync("set", "resources", "deployment/d", "--limits=cpu=200m", "--requests=cpu=10m"));
        Assert.Equal("deployment.apps/d edited", (await EditAsync("s/revisionHistoryLimit: 10/revisionHistoryLimit: 3/")).Must().TrimEnd('\n'));
        Assert.Equal("actorkube.io/hello:2 200m 10m 3", await space.Kubectl.OkAsync(
            "get", "deployment", "d", "-o", "jsonpath={.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].resources.limits.cpu} {.spec.template.spec.containers[0].resources.requests.cpu} {.spec.revisionHistoryLimit}"));
        var refused = await EditAsync("s/revisionHistoryLimit: 3/revisionHistoryLimit: -3/");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("Edit cancelled, no valid changes were saved.", refused.Error);

        // Standard input comes back from the container that was made for it, and with its end the container's exit code.
        var echoed = await space.Kubectl.Host.RunAsync(Programs.Akctl, [.. Common(), "run", "-i", "--rm", "--quiet", "echo", $"--image={SharedCluster.Busybox}", "--restart=Never", "--", "sh", "-c", "read line; echo \"got $line\"; exit 3"], "hello\n");
        Assert.Equal("got hello\n", echoed.Out);
        Assert.Equal(3, echoed.ExitCode);
        await space.Kubectl.UntilAsync(o => o.Contains("NotFound", StringComparison.Ordinal), TimeSpan.FromSeconds(60), "get", "pod", "echo");

        // What is over before anybody can attach is read from its log.
        Assert.Equal("done", await OkAsync("run", "--attach", "--rm", "--quiet", "once", $"--image={SharedCluster.Busybox}", "--restart=Never", "--", "echo", "done"));
        Assert.Contains("kubectl kustomize", (await space.Kubectl.Host.RunAsync(Programs.Akctl, [.. Common(), "apply", "-k", "folder"])).Error);

        string[] Common() => ["--kubeconfig", space.Kubectl.Kubeconfig, "-n", space.Name];

        Task<Output> EditAsync(string script) => space.Kubectl.Host.RunAsync("env", [$"EDITOR=sed -i -e '{script}'", Programs.Akctl, .. Common(), "edit", "deployment/d"]);

        async Task<string> OkAsync(params string[] arguments) => (await space.Kubectl.Host.RunAsync(Programs.Akctl, [.. Common(), .. arguments])).Must().TrimEnd('\n');
    }

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
