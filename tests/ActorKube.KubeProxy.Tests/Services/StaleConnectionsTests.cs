using ActorKube.KubeProxy.Services;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests.Services;

public sealed class StaleConnectionsTests
{
    [Fact]
    public void Flows_to_a_gone_endpoint_are_forgotten_and_those_to_one_that_only_moved_are_not() =>
        Assert.Equal(["-D -f ipv4 -p udp --orig-dst 10.96.0.53 --orig-port-dst 53 --dst-nat 10.0.0.1"], After("UDP", ["10.0.0.1", "10.0.0.2", "10.0.0.3"], ["10.0.0.2", "10.0.0.3"]));

    [Fact]
    public void Flows_from_before_there_was_an_endpoint_are_forgotten() =>
        Assert.Equal(["-D -f ipv4 -p udp --orig-dst 10.96.0.53 --orig-port-dst 53"], After("UDP", [], ["10.0.0.1"]));

    [Fact]
    public void Tcp_flows_are_left_alone() => Assert.Empty(After("TCP", ["10.0.0.1"], ["10.0.0.2"]));

    [Fact]
    public void Flows_of_a_Service_with_session_affinity_are_found_by_their_endpoint() =>
        Assert.Equal(["-D -f ipv4 -p udp --reply-src 10.0.0.1 --reply-port-src 5353"], After("UDP", ["10.0.0.1", "10.0.0.2"], ["10.0.0.2"], "ClientIP"));

    private static IReadOnlyList<string> After(string protocol, string[] before, string[] after, string affinity = "None")
    {
        var ruleset = new Ruleset();
        var service = Some.Service("dns", "10.96.0.53", 53, protocol: protocol).With(s => s.Spec.SessionAffinity = affinity);
        V1EndpointSlice Slice(string[] addresses) => Some.Slice("dns", 5353, addresses).With(s => s.Ports[0].Protocol = protocol);
        ruleset.Put("dns", Some.Rules(service, Slice(before)));
        ruleset.TakeChanges();
        ruleset.Put("dns", Some.Rules(service, Slice(after)));
        return StaleConnections.Of(ruleset.TakeChanges(), ruleset);
    }
}
