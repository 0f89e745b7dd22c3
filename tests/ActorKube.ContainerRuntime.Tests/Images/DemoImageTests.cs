using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using ActorKube.ContainerRuntime.Tests.Builtin;

namespace ActorKube.ContainerRuntime.Tests.Images;

public class DemoImageTests
{
    [SkippableFact]
    public async Task Runs_in_a_container_as_it_comes_and_tells_the_pods_name()
    {
        await using var node = await RuntimeFixture.StartAsync();
        await DemoImage.ImportAsync(node.Runtime);
        await DemoImage.ImportAsync(node.Runtime);
        using var http = new HttpClient();
        foreach (var version in DemoImage.Versions)
        {
            var name = $"hello-{version}-abcde";
            var pod = node.Pod(name);
            var sandbox = await node.Runtime.RunPodSandboxAsync(pod);
            var container = await node.RunAsync(sandbox, pod, new ContainerConfig
            {
                Metadata = new ContainerMetadata { Name = "hello" },
                Image = new ImageSpec { Image = DemoImage.Name(version) },
                LogPath = "main/0.log",
                Linux = new LinuxContainerConfig { SecurityContext = new LinuxContainerSecurityContext { ReadonlyRootfs = true, NoNewPrivs = true, Capabilities = new Capability { DropCapabilities = { "ALL" } } } },
            });
            var ip = (await node.Runtime.PodSandboxStatusAsync(sandbox)).Network.Ip;
            await RuntimeFixture.EventuallyAsync(async () => File.Exists(Path.Combine(node.LogDirectory, name, "main/0.log")) && (await node.LogAsync(name)).Contains($"stdout F hello v{version}: listening") ? "" : null);
            Assert.Equal($"Hello from {name} (v{version})\n", await http.GetStringAsync($"http://{ip}:{DemoImage.Port}/"));
            await node.Runtime.StopContainerAsync(container, TimeSpan.FromSeconds(20));
            Assert.Equal(0, (await node.ExitOfAsync(container)).ExitCode);
            Assert.Contains("stdout F GET / HTTP/1.1 200", await node.LogAsync(name));
            Assert.Equal(65532, (await node.Runtime.ContainerStatusAsync(container)).User.Linux.Uid);
        }
        Assert.Contains("actorkube.io/hello:latest", (await node.Runtime.ImageStatusAsync(DemoImage.Name("2")))!.RepoTags);
    }
}
