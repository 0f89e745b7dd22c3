using System.Net.Sockets;
using ActorKube.KubeProxy.Services;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests.Services;

public sealed class EndpointSelectionTests
{
    private static readonly V1ServicePort Port = new() { Name = "p", Port = 80 };

    [Fact]
    public void Endpoints_that_are_not_ready_get_nothing() =>
        Assert.Equal(["10.0.0.1"], Choose(Some.Endpoint("10.0.0.1"), Some.Endpoint("10.0.0.2", ready: false, serving: false), Some.Endpoint("10.0.0.3", ready: false, terminating: true)));

    [Fact]
    public void When_none_is_ready_those_that_end_but_serve_get_it() =>
        Assert.Equal(["10.0.0.3"], Choose(
            Some.Endpoint("10.0.0.2", ready: false, serving: false),
            Some.Endpoint("10.0.0.3", ready: false, terminating: true),
            Some.Endpoint("10.0.0.4", ready: false, serving: false, terminating: true)));

    [Fact]
    public void Unknown_readiness_means_ready()
    {
        var endpoint = new V1Endpoint { Addresses = ["10.0.0.1"] };
        Assert.Equal(["10.0.0.1"], Choose(endpoint));
    }

    [Fact]
    public void An_endpoint_in_two_slices_counts_once()
    {
        var slice = Some.Slice("web", 80, "10.0.0.1");
        Assert.Single(EndpointSelection.Choose([slice, slice], Port, AddressFamily.InterNetwork, false, ProxyPlace.Of("n1")));
    }

    [Fact]
    public void A_port_is_found_by_name_and_protocol()
    {
        var slice = Some.Slice("web", 80, "10.0.0.1");
        Assert.Empty(EndpointSelection.Choose([slice], new V1ServicePort { Name = "other" }, AddressFamily.InterNetwork, false, ProxyPlace.Of("n1")));
        Assert.Empty(EndpointSelection.Choose([slice], new V1ServicePort { Name = "p", Protocol = "UDP" }, AddressFamily.InterNetwork, false, ProxyPlace.Of("n1")));
        Assert.Empty(EndpointSelection.Choose([slice], Port, AddressFamily.InterNetworkV6, false, ProxyPlace.Of("n1")));
    }

    [Fact]
    public void Hints_for_the_zone_are_followed_when_all_endpoints_have_them_and_one_means_us()
    {
        V1Endpoint Hinted(string address, string? zone) => Some.Endpoint(address).With(e => e.Hints = zone is null ? null : new V1EndpointHints { ForZones = [new V1ForZone { Name = zone }] });
        IEnumerable<string> In(string zone, params V1Endpoint[] endpoints) => EndpointSelection
            .Choose([Some.Slice("web", 80, endpoints)], Port, AddressFamily.InterNetwork, false, new ProxyPlace(new HashSet<string> { "n1" }, zone)).Select(t => t.Address);

        Assert.Equal(["10.0.0.2"], In("b", Hinted("10.0.0.1", "a"), Hinted("10.0.0.2", "b")));
        Assert.Equal(2, In("c", Hinted("10.0.0.1", "a"), Hinted("10.0.0.2", "b")).Count());
        Assert.Equal(2, In("b", Hinted("10.0.0.1", null), Hinted("10.0.0.2", "b")).Count());
    }

    [Fact]
    public void Nodes_of_one_machine_are_local_to_each_other()
    {
        var place = ProxyState.PlaceOf("n1", [Some.Node("n1", "10.0.0.1"), Some.Node("n2", "10.0.0.1"), Some.Node("n3", "10.0.0.3")]);
        Assert.Equal(["n1", "n2"], place.LocalNodes.Order());
        Assert.Equal(["n9"], ProxyState.PlaceOf("n9", [Some.Node("n1")]).LocalNodes);
    }

    private static IEnumerable<string> Choose(params V1Endpoint[] endpoints) =>
        EndpointSelection.Choose([Some.Slice("web", 80, endpoints)], Port, AddressFamily.InterNetwork, false, ProxyPlace.Of("n1")).Select(t => t.Address);
}
