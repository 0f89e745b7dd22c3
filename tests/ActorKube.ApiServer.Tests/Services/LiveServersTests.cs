using ActorKube.ApiServer.Services;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Services;

public sealed class LiveServersTests
{
    private static V1Lease Lease(string name, int version, string endpoint) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, ResourceVersion = version.ToString(), Annotations = new Dictionary<string, string> { [LiveServers.Endpoint] = endpoint } },
        Spec = new V1LeaseSpec { LeaseDurationSeconds = 10 },
    };

    private static TimeSpan Seconds(double s) => TimeSpan.FromSeconds(s);

    [Fact]
    public void A_server_is_dead_once_its_lease_has_not_changed_for_its_time()
    {
        var servers = new LiveServers();
        V1Lease[] both = [Lease("a", 1, "10.0.0.1:6443"), Lease("b", 1, "10.0.0.2:6443")];
        Assert.Equal(2, servers.Observe(both, Seconds(0)).Live.Count);
        V1Lease[] renewed = [Lease("a", 2, "10.0.0.1:6443"), both[1]];
        Assert.Equal(2, servers.Observe(renewed, Seconds(9)).Live.Count);
        var (live, dead) = servers.Observe(renewed, Seconds(10.5));
        Assert.Equal([new ServerAddress("10.0.0.1", 6443)], live);
        Assert.Equal(["b"], dead);
        // It comes back with a new Lease.
        Assert.Equal(2, servers.Observe([renewed[0], Lease("b", 7, "10.0.0.2:6443")], Seconds(11)).Live.Count);
    }

    [Fact]
    public void A_lease_that_names_no_endpoint_adds_none() =>
        Assert.Empty(new LiveServers().Observe([Lease("a", 1, "elsewhere"), Lease("b", 1, "10.0.0.1")], Seconds(0)).Live);

    [Fact]
    public void Servers_with_one_port_are_one_subset_and_one_slice()
    {
        ServerAddress[] servers = [new("10.0.0.2", 6443), new("10.0.0.1", 6443), new("10.0.0.2", 6443)];
        var subset = Assert.Single(KubernetesService.Endpoints(servers).Subsets);
        Assert.Equal(["10.0.0.1", "10.0.0.2"], subset.Addresses.Select(a => a.Ip));
        var slice = Assert.Single(KubernetesService.Slices(servers));
        Assert.Equal("kubernetes", slice.Metadata.Name);
        Assert.Equal(["10.0.0.1", "10.0.0.2"], slice.Endpoints.Select(e => e.Addresses[0]));
    }

    [Fact]
    public void Servers_with_ports_or_families_of_their_own_are_slices_of_their_own()
    {
        ServerAddress[] servers = [new("10.0.0.1", 6443), new("10.0.0.1", 6444), new("fd00::1", 6443)];
        Assert.Equal([6443, 6444], KubernetesService.Endpoints(servers).Subsets.Select(s => s.Ports[0].Port));
        Assert.Equal(["kubernetes", "kubernetes-ipv6-6443", "kubernetes-ipv4-6444"], KubernetesService.Slices(servers).Select(s => s.Metadata.Name));
    }

    [Fact]
    public void What_says_already_what_is_wanted_is_not_written_again()
    {
        ServerAddress[] one = [new("10.0.0.1", 6443)], two = [.. one, new("10.0.0.2", 6443)];
        var (endpoints, slice) = (KubernetesService.Endpoints(one), KubernetesService.Slices(one)[0]);
        Assert.False(KubernetesService.Update(endpoints, KubernetesService.Endpoints(one)));
        Assert.False(KubernetesService.Update(slice, KubernetesService.Slices(one)[0]));
        Assert.True(KubernetesService.Update(endpoints, KubernetesService.Endpoints(two)));
        Assert.True(KubernetesService.Update(slice, KubernetesService.Slices(two)[0]));
        Assert.False(KubernetesService.Update(endpoints, KubernetesService.Endpoints(two)));
        Assert.False(KubernetesService.Update(slice, KubernetesService.Slices(two)[0]));
    }

    [Theory]
    [InlineData("10.0.0.1:6443")]
    [InlineData("[fd00::1]:6443")]
    public void An_address_reads_what_it_wrote(string text) => Assert.Equal(text, ServerAddress.Parse(text)!.Value.ToString());
}
