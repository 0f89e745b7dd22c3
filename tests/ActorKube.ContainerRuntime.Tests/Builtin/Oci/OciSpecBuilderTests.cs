using ActorKube.ContainerRuntime.Builtin.Oci;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using Google.Protobuf;

namespace ActorKube.ContainerRuntime.Tests.Builtin.Oci;

public class OciSpecBuilderTests
{
    private const ulong SysResource = 1UL << 24;

    [Theory]
    // Kubernetes' table: image entrypoint and cmd, then the container's command and args.
    [InlineData("", "", "/ep-1 foo bar")]
    [InlineData("/ep-2", "", "/ep-2")]
    [InlineData("", "zoo boo", "/ep-1 zoo boo")]
    [InlineData("/ep-2", "zoo boo", "/ep-2 zoo boo")]
    public void Command_and_args_override_the_image_as_Kubernetes_documents(string command, string args, string expected)
    {
        var config = new ContainerConfig();
        config.Command.AddRange(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        config.Args.AddRange(args.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(expected, string.Join(' ', Build(config).Process.Args));
    }

    [Fact]
    public void Without_any_command_there_is_nothing_to_run()
    {
        var error = Assert.Throws<ContainerRuntimeException>(() => OciSpecBuilder.Build(Input(new ContainerConfig()) with { Image = new OciProcessConfig() }));
        Assert.Contains("no command specified", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_pods_environment_wins_over_the_images_and_HOME_is_the_users()
    {
        var config = new ContainerConfig { Envs = { Variable("B", "pod"), Variable("C", "with=equals") } };
        var env = OciSpecBuilder.Build(Input(config) with { Hostname = "h", Home = "/home/app" }).Process.Env;
        Assert.Equal(["PATH=/image", "HOSTNAME=h", "A=1", "B=pod", "C=with=equals", "HOME=/home/app"], env);
    }

    [Fact]
    public void A_plain_container_is_confined()
    {
        var spec = Build(new ContainerConfig { Linux = new LinuxContainerConfig { SecurityContext = new LinuxContainerSecurityContext { NoNewPrivs = true, ReadonlyRootfs = true } } });
        Assert.True(spec.Process.NoNewPrivileges && spec.Root.Readonly);
        Assert.DoesNotContain("CAP_SYS_ADMIN", spec.Process.Capabilities!.Bounding);
        Assert.Contains("CAP_NET_BIND_SERVICE", spec.Process.Capabilities.Bounding);
        Assert.Contains("/proc/kcore", spec.Linux.MaskedPaths!);
        Assert.Contains("/proc/sys", spec.Linux.ReadonlyPaths!);
        Assert.Equal(new OciDeviceRule { Allow = false, Access = "rwm" }, spec.Linux.Resources!.Devices![0]);
        Assert.Contains("ro", spec.Mounts.Single(m => m.Destination == "/sys").Options);
        Assert.Equal(["mount", "pid", "ipc", "uts", "network"], spec.Linux.Namespaces.Select(n => n.Type));
    }

    [Fact]
    public void A_privileged_container_is_not()
    {
        var spec = Build(new ContainerConfig { Linux = new LinuxContainerConfig { SecurityContext = new LinuxContainerSecurityContext { Privileged = true, NoNewPrivs = true } } });
        Assert.False(spec.Process.NoNewPrivileges);
        Assert.Contains("CAP_SYS_ADMIN", spec.Process.Capabilities!.Effective);
        Assert.Null(spec.Linux.MaskedPaths);
        Assert.Equal(new OciDeviceRule { Allow = true, Access = "rwm" }, Assert.Single(spec.Linux.Resources!.Devices!));
        Assert.Contains("rw", spec.Mounts.Single(m => m.Destination == "/sys").Options);
    }

    [Fact]
    public void The_pods_mounts_win_over_the_defaults_and_parents_come_first()
    {
        var config = new ContainerConfig
        {
            Mounts =
            {
                new Mount { ContainerPath = "/data/deep/er/", HostPath = "/h2", Propagation = MountPropagation.PropagationHostToContainer },
                new Mount { ContainerPath = "/data", HostPath = "/h1", Readonly = true },
                new Mount { ContainerPath = "/etc/resolv.conf", HostPath = "/h3" },
                new Mount { ContainerPath = "/dev/shm", HostPath = "/h4" },
            },
        };
        var spec = OciSpecBuilder.Build(Input(config) with { SandboxMounts = new Dictionary<string, string> { ["/etc/resolv.conf"] = "/s1", ["/etc/hostname"] = "/s2", ["/dev/shm"] = "/s3" } });
        Assert.Equal(["/s2", "/h1", "/h3", "/h4", "/h2"], spec.Mounts.Where(m => m.Type == "bind").Select(m => m.Source));
        Assert.Equal(["rbind", "rprivate", "ro"], spec.Mounts.Single(m => m.Destination == "/data").Options);
        Assert.Equal(["rbind", "rslave", "rw"], spec.Mounts.Single(m => m.Destination == "/data/deep/er").Options);
        Assert.Equal("rslave", spec.Linux.RootfsPropagation);
    }

    [Fact]
    public void Namespaces_are_joined_shared_with_the_host_or_made()
    {
        var spec = OciSpecBuilder.Build(Input(new ContainerConfig()) with
        {
            CgroupNamespace = true,
            Namespaces = new Dictionary<string, string> { ["network"] = "/ns/net", ["ipc"] = "", ["uts"] = "/ns/uts" },
        });
        Assert.Equal(["mount:", "pid:", "uts:/ns/uts", "network:/ns/net", "cgroup:"], spec.Linux.Namespaces.Select(n => $"{n.Type}:{n.Path}"));
    }

    [Theory]
    [InlineData(-997, SysResource, -100, -997)]
    [InlineData(-997, 0UL, -100, -100)]
    [InlineData(1000, 0UL, 0, 1000)]
    [InlineData(-997, 0UL, 0, 0)]
    public void An_oom_score_below_our_own_needs_a_capability(int wish, ulong own, int ownScore, int expected)
    {
        var config = new ContainerConfig { Linux = new LinuxContainerConfig { Resources = new LinuxContainerResources { OomScoreAdj = wish } } };
        Assert.Equal(expected, OciSpecBuilder.Build(Input(config) with { OwnCapabilities = own, OwnOomScoreAdj = ownScore }).Process.OomScoreAdj);
    }

    [Fact]
    public void Resources_become_cgroup_limits_and_unset_ones_stay_unset()
    {
        var resources = OciSpecBuilder.Resources(new LinuxContainerResources { CpuShares = 512, CpuQuota = 50_000, CpuPeriod = 100_000, MemoryLimitInBytes = 1 << 20 }, _ => true);
        Assert.Equal((512UL, 50_000L, 100_000UL), (resources.Cpu!.Shares, resources.Cpu.Quota, resources.Cpu.Period));
        Assert.Equal((1L << 20, (long?)null), (resources.Memory!.Limit, resources.Memory.Swap));
        Assert.Null(OciSpecBuilder.Resources(new LinuxContainerResources(), _ => true).Memory);
        Assert.Equal("""{"cpu":{}}""", System.Text.Encoding.UTF8.GetString(OciSpecBuilder.Resources(new LinuxContainerResources(), _ => true).ToJson()));
    }

    [Fact]
    public void Limits_that_the_machine_cannot_set_are_left_out()
    {
        var resources = OciSpecBuilder.Resources(new LinuxContainerResources { CpuShares = 512, MemoryLimitInBytes = 1 << 20 }, controller => controller == "cpu");
        Assert.Equal((512UL, null), (resources.Cpu!.Shares, resources.Memory));
        var spec = OciSpecBuilder.Build(Input(new ContainerConfig()) with { DeviceRules = false });
        Assert.Null(spec.Linux.Resources!.Devices);
        Assert.DoesNotContain("CAP_MKNOD", spec.Process.Capabilities!.Bounding);
    }

    [Theory]
    [InlineData("", "", false, "CAP_CHOWN", true)]
    [InlineData("", "ALL", false, "CAP_CHOWN", false)]
    [InlineData("NET_ADMIN", "ALL", false, "CAP_NET_ADMIN", true)]
    [InlineData("ALL", "SYS_TIME", false, "CAP_SYS_TIME", false)]
    [InlineData("ALL", "SYS_TIME", false, "CAP_SYS_ADMIN", true)]
    [InlineData("CAP_sys_time", "", false, "CAP_SYS_TIME", true)]
    [InlineData("", "CHOWN", true, "CAP_CHOWN", true)]
    public void Capabilities_are_added_and_dropped(string add, string drop, bool privileged, string capability, bool expected)
    {
        var wish = new Capability();
        wish.AddCapabilities.AddRange(add.Split(',', StringSplitOptions.RemoveEmptyEntries));
        wish.DropCapabilities.AddRange(drop.Split(',', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(expected, Capabilities.For(wish, privileged, ulong.MaxValue).Contains(capability));
        Assert.Empty(Capabilities.Unknown(wish));
    }

    [Fact]
    public void Nobody_gets_a_capability_that_the_runtime_lacks() => Assert.DoesNotContain("CAP_SYS_RESOURCE", Capabilities.For(null, privileged: true, ~SysResource));

    [Fact]
    public void A_specification_survives_its_file()
    {
        var spec = Build(new ContainerConfig { Tty = true, Annotations = { ["a"] = "b" } });
        Assert.Equal(spec.ToJson(), OciSpec.FromJson(spec.ToJson()).ToJson());
    }

    private static OciSpec Build(ContainerConfig config) => OciSpecBuilder.Build(Input(config));

    private static OciSpecInput Input(ContainerConfig config) => new()
    {
        Config = config,
        Image = new OciProcessConfig { Entrypoint = ["/ep-1"], Cmd = ["foo", "bar"], Env = ["PATH=/image", "A=1", "B=image"] },
        User = new OciUser(),
        RootPath = "/root",
        CgroupsPath = "/pods/x",
    };

    private static KeyValue Variable(string name, string value) => new() { Key = name, Value = ByteString.CopyFromUtf8(value) };
}
