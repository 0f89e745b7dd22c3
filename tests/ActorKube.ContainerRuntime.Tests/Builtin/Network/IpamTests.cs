using System.Net;
using ActorKube.ContainerRuntime.Builtin.Network;
using CsCheck;

namespace ActorKube.ContainerRuntime.Tests.Builtin.Network;

public class IpamTests
{
    [Fact]
    public void Gives_one_address_of_each_range_and_keeps_the_gateways()
    {
        var ipam = Ipam.Create("10.244.1.0/24, fd00:10:244:1::/64", []);
        Assert.Equal(["10.244.1.1", "fd00:10:244:1::1"], ipam.Ranges.Select(r => r.Gateway.ToString()));
        Assert.Equal(["10.244.1.2", "fd00:10:244:1::2"], ipam.Allocate("a").Select(i => i.ToString()));
        Assert.Equal(["10.244.1.3", "fd00:10:244:1::3"], ipam.Allocate("b").Select(i => i.ToString()));
    }

    [Fact]
    public void Rests_a_freed_address_as_long_as_others_are_free()
    {
        var ipam = Ipam.Create("10.0.0.0/29", []);
        ipam.Allocate("a");
        ipam.Release("a");
        Assert.Equal(["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"], Enumerable.Range(0, 5).Select(i => ipam.Allocate($"p{i}")[0].ToString()));
        var error = Assert.Throws<ContainerRuntimeException>(() => ipam.Allocate("one too many"));
        Assert.Equal("no IP addresses available in range 10.0.0.0/29", error.Message);
        ipam.Release("p2");
        Assert.Equal("10.0.0.5", ipam.Allocate("again")[0].ToString());
    }

    [Fact]
    public void Addresses_from_before_are_not_given_again()
    {
        var ipam = Ipam.Create("10.0.0.0/29", [("old", IPAddress.Parse("10.0.0.2")), ("foreign", IPAddress.Parse("10.9.9.9"))]);
        Assert.Equal("10.0.0.3", ipam.Allocate("new")[0].ToString());
    }

    [Fact]
    public void A_range_named_by_one_of_its_addresses_is_still_that_range() => Assert.Equal("10.0.0.1", Ipam.Create("10.0.0.77/24", []).Ranges[0].Gateway.ToString());

    [Theory]
    [InlineData("10.0.0.0/33")]
    [InlineData("nonsense")]
    public void A_range_that_is_none_is_refused(string cidr) => Assert.Throws<ContainerRuntimeException>(() => Ipam.Create(cidr, []));

    [Fact]
    public void Never_gives_an_address_twice_nor_one_outside_the_range()
    {
        Gen.Select(Gen.Int[24, 30], Gen.Int[0, 9].List[1, 200]).Sample((prefix, steps) =>
        {
            var network = IPNetwork.Parse($"10.1.2.0/{prefix}");
            var ipam = Ipam.Create(network.ToString(), []);
            var held = new Dictionary<string, IPAddress>();
            var room = (1 << (32 - prefix)) - 3;
            var next = 0;
            foreach (var step in steps)
            {
                if (step < 3 && held.Count > 0)
                {
                    var owner = held.Keys.ElementAt(step % held.Count);
                    ipam.Release(owner);
                    held.Remove(owner);
                }
                else if (held.Count < room)
                {
                    var address = Assert.Single(ipam.Allocate($"p{next}"));
                    Assert.True(network.Contains(address));
                    Assert.NotEqual(ipam.Ranges[0].Gateway, address);
                    Assert.DoesNotContain(address, held.Values);
                    Assert.NotEqual(0xFF >> (prefix - 24), address.GetAddressBytes()[3]);
                    held[$"p{next++}"] = address;
                }
                else
                {
                    Assert.Throws<ContainerRuntimeException>(() => ipam.Allocate("full"));
                }
            }
        });
    }
}
