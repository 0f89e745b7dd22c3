using ActorKube.Kubelet.Stats;
using ActorKube.Kubelet.Tests.Fakes;

namespace ActorKube.Kubelet.Tests.Stats;

public sealed class MachineUsageTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void The_machine_is_read_from_proc()
    {
        Proc();
        var usage = new MachineUsage(_root.Path).Read()!;
        Assert.Equal(1_080_000_000UL, usage.CpuNanoseconds);
        Assert.Equal((600UL * 1024, 500UL * 1024, 50UL * 1024, 500UL * 1024), (usage.MemoryBytes, usage.WorkingSetBytes, usage.RssBytes, usage.AvailableBytes!.Value));
        Assert.Equal((7UL, 3UL), (usage.PageFaults, usage.MajorPageFaults));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), new MachineUsage(_root.Path).BootTime());
    }

    [Fact]
    public void In_a_container_of_cgroup_2_with_a_memory_limit_it_is_the_container()
    {
        Proc();
        Write("sys/fs/cgroup/memory.max", "512000\n");
        Write("sys/fs/cgroup/memory.current", "300000\n");
        Write("sys/fs/cgroup/memory.stat", "anon 100000\ninactive_file 50000\npgfault 1\npgmajfault 2\n");
        Write("sys/fs/cgroup/cpu.stat", "usage_usec 1234\nuser_usec 1000\n");
        var usage = new MachineUsage(_root.Path).Read()!;
        Assert.Equal((1_234_000UL, 300_000UL, 250_000UL, 262_000UL), (usage.CpuNanoseconds, usage.MemoryBytes, usage.WorkingSetBytes, usage.AvailableBytes!.Value));
    }

    [Fact]
    public void In_a_container_of_cgroup_1_with_a_memory_limit_it_is_the_container()
    {
        Proc();
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "512000\n");
        Write("sys/fs/cgroup/memory/memory.usage_in_bytes", "300000\n");
        Write("sys/fs/cgroup/memory/memory.stat", "total_rss 100000\ntotal_inactive_file 50000\n");
        Write("sys/fs/cgroup/cpuacct/cpuacct.usage", "1234\n");
        var usage = new MachineUsage(_root.Path).Read()!;
        Assert.Equal((1_234UL, 300_000UL, 250_000UL), (usage.CpuNanoseconds, usage.MemoryBytes, usage.WorkingSetBytes));
    }

    [Fact]
    public void A_limit_that_is_none_leaves_the_machine()
    {
        Proc();
        Write("sys/fs/cgroup/memory.max", "max\n");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        Assert.Equal(1_080_000_000UL, new MachineUsage(_root.Path).Read()!.CpuNanoseconds);
    }

    [Fact]
    public void Where_the_machine_does_not_tell_there_is_nothing() => Assert.Null(new MachineUsage(_root.Path).Read());

    private void Proc()
    {
        Write("proc/stat", "cpu  100 5 2 9999 8888 0 1 0 77 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nbtime 1700000000\n");
        Write("proc/meminfo", "MemTotal:       1000 kB\nMemFree:        400 kB\nInactive(file):   100 kB\nAnonPages:   50 kB\n");
        Write("proc/vmstat", "pgfault 7\npgmajfault 3\n");
    }

    private void Write(string path, string text)
    {
        var file = _root[path];
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
