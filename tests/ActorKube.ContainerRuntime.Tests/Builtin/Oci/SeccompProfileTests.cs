using System.Text;
using ActorKube.ContainerRuntime.Builtin.Oci;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Tests.Builtin.Oci;

public class SeccompProfileTests
{
    private static readonly SecurityProfile RuntimeDefault = new() { ProfileType = SecurityProfile.Types.ProfileType.RuntimeDefault };

    [Fact]
    public void The_default_refuses_what_needs_a_capability_that_is_not_there()
    {
        var plain = Refused(["CAP_CHOWN"]);
        Assert.Contains("mount", plain);
        Assert.Contains("keyctl", plain);
        Assert.Contains("clone3", plain);
        var admin = Refused(["CAP_SYS_ADMIN"]);
        Assert.DoesNotContain("mount", admin);
        Assert.DoesNotContain("clone3", admin);
        Assert.Contains("reboot", admin);
    }

    [Fact]
    public void Nobody_is_filtered_who_did_not_ask_or_is_privileged()
    {
        Assert.Null(SeccompProfile.For(new LinuxContainerSecurityContext(), [], _ => []));
        Assert.Null(SeccompProfile.For(new LinuxContainerSecurityContext { Privileged = true, Seccomp = RuntimeDefault }, [], _ => []));
    }

    [Fact]
    public void A_profile_of_the_node_is_read_and_a_missing_one_is_an_error()
    {
        var security = new LinuxContainerSecurityContext { Seccomp = new SecurityProfile { ProfileType = SecurityProfile.Types.ProfileType.Localhost, LocalhostRef = "/p.json" } };
        var read = SeccompProfile.For(security, [], _ => Encoding.UTF8.GetBytes("""{"defaultAction":"SCMP_ACT_LOG","syscalls":[{"names":["chmod"],"action":"SCMP_ACT_ERRNO"}]}"""))!;
        Assert.Equal(("SCMP_ACT_LOG", "chmod"), (read.DefaultAction, read.Syscalls![0].Names[0]));
        var error = Assert.Throws<ContainerRuntimeException>(() => SeccompProfile.For(security, [], _ => throw new FileNotFoundException("gone")));
        Assert.Contains("/p.json", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_default_holds_in_a_real_container()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, free) = await node.RunPodAsync("free", "sleep 600");
        var (_, filtered) = await node.RunPodAsync("filtered", "sleep 600", c => c.Linux.SecurityContext.Seccomp = RuntimeDefault);
        Assert.Equal("Seccomp:\t0", await node.ExecAsync(free, "grep", "Seccomp:", "/proc/1/status"));
        Assert.Equal("Seccomp:\t2", await node.ExecAsync(filtered, "grep", "Seccomp:", "/proc/1/status"));
        Assert.Equal("", await node.ExecAsync(free, "busybox", "unshare", "-U", "true"));
        var refused = await node.Runtime.ExecSyncAsync(filtered, ["busybox", "unshare", "-U", "true"], TimeSpan.FromSeconds(10));
        Assert.NotEqual(0, refused.ExitCode);
    }

    private static List<string> Refused(string[] capabilities) =>
        [.. SeccompProfile.For(new LinuxContainerSecurityContext { Seccomp = RuntimeDefault }, capabilities, _ => [])!.Syscalls!.SelectMany(s => s.Names)];
}
