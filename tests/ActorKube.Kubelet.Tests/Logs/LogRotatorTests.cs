using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Logs;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Tests.Fakes;

namespace ActorKube.Kubelet.Tests.Logs;

public sealed class LogRotatorTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeRuntime _runtime = new();
    private readonly ManualTime _time = new();
    private readonly LogRotator _rotator;

    public LogRotatorTests()
    {
        var settings = new KubeletSettings { NodeName = "n1", RootDirectory = _directory.Path, PodLogsDirectory = _directory["logs"], ContainerLogMaxSize = 100, ContainerLogMaxFiles = 3 };
        _rotator = new LogRotator(_runtime, settings, new PodDirectories(settings.RootDirectory, settings.PodLogsDirectory), _time);
    }

    private string Log => _directory["logs/default_web_uid-web/main/0.log"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Large_logs_are_rotated_older_ones_compressed_and_the_oldest_removed()
    {
        await StartAsync();
        for (var n = 0; n < 5; n++)
        {
            File.AppendAllText(Log, new string('x', 200));
            await _rotator.RotateAsync(default);
            _time.Now += TimeSpan.FromMinutes(1);
        }

        Assert.Equal(["0.log", "0.log.20260131-120300.gz", "0.log.20260131-120400"], Directory.EnumerateFiles(Path.GetDirectoryName(Log)!).Select(Path.GetFileName).Order());
        Assert.Equal(0, new FileInfo(Log).Length);
    }

    [Fact]
    public async Task Small_logs_are_left_alone()
    {
        await StartAsync();
        await _rotator.RotateAsync(default);
        Assert.Single(Directory.EnumerateFiles(Path.GetDirectoryName(Log)!));
    }

    [Fact]
    public async Task A_log_that_the_runtime_does_not_reopen_gets_its_name_back()
    {
        await StartAsync();
        File.AppendAllText(Log, new string('x', 200));
        _runtime.Failures["reopen"] = new ContainerRuntimeException("no");
        await Assert.ThrowsAsync<ContainerRuntimeException>(() => _rotator.RotateAsync(default));
        Assert.True(new FileInfo(Log).Length > 200);
    }

    private async Task StartAsync()
    {
        var sandboxConfig = new PodSandboxConfig { Metadata = new PodSandboxMetadata { Name = "web" }, LogDirectory = _directory["logs/default_web_uid-web"] };
        var sandbox = await _runtime.RunPodSandboxAsync(sandboxConfig);
        var config = new ContainerConfig { Metadata = new ContainerMetadata { Name = "main" }, Image = new ImageSpec { Image = "i" }, LogPath = "main/0.log" };
        foreach (var (key, value) in PodLabels.Of(Some.Pod(), "n1"))
            config.Labels[key] = value;
        config.Labels[PodLabels.ContainerName] = "main";
        config.Annotations[PodLabels.RestartCount] = "0";
        await _runtime.StartContainerAsync(await _runtime.CreateContainerAsync(sandbox, config, sandboxConfig));
    }

    private sealed class ManualTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = Some.Noon;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
