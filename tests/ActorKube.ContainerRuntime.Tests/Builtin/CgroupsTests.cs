using ActorKube.ContainerRuntime.Builtin;
using ActorKube.ContainerRuntime.Tests.Images;

namespace ActorKube.ContainerRuntime.Tests.Builtin;

/// <summary>The files of both cgroup versions as the kernel writes them.</summary>
public class CgroupsTests
{
    [Fact]
    public void Version_2_is_read_from_one_tree()
    {
        using var root = new TemporaryDirectory();
        Write(root, "cgroup.controllers", "cpuset cpu io memory pids\n");
        Write(root, "pod/c/cpu.stat", "usage_usec 2500\nuser_usec 2000\nsystem_usec 500\n");
        Write(root, "pod/c/memory.current", "1000000\n");
        Write(root, "pod/c/memory.max", "max\n");
        Write(root, "pod/c/memory.stat", "anon 300000\nfile 600000\ninactive_file 400000\npgfault 12\npgmajfault 3\n");
        Write(root, "pod/c/cgroup.procs", "12\n34\n");
        var cgroups = Cgroups.Detect(root.Path);
        Assert.True(cgroups.IsUnified && !cgroups.IsHybrid && cgroups.HasController("memory") && !cgroups.HasController("hugetlb"));
        Assert.Equal(new CgroupUsage(2_500_000, 1_000_000, 600_000, 300_000, 12, 3, null), cgroups.Usage("/pod/c"));
        Assert.Equal([12, 34], cgroups.Processes("/pod/c"));
        Assert.Null(cgroups.Usage("/pod/gone"));
    }

    [Fact]
    public void Version_1_is_read_from_a_tree_per_controller()
    {
        using var root = new TemporaryDirectory();
        foreach (var controller in new[] { "cpuacct", "memory", "pids", "unified" })
            Write(root, $"{controller}/cgroup.procs", "");
        Write(root, "cpuacct/pod/c/cpuacct.usage", "2500000\n");
        Write(root, "memory/pod/c/memory.usage_in_bytes", "1000000\n");
        Write(root, "memory/pod/c/memory.limit_in_bytes", "67108864\n");
        Write(root, "memory/pod/c/memory.stat", "rss 1\ntotal_rss 300000\ntotal_inactive_file 400000\ntotal_pgfault 12\ntotal_pgmajfault 3\n");
        var cgroups = Cgroups.Detect(root.Path);
        Assert.True(!cgroups.IsUnified && cgroups.IsHybrid && cgroups.HasController("memory") && !cgroups.HasController("cpu"));
        Assert.Equal(new CgroupUsage(2_500_000, 1_000_000, 600_000, 300_000, 12, 3, 67108864), cgroups.Usage("/pod/c"));
    }

    private static void Write(TemporaryDirectory root, string file, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(root[file])!);
        File.WriteAllText(root[file], content);
    }
}
