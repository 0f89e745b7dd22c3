using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Tests.Cri;

public sealed class PodCgroupsTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), "cgroups-" + Guid.NewGuid().ToString("N"));

    public void Dispose()
    {
        if (Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }

    [Theory]
    [InlineData("/kubepods/burstable/pod12-34/6f3a", "/kubepods/burstable/pod12-34")]
    [InlineData("/kubepods/6f3a", null)]
    [InlineData("kubepods-pod12_34.slice:cri-containerd:6f3a", null)]
    public void Only_the_pods_own_parent_is_its_own(string cgroupsPath, string? expected)
    {
        var response = new PodSandboxStatusResponse
        {
            Status = new PodSandboxStatus { Metadata = new PodSandboxMetadata { Uid = "12-34" } },
            Info = { ["info"] = """{"runtimeSpec":{"linux":{"cgroupsPath":"PATH"}}}""".Replace("PATH", cgroupsPath, StringComparison.Ordinal) },
        };
        Assert.Equal(expected, PodCgroups.ParentOf(response));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"runtimeSpec":null}""")]
    [InlineData("""{"runtimeSpec":{"linux":{}}}""")]
    public void A_runtime_that_tells_less_has_none(string info)
    {
        var response = new PodSandboxStatusResponse
        {
            Status = new PodSandboxStatus { Metadata = new PodSandboxMetadata { Uid = "12-34" } },
            Info = { ["info"] = info },
        };
        Assert.Null(PodCgroups.ParentOf(response));
    }

    [Fact]
    public void What_is_empty_goes_in_every_hierarchy_and_what_is_not_stays()
    {
        foreach (var directory in (string[])["cpu/kubepods/pod1", "memory/kubepods/pod1/child", "pids/kubepods"])
        {
            Directory.CreateDirectory(Path.Combine(_root, directory));
        }

        Assert.Equal([Path.Combine(_root, "memory/kubepods/pod1")], new PodCgroups(_root).RemoveEmpty("/kubepods/pod1"));
        Assert.False(Directory.Exists(Path.Combine(_root, "cpu/kubepods/pod1")));
        Assert.True(Directory.Exists(Path.Combine(_root, "memory/kubepods/pod1/child")));
        Assert.True(Directory.Exists(Path.Combine(_root, "cpu/kubepods")));
    }

    [Fact]
    public void With_version_2_there_is_one_hierarchy()
    {
        Directory.CreateDirectory(Path.Combine(_root, "kubepods/pod1"));
        File.WriteAllText(Path.Combine(_root, "cgroup.controllers"), "cpu memory");
        Assert.Empty(new PodCgroups(_root).RemoveEmpty("/kubepods/pod1"));
        Assert.False(Directory.Exists(Path.Combine(_root, "kubepods/pod1")));
    }
}
