using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Endpoints;
using ActorKube.ApiServer.Endpoints.Proxies;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Endpoints.Proxies;

public sealed class ProxyTargetTests
{
    [Theory]
    [InlineData("web", "", "web", "")]
    [InlineData("web:80", "", "web", "80")]
    [InlineData("web:http", "", "web", "http")]
    [InlineData("https:web:443", "https", "web", "443")]
    [InlineData("https:web:", "https", "web", "")]
    [InlineData(":web:80", "", "web", "80")]
    public void A_name_may_carry_scheme_and_port(string text, string scheme, string name, string port)
    {
        Assert.True(ProxyName.TryParse(text, out var parsed));
        Assert.Equal(new ProxyName(scheme, name, port), parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":80")]
    [InlineData("ftp:web:21")]
    [InlineData("http:web:80:90")]
    public void Other_forms_are_none(string text) => Assert.False(ProxyName.TryParse(text, out _));

    [Fact]
    public void A_pod_is_reached_at_the_port_in_the_url_else_at_its_first()
    {
        Assert.Equal("http://10.244.0.5:8080", ProxyTarget.Of(new ProxyName("", "p", ""), Pod("10.244.0.5", 8080, 9090), false).Url);
        Assert.Equal("https://10.244.0.5:9090", ProxyTarget.Of(new ProxyName("https", "p", "9090"), Pod("10.244.0.5", 8080), false).Url);
        Assert.Equal("http://[fd00::5]", ProxyTarget.Of(new ProxyName("", "p", ""), Pod("fd00::5"), false).Url);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("224.0.0.1")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("0.0.0.0")]
    [InlineData(null)]
    public void A_pods_status_leads_nowhere_but_to_pods(string? address) =>
        Assert.Equal("address not allowed", Assert.Throws<ApiException>(() => ProxyTarget.Of(new ProxyName("", "p", "80"), Pod(address), false)).Status.Message);

    [Fact]
    public void A_pod_that_shares_its_host_has_the_hosts_loopback() =>
        Assert.Equal("http://127.0.0.1:80", ProxyTarget.Of(new ProxyName("", "p", "80"), Pod("127.0.0.1"), true).Url);

    [Fact]
    public void A_services_ready_endpoints_take_turns()
    {
        var slice = Slice("http", 8080, ("10.0.0.1", true), ("10.0.0.2", false), ("10.0.0.3", null));
        var reached = Enumerable.Range(0, 4).Select(turn => ProxyTarget.Of(new ProxyName("", "s", "80"), Service(("http", 80)), [slice], (uint)turn).Url);
        Assert.Equal(["http://10.0.0.1:8080", "http://10.0.0.3:8080", "http://10.0.0.1:8080", "http://10.0.0.3:8080"], reached);
        Assert.Equal("https://10.0.0.1:8080", ProxyTarget.Of(new ProxyName("https", "s", "http"), Service(("http", 80)), [slice], 0).Url);
    }

    [Theory]
    [InlineData("81", "no service port 81 found for service \"s\"")]
    [InlineData("other", "no endpoints available for service \"s\"")]
    [InlineData("", "no endpoints available for service \"s\"")]
    public void A_service_without_such_a_port_is_unavailable(string port, string message)
    {
        var refused = Assert.Throws<ApiException>(() => ProxyTarget.Of(new ProxyName("", "s", port), Service(("http", 80)), [Slice("http", 8080, ("10.0.0.1", true))], 0));
        Assert.Equal((503, message), (refused.Code, refused.Status.Message));
    }

    [Theory]
    [InlineData("/api/v1/namespaces/x/pods/y/proxy", "/api/v1/namespaces/x/pods/y/proxy", "")]
    [InlineData("/api/v1/namespaces/x/pods/y/proxy/", "/api/v1/namespaces/x/pods/y/proxy", "/")]
    [InlineData("/api/v1/namespaces/x/pods/y:80/proxy/a%2Fb/?c=d", "/api/v1/namespaces/x/pods/y:80/proxy", "/a%2Fb/")]
    [InlineData("/api/v1/nodes/n/proxy/logs", "/api/v1/nodes/n/proxy", "/logs")]
    public void The_path_behind_the_proxy_stays_as_it_came(string target, string prefix, string behind)
    {
        Assert.True(ApiPath.TryParse(Uri.UnescapeDataString(target.Split('?')[0]), out var path));
        Assert.Equal((prefix, behind), path.SplitBehindSubresource(target));
    }

    [Theory]
    [InlineData("/next", "/p/next")]
    [InlineData("https://api:6443/next?a=b", "/p/next?a=b")]
    [InlineData("next", "next")]
    [InlineData("https://elsewhere/next", "https://elsewhere/next")]
    [InlineData("//elsewhere/next", "//elsewhere/next")]
    [InlineData("/p/next", "/p/next")]
    [InlineData("#top", "#top")]
    public void A_link_to_the_servers_root_leads_through_the_proxy(string url, string expected) => Assert.Equal(expected, ProxiedLinks.Rewrite(url, "api:6443", "/p"));

    [Theory]
    [InlineData("<a href=\"/rewriteme\">test</a>", "<a href=\"/p/rewriteme\">test</a>")]
    [InlineData("<img class=x src='/a.png'/> <a href=/b>", "<img class=x src='/p/a.png'/> <a href=/p/b>")]
    [InlineData("<a title=\"/not this\" HREF = \"/this\">", "<a title=\"/not this\" HREF = \"/p/this\">")]
    [InlineData("<!-- <a href=\"/no\"> --><p href=\"/no\">", "<!-- <a href=\"/no\"> --><p href=\"/no\">")]
    [InlineData("<script>var a = '<a href=\"/no\">'</script>", "<script>var a = '<a href=\"/no\">'</script>")]
    public void A_pages_links_are_rewritten_and_nothing_else(string html, string expected) => Assert.Equal(expected, ProxiedLinks.RewriteHtml(html, "api:6443", "/p"));

    private static V1Pod Pod(string? address, params int[] ports) => new()
    {
        Metadata = new V1ObjectMeta { Name = "p" },
        Spec = new V1PodSpec { Containers = [new V1Container { Name = "c", Ports = [.. ports.Select(p => new V1ContainerPort { ContainerPort = p })] }] },
        Status = new V1PodStatus { PodIP = address },
    };

    private static V1Service Service(params (string Name, int Port)[] ports) => new()
    {
        Metadata = new V1ObjectMeta { Name = "s" },
        Spec = new V1ServiceSpec { Ports = [.. ports.Select(p => new V1ServicePort { Name = p.Name, Port = p.Port })] },
    };

    private static V1EndpointSlice Slice(string port, int number, params (string Address, bool? Ready)[] endpoints) => new()
    {
        Metadata = new V1ObjectMeta { Name = "s-1" },
        Ports = [new Discoveryv1EndpointPort { Name = port, Port = number }],
        Endpoints = [.. endpoints.Select(e => new V1Endpoint { Addresses = [e.Address], Conditions = new V1EndpointConditions { Ready = e.Ready } })],
    };
}
