using ActorKube.Host.Machine;

namespace ActorKube.Host.Tests.Machine;

public sealed class HostPackagesTests
{
    [Fact]
    public void A_bare_machine_misses_them_all() =>
        Assert.Equal(["nftables", "iproute2", "crun", "conmon"], HostPackages.Missing(builtInRuntime: true, _ => false));

    [Fact]
    public void With_a_CRI_runtime_only_the_network_s_programs_are_needed() =>
        Assert.Equal(["nftables", "iproute2"], HostPackages.Missing(builtInRuntime: false, _ => false));

    [Fact]
    public void Runc_does_in_place_of_crun() =>
        Assert.Empty(HostPackages.Missing(builtInRuntime: true, program => program is "nft" or "ip" or "runc" or "conmon"));

    [Fact]
    public void The_command_is_one_that_a_user_can_type() =>
        Assert.Equal("apt-get install -y --no-install-recommends crun conmon", HostPackages.Command(["crun", "conmon"]));
}
