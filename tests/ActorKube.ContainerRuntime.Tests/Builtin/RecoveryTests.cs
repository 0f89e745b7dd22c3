using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Tests.Builtin;

/// <summary>The process that drives the runtime may end at any time: containers run on, and the next process knows them.</summary>
public class RecoveryTests
{
    [SkippableFact]
    public async Task Running_pods_are_picked_up_and_not_restarted()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (sandbox, container) = await node.RunPodAsync("survivor", "sleep 600");
        var (pid, ip) = (node.PidOf(container), (await node.Runtime.PodSandboxStatusAsync(sandbox)).Network.Ip);
        await node.RestartAsync();
        var status = await node.Runtime.ContainerStatusAsync(container);
        Assert.Equal(ContainerState.ContainerRunning, status.State);
        Assert.Equal(ip, (await node.Runtime.PodSandboxStatusAsync(sandbox)).Network.Ip);
        Assert.Equal(pid, node.PidOf(container));
        Assert.Equal("survivor", await node.ExecAsync(container, "hostname"));
        // The address stays its own: a new pod gets another.
        var other = await node.Runtime.RunPodSandboxAsync(node.Pod("other"));
        Assert.NotEqual(ip, (await node.Runtime.PodSandboxStatusAsync(other)).Network.Ip);
        Libc.Kill(pid, 9);
        Assert.Equal(137, (await node.ExitOfAsync(container)).ExitCode);
    }

    [SkippableFact]
    public async Task An_end_that_nobody_watched_is_on_record_afterwards()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, container) = await node.RunPodAsync("brief", "sleep 0.3; exit 7");
        await node.Runtime.DisposeAsync();
        var exit = Path.Combine(node.Options.StateDirectory, "exits", container);
        await RuntimeFixture.EventuallyAsync(() => Task.FromResult(File.Exists(exit) ? "" : null));
        await node.RestartAsync();
        var status = await node.Runtime.ContainerStatusAsync(container);
        Assert.Equal((ContainerState.ContainerExited, 7), (status.State, status.ExitCode));
    }

    [SkippableFact]
    public async Task A_container_whose_shim_was_killed_too_ends_as_unknown()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, container) = await node.RunPodAsync("orphan", "sleep 600");
        var shim = int.Parse(await File.ReadAllTextAsync(Path.Combine(node.Options.StateDirectory, "bundles", container, "conmon.pid")), System.Globalization.CultureInfo.InvariantCulture);
        Libc.Kill(shim, 9);
        Libc.Kill(node.PidOf(container), 9);
        var status = await node.ExitOfAsync(container);
        Assert.Equal((255, "Unknown"), (status.ExitCode, status.Reason));
    }

    [SkippableFact]
    public async Task What_a_crash_left_half_made_is_cleared_away()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var sandbox = await node.Runtime.RunPodSandboxAsync(node.Pod("half"));
        var record = Path.Combine(node.Options.RootDirectory, "sandboxes", sandbox, "state.json");
        await node.Runtime.DisposeAsync();
        await File.WriteAllTextAsync(record, (await File.ReadAllTextAsync(record)).Replace("\"Ready\":true", "\"Ready\":false", StringComparison.Ordinal));
        Directory.CreateDirectory(Path.Combine(node.Options.RootDirectory, "containers", "without-a-record"));
        await node.RestartAsync();
        Assert.Empty(await node.Runtime.ListPodSandboxAsync());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(node.Options.StateDirectory, "namespaces")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(node.Options.RootDirectory, "containers")));
        Assert.False(Libc.InterfaceExists(ActorKube.ContainerRuntime.Builtin.Network.PodNetwork.HostInterface(sandbox)));
    }

    [SkippableFact]
    public async Task What_runs_without_a_record_is_ended()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (sandbox, container) = await node.RunPodAsync("forgotten", "sleep 600");
        var pid = node.PidOf(container);
        await node.Runtime.DisposeAsync();
        // As when a person deletes the data folder: what is mounted below it stays mounted.
        foreach (var directory in new[] { "sandboxes", "containers", "images" })
            Directory.Delete(Path.Combine(node.Options.RootDirectory, directory), recursive: true);
        await node.RestartAsync();
        Assert.False(Directory.Exists($"/proc/{pid}"));
        foreach (var directory in new[] { "oci", "bundles", "namespaces", "shm" })
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(node.Options.StateDirectory, directory)));
        Assert.DoesNotContain(File.ReadLines("/proc/self/mountinfo"), l => l.Contains(container, StringComparison.Ordinal));
        Assert.False(Libc.InterfaceExists(ActorKube.ContainerRuntime.Builtin.Network.PodNetwork.HostInterface(sandbox)));
    }

    [SkippableFact]
    public async Task Layers_that_a_container_stands_on_outlive_their_image()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (sandbox, container) = await node.RunPodAsync("stands", "sleep 600");
        await node.Runtime.RemoveImageAsync(RuntimeFixture.Busybox);
        await node.RestartAsync();
        Assert.Null(await node.Runtime.ImageStatusAsync(RuntimeFixture.Busybox));
        Assert.Equal("still", await node.ExecAsync(container, "echo", "still"));
        await node.Runtime.RemovePodSandboxAsync(sandbox);
        await node.RestartAsync();
        Assert.Equal(0UL, (await node.Runtime.ImageFsInfoAsync()).ImageFilesystems[0].UsedBytes.Value);
    }

    [SkippableFact]
    public async Task Two_processes_do_not_share_a_directory()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var error = Assert.Throws<ContainerRuntimeException>(() => new ActorKube.ContainerRuntime.Builtin.BuiltinRuntime(node.Options));
        Assert.Contains("another process runs containers from", error.Message, StringComparison.Ordinal);
    }
}
