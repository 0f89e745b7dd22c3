using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Processes;
using ActorKube.ContainerRuntime.Tests.Cri;
using ActorKube.ContainerRuntime.Tests.Streaming;

namespace ActorKube.ContainerRuntime.Tests.Processes;

public sealed class ProcessRuntimeTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string _root = Path.Combine(Path.GetTempPath(), "process-runtime-" + Guid.NewGuid().ToString("N"));
    private ProcessRuntime _runtime = null!;
    private PodSandboxConfig _pod = null!;
    private string _sandbox = "";

    private static string? Unavailable { get; } = !OperatingSystem.IsLinux() ? "the test image's programs are Linux's"
        : !File.Exists(TestImage.BusyboxPath) ? "busybox-static is not installed" : null;

    public async Task InitializeAsync()
    {
        _runtime = new ProcessRuntime(new ProcessRuntimeOptions { RootDirectory = _root });
        if (Unavailable is null)
        {
            await _runtime.ImportImageAsync(TestImage.DockerArchive("test:1"));
        }

        _pod = new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata { Name = "p", Namespace = "default", Uid = "1" },
            Hostname = "host-of-p",
            LogDirectory = Path.Combine(_root, "logs"),
            Labels = { ["app"] = "web" },
        };
        _sandbox = await _runtime.RunPodSandboxAsync(_pod);
    }

    public async Task DisposeAsync()
    {
        await _runtime.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Says_plainly_that_it_isolates_nothing()
    {
        Assert.Equal("process", _runtime.Name);
        Assert.Equal("process", (await _runtime.VersionAsync()).RuntimeName);
        var ready = Assert.Single((await _runtime.StatusAsync()).Status.Conditions, c => c.Type == "RuntimeReady");
        Assert.True(ready.Status);
        Assert.Contains("nothing isolates them", ready.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Runs_a_command_of_the_image_logs_it_and_keeps_its_exit_code()
    {
        var container = await RunAsync("sh", "-c", "echo out; echo err >&2; printf unfinished; exit 3");
        var status = await ExitedAsync(container);
        Assert.Equal((3, "Error"), (status.ExitCode, status.Reason));
        Assert.True(status.CreatedAt <= status.StartedAt && status.StartedAt <= status.FinishedAt);
        var log = await File.ReadAllLinesAsync(status.LogPath);
        Assert.Contains(log, line => line.EndsWith(" stdout F out", StringComparison.Ordinal));
        Assert.Contains(log, line => line.EndsWith(" stderr F err", StringComparison.Ordinal));
        Assert.Contains(log, line => line.EndsWith(" stdout P unfinished", StringComparison.Ordinal));

        await _runtime.RemoveContainerAsync(container);
        Assert.True((await Assert.ThrowsAsync<ContainerRuntimeException>(() => _runtime.ContainerStatusAsync(container))).IsNotFound);
        Assert.True(File.Exists(status.LogPath));
    }

    [SkippableFact]
    public async Task The_process_sees_the_images_programs_and_files_its_environment_and_its_volumes()
    {
        var volume = Path.Combine(_root, "volume");
        Directory.CreateDirectory(volume);
        await File.WriteAllTextAsync(Path.Combine(volume, "key"), "value of the key");
        var config = Config("sh", "-c", "cat etc/passwd etc/config/key; echo; echo $FROM_IMAGE $FROM_POD $HOSTNAME; echo $PATH; pwd");
        config.Envs.Add(new KeyValue { Key = "FROM_POD", Value = Google.Protobuf.ByteString.CopyFromUtf8("too") });
        config.Mounts.Add(new Mount { ContainerPath = "/etc/config", HostPath = volume });
        var container = await RunAsync(config);
        var status = await ExitedAsync(container);
        var text = string.Join('\n', (await File.ReadAllLinesAsync(status.LogPath)).Select(line => line.Split(' ', 4)[3]));
        Assert.Contains("root:x:0:0:root:/root:/bin/sh", text, StringComparison.Ordinal);
        Assert.Contains("value of the key", text, StringComparison.Ordinal);
        Assert.Contains("yes too host-of-p", text, StringComparison.Ordinal);
        Assert.Contains($"{_root}/containers/{container}/rootfs/bin:/bin", text, StringComparison.Ordinal);
        Assert.EndsWith($"{_root}/containers/{container}/rootfs", text, StringComparison.Ordinal);

        await _runtime.RemoveContainerAsync(container);
        Assert.True(File.Exists(Path.Combine(volume, "key")));
    }

    [SkippableFact]
    public async Task Stops_with_the_signal_and_kills_when_the_time_is_over()
    {
        var polite = await RunAsync("sh", "-c", "trap 'exit 7' TERM; echo ready; while true; do sleep 0.05; done");
        var deaf = await RunAsync("sh", "-c", "trap '' TERM; echo ready; while true; do sleep 0.05; done");
        await LoggedAsync(polite, "ready");
        await LoggedAsync(deaf, "ready");
        await _runtime.StopContainerAsync(polite, Patience);
        Assert.Equal((7, "Error"), await EndAsync(polite));
        await _runtime.StopContainerAsync(deaf, TimeSpan.FromMilliseconds(300));
        Assert.Equal((137, "Error"), await EndAsync(deaf));
        await _runtime.StopContainerAsync(deaf, TimeSpan.Zero);
    }

    [SkippableFact]
    public async Task Something_left_in_the_background_does_not_keep_the_container_running()
    {
        var container = await RunAsync("sh", "-c", "sleep 5 & echo started");
        Assert.Equal((0, "Completed"), await EndAsync(container));
    }

    [SkippableFact]
    public async Task A_command_that_does_not_exist_leaves_an_exited_container_with_the_reason()
    {
        var container = await _runtime.CreateContainerAsync(_sandbox, Config("nonsense"), _pod);
        var failure = await Assert.ThrowsAsync<ContainerRuntimeException>(() => _runtime.StartContainerAsync(container));
        Assert.Contains("executable file not found in $PATH", failure.Message, StringComparison.Ordinal);
        var status = await _runtime.ContainerStatusAsync(container);
        Assert.Equal((ContainerState.ContainerExited, 128, "StartError"), (status.State, status.ExitCode, status.Reason));
    }

    [SkippableFact]
    public async Task Execs_with_streams_to_the_end_and_within_a_time()
    {
        var container = await RunAsync("sleep", "1000");
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();
        var code = await _runtime.ExecAsync(
            container, ["sh", "-c", "cat; echo oops >&2; exit 4"], tty: false, new ContainerStreams(new MemoryStream("input"u8.ToArray()), stdout, stderr));
        Assert.Equal((4, "input", "oops\n"), (code, Text(stdout), Text(stderr)));

        var result = await _runtime.ExecSyncAsync(container, ["sh", "-c", "echo hi; exit 5"], Patience);
        Assert.Equal((5, "hi\n"), (result.ExitCode, result.Stdout.ToStringUtf8()));
        var late = await Assert.ThrowsAsync<ContainerRuntimeException>(() => _runtime.ExecSyncAsync(container, ["sleep", "60"], TimeSpan.FromMilliseconds(200)));
        Assert.True(late.IsTimeout);
    }

    [SkippableFact]
    public async Task A_terminal_echoes_has_its_size_and_the_containers_surroundings()
    {
        var container = await RunAsync("sleep", "1000");
        var sizes = System.Threading.Channels.Channel.CreateUnbounded<TerminalSize>();
        await sizes.Writer.WriteAsync(new TerminalSize(123, 45));
        using var stdout = new MemoryStream();
        var code = await _runtime.ExecAsync(
            container, ["sh", "-c", "stty size; echo $FROM_IMAGE; read line; tty -s; exit 6"], tty: true,
            new ContainerStreams(new MemoryStream("typed\n"u8.ToArray()), stdout, null, sizes.Reader)).WaitAsync(Patience);
        var lines = Text(stdout).Split("\r\n");
        Assert.Contains("45 123", lines);
        Assert.Contains("yes", lines);
        Assert.Contains("typed", lines);
        Assert.Equal(6, code);
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _runtime.ExecAsync(
            container, ["sh", "-c", "sleep 1000; true"], tty: true, new ContainerStreams(null, stdout, null), impatient.Token).WaitAsync(Patience));
    }

    [SkippableFact]
    public async Task Attaches_to_the_running_process_until_it_ends()
    {
        var config = Config("sh", "-c", "read line; echo got $line");
        (config.Stdin, config.StdinOnce) = (true, true);
        var container = await RunAsync(config);
        using var stdout = new MemoryStream();
        await _runtime.AttachAsync(container, tty: false, new ContainerStreams(new MemoryStream("hello\n"u8.ToArray()), stdout, null)).WaitAsync(Patience);
        Assert.Equal("got hello\n", Text(stdout));
    }

    [SkippableFact]
    public async Task The_log_goes_on_in_a_new_file_after_rotation()
    {
        var config = Config("sh", "-c", "echo before; read line; echo after");
        (config.Stdin, config.StdinOnce) = (true, true);
        var container = await RunAsync(config);
        await LoggedAsync(container, "before");
        var path = (await _runtime.ContainerStatusAsync(container)).LogPath;
        File.Move(path, path + ".1");
        await _runtime.ReopenContainerLogAsync(container);
        await _runtime.AttachAsync(container, tty: false, new ContainerStreams(new MemoryStream("\n"u8.ToArray()), null, null)).WaitAsync(Patience);
        await EndAsync(container);
        Assert.EndsWith("after", Assert.Single(await File.ReadAllLinesAsync(path)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forwards_a_port_of_this_machine()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var wire = StreamPair.Create();
        var forwarding = _runtime.PortForwardAsync(_sandbox, ((IPEndPoint)listener.LocalEndpoint).Port, wire.Right);
        using var accepted = await listener.AcceptTcpClientAsync().WaitAsync(Patience);
        await wire.Left.WriteAsync("question"u8.ToArray());
        var buffer = new byte[8];
        await accepted.GetStream().ReadExactlyAsync(buffer).AsTask().WaitAsync(Patience);
        await accepted.GetStream().WriteAsync("answer!!"u8.ToArray());
        accepted.Close();
        await wire.Left.ReadExactlyAsync(buffer).AsTask().WaitAsync(Patience);
        Assert.Equal("answer!!", Encoding.ASCII.GetString(buffer));
        await forwarding.WaitAsync(Patience);
    }

    [SkippableFact]
    public async Task Tells_what_happens_and_lists_by_filter()
    {
        using var stop = new CancellationTokenSource(Patience);
        var events = _runtime.GetContainerEventsAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        var next = events.MoveNextAsync();
        var container = await RunAsync("true");
        var seen = new List<ContainerEventType>();
        do
        {
            Assert.True(await next);
            seen.Add(events.Current.ContainerEventType);
            Assert.Equal((container, "1"), (events.Current.ContainerId, events.Current.PodSandboxStatus.Metadata.Uid));
            if (events.Current.ContainerEventType == ContainerEventType.ContainerStoppedEvent)
            {
                await _runtime.RemoveContainerAsync(container);
            }

            next = seen.Count < 4 ? events.MoveNextAsync() : default;
        }
        while (seen.Count < 4);
        Assert.Equal(
            [
                ContainerEventType.ContainerCreatedEvent, ContainerEventType.ContainerStartedEvent,
                ContainerEventType.ContainerStoppedEvent, ContainerEventType.ContainerDeletedEvent,
            ],
            seen);
        Assert.Single(await _runtime.ListPodSandboxAsync(new PodSandboxFilter { LabelSelector = { ["app"] = "web" } }));
        Assert.Empty(await _runtime.ListPodSandboxAsync(new PodSandboxFilter { LabelSelector = { ["app"] = "db" } }));
        Assert.Empty(await _runtime.ListContainersAsync());
    }

    [SkippableFact]
    public async Task After_a_kill_of_the_runtime_its_processes_are_ended_and_its_containers_known()
    {
        var container = await RunAsync("sh", "-c", "echo $$; exec sleep 1000");
        await LoggedAsync(container, "");
        var pid = int.Parse((await File.ReadAllTextAsync((await _runtime.ContainerStatusAsync(container)).LogPath)).Trim().Split(' ')[3]);
        Assert.True(Directory.Exists($"/proc/{pid}"));

        // The next one finds the records as the kill left them.
        var copy = Path.Combine(_root, "after-the-kill");
        foreach (var record in Directory.GetFiles(_root, "record.json", SearchOption.AllDirectories))
        {
            var place = Path.Combine(copy, Path.GetRelativePath(_root, record));
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.Copy(record, place);
        }

        await using var second = new ProcessRuntime(new ProcessRuntimeOptions { RootDirectory = copy });
        Assert.Equal(PodSandboxState.SandboxReady, (await second.PodSandboxStatusAsync(_sandbox)).State);
        var status = await second.ContainerStatusAsync(container);
        Assert.Equal((ContainerState.ContainerExited, 255, "Unknown"), (status.State, status.ExitCode, status.Reason));
        Assert.Equal(137, (await ExitedAsync(container)).ExitCode);
        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    [SkippableFact]
    public async Task Removing_the_pod_takes_everything_along()
    {
        var container = await RunAsync("sleep", "1000");
        Assert.Equal("127.0.0.1", (await _runtime.PodSandboxStatusAsync(_sandbox)).Network.Ip);
        Assert.Equal(container, Assert.Single(await _runtime.ListContainerStatsAsync()).Attributes.Id);
        await _runtime.StopPodSandboxAsync(_sandbox);
        Assert.Equal(PodSandboxState.SandboxNotready, (await _runtime.PodSandboxStatusAsync(_sandbox)).State);
        Assert.Equal((137, "Error"), await EndAsync(container));
        await _runtime.RemovePodSandboxAsync(_sandbox);
        await _runtime.RemovePodSandboxAsync(_sandbox);
        Assert.Empty(await _runtime.ListPodSandboxAsync());
        Assert.Empty(Directory.GetDirectories(Path.Combine(_root, "containers")));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_root, "sandboxes")));
    }

    private static string Text(MemoryStream stream) => Encoding.UTF8.GetString(stream.ToArray());

    private static ContainerConfig Config(params string[] command) => new()
    {
        Metadata = new ContainerMetadata { Name = "main" },
        Image = new ImageSpec { Image = "test:1" },
        Command = { command },
        LogPath = Guid.NewGuid().ToString("N") + ".log",
    };

    private Task<string> RunAsync(params string[] command) => RunAsync(Config(command));

    private async Task<string> RunAsync(ContainerConfig config)
    {
        Skip.If(Unavailable is not null, Unavailable);
        var container = await _runtime.CreateContainerAsync(_sandbox, config, _pod);
        await _runtime.StartContainerAsync(container);
        return container;
    }

    private async Task<(int ExitCode, string Reason)> EndAsync(string container)
    {
        var status = await ExitedAsync(container);
        return (status.ExitCode, status.Reason);
    }

    private async Task<ContainerStatus> ExitedAsync(string container)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var status = await _runtime.ContainerStatusAsync(container, patience.Token);
            if (status.State == ContainerState.ContainerExited)
            {
                return status;
            }

            await Task.Delay(10, patience.Token);
        }
    }

    private async Task LoggedAsync(string container, string text)
    {
        using var patience = new CancellationTokenSource(Patience);
        var path = (await _runtime.ContainerStatusAsync(container)).LogPath;
        while (!(await File.ReadAllTextAsync(path)).Contains($" F {text}", StringComparison.Ordinal))
        {
            await Task.Delay(10, patience.Token);
        }
    }
}
