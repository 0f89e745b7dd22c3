using ActorKube.ContainerRuntime.Builtin.Network;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Tests.Builtin.Network;

public class HostPortRulesTests
{
    [Fact]
    public void A_port_without_an_address_is_open_on_all_addresses_of_both_families() => Assert.Equal(
    [
        new HostPortElement("any4", "tcp . 8080", "10.0.0.7 . 80"),
        new HostPortElement("hairpin4", "10.0.0.7 . 10.0.0.7", ""),
        new HostPortElement("any6", "tcp . 8080", "fd00::7 . 80"),
        new HostPortElement("hairpin6", "fd00::7 . fd00::7", ""),
    ], HostPortRules.Of([Port("", Protocol.Tcp)], ["10.0.0.7", "fd00::7"]));

    [Fact]
    public void A_port_of_one_address_is_open_there_only() => Assert.Equal(
    [
        new HostPortElement("at4", "127.0.0.1 . udp . 8080", "10.0.0.7 . 80"),
        new HostPortElement("hairpin4", "10.0.0.7 . 10.0.0.7", ""),
    ], HostPortRules.Of([Port("127.0.0.1", Protocol.Udp)], ["10.0.0.7", "fd00::7"]));

    [Fact]
    public void The_wildcard_of_a_family_stands_for_that_family() =>
        Assert.Equal(["any4", "hairpin4"], HostPortRules.Of([Port("0.0.0.0", Protocol.Tcp)], ["10.0.0.7", "fd00::7"]).Select(e => e.Map));

    [Fact]
    public void A_container_port_alone_opens_nothing() =>
        Assert.Empty(HostPortRules.Of([new PortMapping { ContainerPort = 80 }], ["10.0.0.7"]));

    [Fact]
    public void Elements_are_words_of_the_packet_filter()
    {
        var element = new HostPortElement("any4", "tcp . 8080", "10.0.0.7 . 80");
        Assert.Equal("add element inet actorkube-hostports any4 { tcp . 8080 : 10.0.0.7 . 80 }", HostPortRules.Add(element));
        Assert.Equal("delete element inet actorkube-hostports any4 { tcp . 8080 }", HostPortRules.Delete(element));
        Assert.Equal("add element inet actorkube-hostports hairpin4 { 10.0.0.7 . 10.0.0.7 }", HostPortRules.Add(new HostPortElement("hairpin4", "10.0.0.7 . 10.0.0.7", "")));
    }

    private static PortMapping Port(string hostIp, Protocol protocol) => new() { ContainerPort = 80, HostPort = 8080, HostIp = hostIp, Protocol = protocol };
}
