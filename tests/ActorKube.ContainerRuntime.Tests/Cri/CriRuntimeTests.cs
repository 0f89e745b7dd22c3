using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Tests.Images;
using ActorKube.ContainerRuntime.Tests.Streaming;

namespace ActorKube.ContainerRuntime.Tests.Cri;

[Collection(ContainerdCollection.Name)]
public sealed class CriRuntimeTests(ContainerdFixture containerd)
{
    private CriRuntime Runtime
    {
        get
        {
            Skip.If(ContainerdFixture.Unavailable is not null, ContainerdFixture.Unavailable);
            return containerd.Runtime;
        }
    }

    [SkippableFact]
    public async Task Says_what_it_is_and_that_it_is_ready()
    {
        Assert.Equal("containerd", Runtime.Name);
        Assert.Equal("v1", (await Runtime.VersionAsync()).RuntimeApiVersion);
        var status = await Runtime.StatusAsync();
        Assert.All(status.Status.Conditions, condition => Assert.True(condition.Status, condition.Message));
        Assert.Contains(status.Status.Conditions, condition => condition.Type == "NetworkReady");
    }

    [SkippableFact]
    public async Task Runs_a_pod_from_its_creation_to_its_removal()
    {
        var pod = containerd.Pod("life");
        var sandbox = await Runtime.RunPodSandboxAsync(pod);
        var status = await Runtime.PodSandboxStatusAsync(sandbox);
        Assert.Equal(PodSandboxState.SandboxReady, status.State);
        Assert.True(IPAddress.TryParse(status.Network.Ip, out _));

        var container = await Runtime.CreateContainerAsync(sandbox, Config("main", "sh", "-c", "echo out; echo err >&2; exit 3"), pod);
        Assert.Equal(ContainerState.ContainerCreated, (await Runtime.ContainerStatusAsync(container)).State);
        await Runtime.StartContainerAsync(container);
        var ended = await ExitedAsync(container);
        Assert.Equal((3, "Error"), (ended.ExitCode, ended.Reason));

        // Not compared with StartedAt: containerd notes the start of so short a command after its end.
        Assert.True(ended.CreatedAt < ended.FinishedAt);

        var log = await File.ReadAllLinesAsync(Path.Combine(pod.LogDirectory, "main.log"));
        Assert.Contains(log, line => line.EndsWith(" stdout F out", StringComparison.Ordinal));
        Assert.Contains(log, line => line.EndsWith(" stderr F err", StringComparison.Ordinal));

        await Runtime.StopPodSandboxAsync(sandbox);
        Assert.Equal(PodSandboxState.SandboxNotready, (await Runtime.PodSandboxStatusAsync(sandbox)).State);
        await Runtime.RemovePodSandboxAsync(sandbox);
        var gone = await Assert.ThrowsAsync<ContainerRuntimeException>(() => Runtime.PodSandboxStatusAsync(sandbox));
        Assert.True(gone.IsNotFound);
        Assert.True((await Assert.ThrowsAsync<ContainerRuntimeException>(() => Runtime.ContainerStatusAsync(container))).IsNotFound);
        Assert.DoesNotContain(Directory.GetDirectories("/sys/fs/cgroup"), h => Directory.Exists(h + pod.Linux.CgroupParent));

        // All of it once more: nothing is left to do, and nothing fails.
        await Runtime.StopContainerAsync(container, TimeSpan.Zero);
        await Runtime.RemoveContainerAsync(container);
        await Runtime.StopPodSandboxAsync(sandbox);
        await Runtime.RemovePodSandboxAsync(sandbox);
    }

    [SkippableFact]
    public async Task Stops_with_the_signal_and_kills_when_the_time_is_over()
    {
        await using var pod = await StartAsync("stop");
        var polite = await pod.RunAsync("polite", "sh", "-c", "trap 'exit 7' TERM; while true; do sleep 0.1; done");
        var deaf = await pod.RunAsync("deaf", "sh", "-c", "trap '' TERM; while true; do sleep 0.1; done");
        Assert.Equal(ContainerState.ContainerRunning, (await Runtime.ContainerStatusAsync(polite)).State);

        // The trap is set a moment after the start; the shell says so by running its loop.
        await Runtime.ExecSyncAsync(polite, ["sleep", "0.3"], TimeSpan.FromSeconds(10));
        await Runtime.StopContainerAsync(polite, TimeSpan.FromSeconds(30));
        Assert.Equal(7, (await ExitedAsync(polite)).ExitCode);
        await Runtime.StopContainerAsync(deaf, TimeSpan.FromMilliseconds(500));
        Assert.Equal(137, (await ExitedAsync(deaf)).ExitCode);
    }

    [SkippableFact]
    public async Task Execs_to_the_end_and_gives_up_when_the_time_is_over()
    {
        await using var pod = await StartAsync("execsync");
        var container = await pod.RunAsync("main", "sleep", "1000");
        var result = await Runtime.ExecSyncAsync(container, ["sh", "-c", "echo out; echo err >&2; exit 5"], TimeSpan.FromSeconds(10));
        Assert.Equal((5, "out\n", "err\n"), (result.ExitCode, result.Stdout.ToStringUtf8(), result.Stderr.ToStringUtf8()));

        var late = await Assert.ThrowsAsync<ContainerRuntimeException>(() => Runtime.ExecSyncAsync(container, ["sleep", "60"], TimeSpan.FromSeconds(1)));
        Assert.True(late.IsTimeout, $"{late.Error}: {late.Message}");
    }

    [SkippableFact]
    public async Task A_command_that_does_not_exist_is_a_failure_that_says_so()
    {
        await using var pod = await StartAsync("bad");
        var container = await Runtime.CreateContainerAsync(pod.Sandbox, Config("main", "/no/such/program"), pod.Config);
        var failure = await Assert.ThrowsAsync<ContainerRuntimeException>(() => Runtime.StartContainerAsync(container));
        Assert.Contains("/no/such/program", failure.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_image_that_is_not_there_is_null_and_no_failure()
    {
        Assert.Null(await Runtime.ImageStatusAsync("docker.io/library/none:1"));
        await Runtime.RemoveImageAsync("docker.io/library/none:1");
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Imports_archives_under_the_full_name(bool oci)
    {
        var name = oci ? "imported-oci:1" : "imported-docker:1";
        using var archive = oci ? TestImage.OciArchive(name) : TestImage.DockerArchive(name);
        var references = await Runtime.ImportImageAsync(archive);
        Assert.Equal(["docker.io/library/" + name], references);
        Assert.NotNull(await Runtime.ImageStatusAsync(name));
        var image = Assert.Single(await Runtime.ListImagesAsync(), i => i.RepoTags.Contains("docker.io/library/" + name));
        Assert.Equal(["docker.io/library/" + name], image.RepoTags.Where(t => t.Contains("imported", StringComparison.Ordinal)));

        await using var pod = await StartAsync("import");
        var config = Config("main", "true");
        config.Image.Image = name;
        var container = await Runtime.CreateContainerAsync(pod.Sandbox, config, pod.Config);
        await Runtime.StartContainerAsync(container);
        Assert.Equal(0, (await ExitedAsync(container)).ExitCode);
        await Runtime.RemoveContainerAsync(container);
        await Runtime.RemoveImageAsync(name);
        Assert.Null(await Runtime.ImageStatusAsync(name));
    }

    [SkippableFact]
    public async Task What_is_no_archive_is_refused_with_the_reason()
    {
        var failure = await Assert.ThrowsAsync<ContainerRuntimeException>(() => Runtime.ImportImageAsync(new MemoryStream(Encoding.ASCII.GetBytes("not a tar"))));
        Assert.Contains("import", failure.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Tells_what_happens_to_containers()
    {
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var pod = await StartAsync("events");
        var container = await pod.RunAsync("main", "true");
        var seen = new List<ContainerEventType>();
        await foreach (var happened in Runtime.GetContainerEventsAsync(enough.Token))
        {
            if (happened.ContainerId != container)
            {
                continue;
            }

            seen.Add(happened.ContainerEventType);
            if (happened.ContainerEventType == ContainerEventType.ContainerStoppedEvent)
            {
                Assert.Equal(pod.Config.Metadata.Uid, happened.PodSandboxStatus.Metadata.Uid);
                Assert.Contains(happened.ContainersStatuses, s => s.Id == container && s.State == ContainerState.ContainerExited);
                await Runtime.RemoveContainerAsync(container);
            }

            if (happened.ContainerEventType == ContainerEventType.ContainerDeletedEvent)
            {
                break;
            }
        }

        Assert.Equal(
            [
                ContainerEventType.ContainerCreatedEvent, ContainerEventType.ContainerStartedEvent,
                ContainerEventType.ContainerStoppedEvent, ContainerEventType.ContainerDeletedEvent,
            ],
            seen);
    }

    [SkippableFact]
    public async Task Execs_with_input_that_ends()
    {
        await using var pod = await StartAsync("exec");
        var container = await pod.RunAsync("main", "sleep", "1000");
        var input = Enumerable.Range(0, 300_000).Select(i => (byte)('a' + (i % 26))).ToArray();
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();
        var code = await Runtime.ExecAsync(
            container, ["sh", "-c", "wc -c; echo oops >&2; exit 4"], tty: false, new ContainerStreams(new MemoryStream(input), stdout, stderr));
        Assert.Equal((4, "300000\n", "oops\n"), (code, Text(stdout), Text(stderr)));

        using var echoed = new MemoryStream();
        Assert.Equal(0, await Runtime.ExecAsync(container, ["cat"], tty: false, new ContainerStreams(new MemoryStream(input), echoed, null)));
        Assert.Equal(input, echoed.ToArray());
    }

    [SkippableFact]
    public async Task An_exec_does_not_wait_for_input_that_never_comes()
    {
        await using var pod = await StartAsync("silent");
        var container = await pod.RunAsync("main", "sleep", "1000");
        using var stdout = new MemoryStream();
        var never = new System.IO.Pipelines.Pipe().Reader.AsStream();
        Assert.Equal(0, await Runtime.ExecAsync(container, ["echo", "done"], tty: false, new ContainerStreams(never, stdout, null)).WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal("done\n", Text(stdout));
    }

    [SkippableFact]
    public async Task An_exec_of_what_is_not_there_fails_with_the_reason()
    {
        await using var pod = await StartAsync("noexec");
        var container = await pod.RunAsync("main", "sleep", "1000");
        var failure = await Assert.ThrowsAsync<ContainerRuntimeException>(
            () => Runtime.ExecAsync(container, ["/no/such/program"], tty: false, new ContainerStreams(null, new MemoryStream(), new MemoryStream())));
        Assert.Contains("/no/such/program", failure.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_terminal_has_the_size_it_is_given()
    {
        await using var pod = await StartAsync("tty");
        var container = await pod.RunAsync("main", "sleep", "1000");
        var sizes = System.Threading.Channels.Channel.CreateUnbounded<TerminalSize>();
        await sizes.Writer.WriteAsync(new TerminalSize(123, 45));
        using var stdout = new MemoryStream();
        var code = await Runtime.ExecAsync(
            container, ["sh", "-c", "until [ \"$(stty size 2>/dev/null)\" = '45 123' ]; do sleep 0.1; done; stty size"], tty: true,
            new ContainerStreams(null, stdout, null, sizes.Reader)).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((0, "45 123\r\n"), (code, Text(stdout)));
    }

    [SkippableFact]
    public async Task Attaches_to_the_main_process_until_it_ends()
    {
        await using var pod = await StartAsync("attach");
        var config = Config("main", "sh", "-c", "read line; echo got $line");
        (config.Stdin, config.StdinOnce) = (true, true);
        var container = await Runtime.CreateContainerAsync(pod.Sandbox, config, pod.Config);
        await Runtime.StartContainerAsync(container);
        using var stdout = new MemoryStream();
        await Runtime.AttachAsync(container, tty: false, new ContainerStreams(new MemoryStream("hello\n"u8.ToArray()), stdout, new MemoryStream()))
            .WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("got hello\n", Text(stdout));
        Assert.Equal(0, (await ExitedAsync(container)).ExitCode);
    }

    [SkippableFact]
    public async Task Forwards_a_port_to_the_pod()
    {
        await using var pod = await StartAsync("forward");
        var container = await pod.RunAsync("main", "sh", "-c", "echo from the pod > /www/index.html; exec httpd -f -p 127.0.0.1:8080 -h /www");
        await Runtime.ExecSyncAsync(container, ["sh", "-c", "until wget -q -O /dev/null http://127.0.0.1:8080/; do sleep 0.05; done"], TimeSpan.FromSeconds(10));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var accepted = await listener.AcceptTcpClientAsync();
        var forwarding = Runtime.PortForwardAsync(pod.Sandbox, 8080, accepted.GetStream());
        var stream = client.GetStream();
        await stream.WriteAsync("GET /index.html HTTP/1.0\r\n\r\n"u8.ToArray());
        client.Client.Shutdown(SocketShutdown.Send);
        await forwarding.WaitAsync(TimeSpan.FromSeconds(20));
        accepted.Close();
        Assert.EndsWith("from the pod\n", await new StreamReader(stream).ReadToEndAsync(), StringComparison.Ordinal);

        var failure = await Assert.ThrowsAsync<ContainerRuntimeException>(
            () => Runtime.PortForwardAsync(pod.Sandbox, 81, StreamPair.Create().Left).WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("refused", failure.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Pulls_from_a_registry_and_says_when_there_is_nothing()
    {
        _ = Runtime;
        using var registry = await LocalRegistry.StartAsync();
        var archive = Path.Combine(containerd.Directory, "pull.tar");
        await using (var file = File.Create(archive))
        {
            using var image = TestImage.OciArchive("1");
            await image.CopyToAsync(file);
        }

        await registry.PushAsync(archive, "app:1");
        var name = $"localhost:{registry.Port}/app:1";
        var reference = await Runtime.PullImageAsync(name, null, null);
        Assert.StartsWith("sha256:", reference, StringComparison.Ordinal);
        Assert.Equal(reference, (await Runtime.ImageStatusAsync(name))!.Id);
        await Runtime.RemoveImageAsync(name);
        var missing = await Assert.ThrowsAsync<ContainerRuntimeException>(() => Runtime.PullImageAsync(name.Replace("app", "none", StringComparison.Ordinal), null, null));
        Assert.True(missing.IsNotFound, missing.Message);
    }

    [SkippableFact]
    public async Task Measures_limits_and_goes_on_logging_after_rotation()
    {
        await using var pod = await StartAsync("misc");
        var container = await pod.RunAsync("main", "sh", "-c", "while true; do echo tick; sleep 0.1; done");
        var stats = Assert.Single(await Runtime.ListContainerStatsAsync(new ContainerStatsFilter { Id = container }));
        Assert.True(stats.Memory.WorkingSetBytes.Value > 0);
        await Runtime.UpdateContainerResourcesAsync(container, new LinuxContainerResources { CpuShares = 512 });
        var filesystem = Assert.Single((await Runtime.ImageFsInfoAsync()).ImageFilesystems);
        Assert.StartsWith(containerd.Directory, filesystem.FsId.Mountpoint, StringComparison.Ordinal);

        var log = Path.Combine(pod.Config.LogDirectory, "main.log");
        File.Move(log, log + ".1");
        await Runtime.ReopenContainerLogAsync(container);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!(await File.ReadAllTextAsync(log, patience.Token)).Contains("tick", StringComparison.Ordinal))
        {
            await Task.Delay(20, patience.Token);
        }

        Assert.Equal(container, Assert.Single(await Runtime.ListContainersAsync(new ContainerFilter { PodSandboxId = pod.Sandbox })).Id);
        Assert.Equal(pod.Sandbox, Assert.Single(await Runtime.ListPodSandboxAsync(new PodSandboxFilter { LabelSelector = { ["test"] = "misc" } })).Id);
    }

    [SkippableFact]
    public async Task Outlives_a_restart_of_the_runtime_and_so_do_the_containers()
    {
        await using var pod = await StartAsync("restart");
        var container = await pod.RunAsync("main", "sleep", "1000");
        await containerd.KillAsync();
        var failure = await Assert.ThrowsAsync<ContainerRuntimeException>(() => pod.Runtime.ListContainersAsync());
        Assert.Equal(ContainerRuntimeError.Unavailable, failure.Error);
        await Assert.ThrowsAsync<ContainerRuntimeException>(async () => await pod.Runtime.GetContainerEventsAsync().GetAsyncEnumerator().MoveNextAsync());

        await containerd.StartAsync();
        Assert.Equal(ContainerState.ContainerRunning, (await pod.Runtime.ContainerStatusAsync(container)).State);
        Assert.Equal(0, (await pod.Runtime.ExecSyncAsync(container, ["true"], TimeSpan.FromSeconds(10))).ExitCode);
    }

    [SkippableFact]
    public async Task Nobody_behind_the_socket_is_unavailable()
    {
        var failure = await Assert.ThrowsAsync<ContainerRuntimeException>(() => CriRuntime.ConnectAsync("/no/such/socket"));
        Assert.Equal(ContainerRuntimeError.Unavailable, failure.Error);
        Assert.Contains("/no/such/socket", failure.Message, StringComparison.Ordinal);
    }

    private static string Text(MemoryStream stream) => Encoding.UTF8.GetString(stream.ToArray());

    private static ContainerConfig Config(string name, params string[] command) => new()
    {
        Metadata = new ContainerMetadata { Name = name },
        Image = new ImageSpec { Image = ContainerdFixture.Image },
        Command = { command },
        LogPath = name + ".log",
        Linux = new LinuxContainerConfig(),
    };

    private async Task<RunningPod> StartAsync(string name)
    {
        var config = containerd.Pod(name);
        return new RunningPod(Runtime, config, await Runtime.RunPodSandboxAsync(config));
    }

    private async Task<ContainerStatus> ExitedAsync(string container)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var status = await Runtime.ContainerStatusAsync(container, patience.Token);
            if (status.State == ContainerState.ContainerExited)
            {
                return status;
            }

            await Task.Delay(20, patience.Token);
        }
    }

    private sealed record RunningPod(CriRuntime Runtime, PodSandboxConfig Config, string Sandbox) : IAsyncDisposable
    {
        public async Task<string> RunAsync(string name, params string[] command)
        {
            var container = await Runtime.CreateContainerAsync(Sandbox, CriRuntimeTests.Config(name, command), Config);
            await Runtime.StartContainerAsync(container);
            return container;
        }

        public async ValueTask DisposeAsync()
        {
            await Runtime.StopPodSandboxAsync(Sandbox);
            await Runtime.RemovePodSandboxAsync(Sandbox);
        }
    }
}
