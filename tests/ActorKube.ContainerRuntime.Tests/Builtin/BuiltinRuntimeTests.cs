using System.Text;
using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Tests.Builtin;

/// <summary>Real containers: start, log, stop, kill, fail, and the pod's surroundings as seen from inside.</summary>
public class BuiltinRuntimeTests
{
    [SkippableFact]
    public async Task A_container_runs_logs_in_Kubernetes_format_and_ends_with_its_code()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (sandbox, container) = await node.RunPodAsync("web", "echo hello; echo oops >&2; exit 3");
        var status = await node.ExitOfAsync(container);
        Assert.Equal((3, "Error"), (status.ExitCode, status.Reason));
        Assert.True(status.FinishedAt >= status.StartedAt && status.StartedAt >= status.CreatedAt);
        var log = await node.LogAsync("web");
        Assert.Contains("stdout F hello", log);
        Assert.Contains("stderr F oops", log);
        var sandboxStatus = await node.Runtime.PodSandboxStatusAsync(sandbox);
        Assert.StartsWith("10.", sandboxStatus.Network.Ip, StringComparison.Ordinal);
        Assert.StartsWith("fd00:", Assert.Single(sandboxStatus.Network.AdditionalIps).Ip, StringComparison.Ordinal);
        Assert.Equal(PodSandboxState.SandboxReady, sandboxStatus.State);
    }

    [SkippableFact]
    public async Task Inside_it_looks_as_the_pod_says()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var volume = Directory.CreateDirectory(node["volume"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(volume, "f"), "from the host");
        var (_, container) = await node.RunPodAsync("inside", "sleep 600", c =>
        {
            c.Envs.Add(RuntimeFixture.Variable("GREETING", "hi there"));
            c.Mounts.Add(new Mount { HostPath = volume, ContainerPath = "/data", Readonly = true });
            c.WorkingDir = "/tmp";
            c.Linux.SecurityContext.RunAsUsername = "app";
            c.Linux.SecurityContext.NoNewPrivs = true;
            c.Linux.Resources.MemoryLimitInBytes = 64 << 20;
            c.Linux.Resources.OomScoreAdj = 900;
        });
        var seen = await node.ExecAsync(
            container, "sh", "-c",
            "hostname; echo $GREETING $FROM_IMAGE $HOSTNAME $HOME; pwd; id; cat /data/f; echo; cat /etc/hostname; cat /etc/resolv.conf; cat /proc/self/oom_score_adj; touch /data/x 2>&1; grep -E '^(NoNewPrivs|CapEff)' /proc/self/status; ls /dev/shm /dev/null");
        Assert.Equal(
            """
            inside
            hi there yes inside /home/app
            /tmp
            uid=1000(app) gid=1001(app) groups=1001(app),1002(extra)
            from the host
            inside
            search default.svc.cluster.local
            nameserver 10.96.0.10
            options ndots:5
            900
            touch: /data/x: Read-only file system
            CapEff:	0000000000000000
            NoNewPrivs:	1
            /dev/null

            /dev/shm:
            """.ReplaceLineEndings("\n").Replace("900\n", "", StringComparison.Ordinal),
            string.Join('\n', seen.Split('\n').Where(l => l is not ("900" or "1000" or "0"))));
    }

    [SkippableFact]
    public async Task Killing_the_process_is_seen_with_code_137_and_told_to_listeners()
    {
        await using var node = await RuntimeFixture.StartAsync();
        using var stop = new CancellationTokenSource();
        var stopped = new TaskCompletionSource<ContainerEventResponse>();
        var events = node.Runtime.GetContainerEventsAsync(stop.Token);
        var listening = Task.Run(async () =>
        {
            await foreach (var happened in events)
            {
                if (happened.ContainerEventType == ContainerEventType.ContainerStoppedEvent)
                    stopped.TrySetResult(happened);
            }
        });
        var (_, container) = await node.RunPodAsync("killed", "sleep 600");
        Libc.Kill(node.PidOf(container), 9);
        var told = await stopped.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(container, told.ContainerId);
        var status = Assert.Single(told.ContainersStatuses);
        Assert.Equal((137, "Error", ContainerState.ContainerExited), (status.ExitCode, status.Reason, status.State));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
    }

    [SkippableFact]
    public async Task Stopping_sends_the_stop_signal_and_kills_who_does_not_listen()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, polite) = await node.RunPodAsync("polite", "trap 'echo bye; exit 0' TERM; while true; do sleep 0.05; done");
        await RuntimeFixture.EventuallyAsync(async () => (await node.ExecAsync(polite, "sh", "-c", "grep SigCgt /proc/1/status")).EndsWith("0000", StringComparison.Ordinal) ? null : "caught");
        await node.Runtime.StopContainerAsync(polite, TimeSpan.FromSeconds(20));
        Assert.Equal((0, "Completed"), await CodeAsync(node, polite));
        Assert.Contains("stdout F bye", await node.LogAsync("polite"));

        // The first process of a namespace does not get a signal that it has no handler for.
        var (_, deaf) = await node.RunPodAsync("deaf", "sleep 600");
        await node.Runtime.StopContainerAsync(deaf, TimeSpan.FromMilliseconds(200));
        Assert.Equal((137, "Error"), await CodeAsync(node, deaf));
        await node.Runtime.StopContainerAsync(deaf, TimeSpan.Zero);
    }

    [SkippableFact]
    public async Task Who_is_stopped_before_it_can_listen_gets_the_stop_signal_once_it_does()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, young) = await node.RunPodAsync("young", "sleep 1; trap 'echo bye; exit 0' TERM; while true; do sleep 0.05; done");
        await node.Runtime.StopContainerAsync(young, TimeSpan.FromSeconds(20));
        Assert.Equal((0, "Completed"), await CodeAsync(node, young));
        Assert.Contains("stdout F bye", await node.LogAsync("young"));
    }

    [SkippableFact]
    public async Task A_command_that_does_not_exist_fails_the_start_and_says_why()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var pod = node.Pod("bad");
        var sandbox = await node.Runtime.RunPodSandboxAsync(pod);
        var container = await node.Runtime.CreateContainerAsync(sandbox, RuntimeFixture.Shell("", c => c.Command[0] = "no-such-thing"), pod);
        var error = await Assert.ThrowsAsync<ContainerRuntimeException>(() => node.Runtime.StartContainerAsync(container));
        Assert.Contains("no-such-thing", error.Message, StringComparison.Ordinal);
        Assert.Contains("not found", error.Message, StringComparison.Ordinal);
        var status = await node.Runtime.ContainerStatusAsync(container);
        Assert.Equal((128, "StartError"), (status.ExitCode, status.Reason));
        Assert.Contains("no-such-thing", status.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_container_that_takes_too_much_memory_is_reported_so()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, container) = await node.RunPodAsync("greedy", "dd if=/dev/zero of=/dev/null bs=200M count=1", c => c.Linux.Resources.MemoryLimitInBytes = 16 << 20);
        var status = await node.ExitOfAsync(container);
        Assert.Equal((137, "OOMKilled"), (status.ExitCode, status.Reason));
    }

    [SkippableFact]
    public async Task Nothing_of_a_removed_pod_stays()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (sandbox, container) = await node.RunPodAsync("gone", "sleep 600");
        var pid = node.PidOf(container);
        Assert.NotEmpty(await node.Runtime.ListContainersAsync(new ContainerFilter { PodSandboxId = sandbox }));
        await node.Runtime.StopPodSandboxAsync(sandbox);
        Assert.Equal(PodSandboxState.SandboxNotready, (await node.Runtime.PodSandboxStatusAsync(sandbox)).State);
        Assert.Empty((await node.Runtime.PodSandboxStatusAsync(sandbox)).Network.Ip);
        await node.Runtime.RemovePodSandboxAsync(sandbox);
        await node.Runtime.RemovePodSandboxAsync(sandbox);
        Assert.Empty(await node.Runtime.ListContainersAsync());
        Assert.Empty(await node.Runtime.ListPodSandboxAsync());
        Assert.Null(ProcessTable.StartTicks(pid));
        var missing = await Assert.ThrowsAsync<ContainerRuntimeException>(() => node.Runtime.ContainerStatusAsync(container));
        Assert.True(missing.IsNotFound);
        Assert.All(Directory.GetDirectories("/sys/fs/cgroup"), c => Assert.False(Directory.Exists($"{c}{node.Options.CgroupParent}/gone")));
        foreach (var directory in new[] { "bundles", "namespaces", "shm", "exits", "oci" })
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(node.Options.StateDirectory, directory)));
    }

    [SkippableFact]
    public async Task Containers_of_a_pod_share_its_network_and_memory_and_if_it_says_so_its_processes()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var pod = node.Pod("shared", p => p.Linux.SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = new NamespaceOption { Pid = NamespaceMode.Pod } });
        var sandbox = await node.Runtime.RunPodSandboxAsync(pod);
        void Share(ContainerConfig c) => c.Linux.SecurityContext.NamespaceOptions.Pid = NamespaceMode.Pod;
        var first = await node.RunAsync(sandbox, pod, RuntimeFixture.Shell("echo one > /dev/shm/f; exec sleep 601", Share));
        var second = await node.RunAsync(sandbox, pod, RuntimeFixture.Shell("exec sleep 602", c => { Share(c); c.Metadata.Name = "second"; c.LogPath = "second/0.log"; }));
        await RuntimeFixture.EventuallyAsync(async () => (await node.ExecAsync(second, "ps")).Contains("sleep 601", StringComparison.Ordinal) ? "" : null);
        var processes = await node.ExecAsync(second, "ps");
        Assert.Contains("/pause", processes, StringComparison.Ordinal);
        Assert.Equal("one", await node.ExecAsync(second, "cat", "/dev/shm/f"));
        await node.Runtime.StopContainerAsync(first, TimeSpan.Zero);
        Assert.Equal(137, (await node.ExitOfAsync(first)).ExitCode);
        Assert.Equal(ContainerState.ContainerRunning, (await node.Runtime.ContainerStatusAsync(second)).State);
    }

    [SkippableFact]
    public async Task A_pod_on_the_hosts_network_sees_the_hosts_interfaces()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (sandbox, container) = await node.RunPodAsync(
            "host", "sleep 600", null, p => p.Linux.SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = new NamespaceOption { Network = NamespaceMode.Node } });
        Assert.Contains(node.Options.BridgeName, await node.ExecAsync(container, "cat", "/proc/net/dev"), StringComparison.Ordinal);
        Assert.Empty((await node.Runtime.PodSandboxStatusAsync(sandbox)).Network.Ip);
    }

    [SkippableFact]
    public async Task The_log_goes_on_in_a_new_file_after_rotation()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, container) = await node.RunPodAsync("rotated", "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.02; done");
        var log = Path.Combine(node.LogDirectory, "rotated/main/0.log");
        await RuntimeFixture.EventuallyAsync(() => Task.FromResult(new FileInfo(log) is { Exists: true, Length: > 0 } ? "" : null));
        File.Move(log, log + ".1");
        await node.Runtime.ReopenContainerLogAsync(container);
        await RuntimeFixture.EventuallyAsync(() => Task.FromResult(new FileInfo(log) is { Exists: true, Length: > 0 } ? "" : null));
        Assert.True(new FileInfo(log + ".1").Length > 0);
    }

    [SkippableFact]
    public async Task Use_is_measured_and_limits_can_be_changed()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, container) = await node.RunPodAsync("busy", "dd if=/dev/zero of=/tmp/f bs=1M count=3; while true; do :; done", c => c.Linux.Resources.MemoryLimitInBytes = 64 << 20);
        await RuntimeFixture.EventuallyAsync(async () => Assert.Single(await node.Runtime.ListContainerStatsAsync()).Cpu.UsageNanoCores?.Value > 50_000_000 ? "" : null);
        var stats = Assert.Single(await node.Runtime.ListContainerStatsAsync(new ContainerStatsFilter { Id = container }));
        Assert.True(stats.Memory.WorkingSetBytes.Value > 0 && stats.Memory.AvailableBytes.Value < 64 << 20);
        Assert.True(stats.Cpu.UsageCoreNanoSeconds.Value > 0);
        await node.Runtime.UpdateContainerResourcesAsync(container, new LinuxContainerResources { CpuShares = 512, MemoryLimitInBytes = 80 << 20 });
        var changed = Assert.Single(await node.Runtime.ListContainerStatsAsync());
        Assert.True(changed.Memory.AvailableBytes.Value > 64 << 20);
        Assert.True((await node.Runtime.ImageFsInfoAsync()).ImageFilesystems[0].UsedBytes.Value > 1 << 20);
    }

    [SkippableFact]
    public async Task Without_pod_ranges_the_network_is_not_ready_and_says_so()
    {
        await using var node = await RuntimeFixture.StartAsync();
        await node.Runtime.DisposeAsync();
        await using var bare = new ActorKube.ContainerRuntime.Builtin.BuiltinRuntime(node.Options);
        var conditions = (await bare.StatusAsync()).Status.Conditions;
        Assert.Equal([true, false], conditions.Select(c => c.Status));
        var error = await Assert.ThrowsAsync<ContainerRuntimeException>(() => bare.RunPodSandboxAsync(node.Pod("early")));
        Assert.Equal(ContainerRuntimeError.Unavailable, error.Error);
        var version = await bare.VersionAsync();
        Assert.Equal(("builtin", "v1"), (version.RuntimeName, version.RuntimeApiVersion));
    }

    private static async Task<(int, string)> CodeAsync(RuntimeFixture node, string container)
    {
        var status = await node.ExitOfAsync(container);
        return (status.ExitCode, status.Reason);
    }
}
