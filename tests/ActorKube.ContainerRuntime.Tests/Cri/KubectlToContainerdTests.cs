using System.Diagnostics;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Tests.Streaming;

namespace ActorKube.ContainerRuntime.Tests.Cri;

/// <summary>The whole way of a session: kubectl, our server, our client, containerd, a process in a container.</summary>
[Collection(ContainerdCollection.Name)]
public sealed class KubectlToContainerdTests(ContainerdFixture containerd)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Exec_and_port_forward_reach_the_container(bool webSockets)
    {
        Skip.If(ContainerdFixture.Unavailable is not null, ContainerdFixture.Unavailable);
        var kubectl = KubectlTests.Find().LastOrDefault();
        Skip.If(kubectl is null, "kubectl is not on the PATH");
        var pod = containerd.Pod("kubectl");
        var sandbox = await containerd.Runtime.RunPodSandboxAsync(pod);
        var container = await containerd.Runtime.CreateContainerAsync(sandbox, new ContainerConfig
        {
            Metadata = new ContainerMetadata { Name = "c" },
            Image = new ImageSpec { Image = ContainerdFixture.Image },
            Command = { "httpd", "-f", "-p", "8080", "-h", "/etc" },
            Linux = new LinuxContainerConfig(),
        }, pod);
        await containerd.Runtime.StartContainerAsync(container);
        await using var server = new KubectlServer(
            webSockets,
            (command, tty, streams, token) => containerd.Runtime.ExecAsync(container, command, tty, streams, token),
            (port, stream, token) => containerd.Runtime.PortForwardAsync(sandbox, port, stream, token));

        var input = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i}\n"));
        Assert.Equal((0, input, ""), await KubectlTests.RunAsync(kubectl, server, input, "exec", "-i", "p", "-c", "c", "--", "cat"));
        var (code, _, errors) = await KubectlTests.RunAsync(kubectl, server, "", "exec", "p", "-c", "c", "--", "sh", "-c", "exit 9");
        Assert.Equal(9, code);
        Assert.Contains("command terminated with exit code 9", errors, StringComparison.Ordinal);

        // A real terminal on the user's side: script makes one, and kubectl sends its size.
        var start = new ProcessStartInfo(
            "script", ["-q", "-e", "-c", $"stty cols 97 rows 31; {kubectl} --server {server.Url} --kubeconfig /dev/null exec -it p -c c -- sh", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using (var terminal = System.Diagnostics.Process.Start(start)!)
        {
            await terminal.StandardInput.WriteAsync("until [ \"$(stty size)\" = '31 97' ]; do sleep 0.1; done; echo size $(stty size); exit 5\n");
            await terminal.StandardInput.FlushAsync();
            var shown = terminal.StandardOutput.ReadToEndAsync();
            await terminal.WaitForExitAsync().WaitAsync(Patience);
            Assert.Contains("size 31 97", await shown, StringComparison.Ordinal);
            Assert.Equal(5, terminal.ExitCode);
        }

        using var forward = KubectlTests.Start(kubectl, server, "port-forward", "pod/p", ":8080");
        try
        {
            var line = (await forward.StandardOutput.ReadLineAsync().WaitAsync(Patience))!;
            var port = int.Parse(line.Split(' ')[2].Split(':')[^1]);
            var page = await KubectlTests.AskAsync(port, "GET /passwd HTTP/1.0\r\n\r\n").WaitAsync(Patience);
            Assert.EndsWith("root:x:0:0:root:/root:/bin/sh\n", page, StringComparison.Ordinal);
        }
        finally
        {
            forward.Kill();
        }

        Assert.Empty(server.Failures);
        await containerd.Runtime.StopPodSandboxAsync(sandbox);
        await containerd.Runtime.RemovePodSandboxAsync(sandbox);
    }
}
