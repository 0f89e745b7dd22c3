using ActorKube.KubeProxy.Services;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests.Services;

public sealed class ServiceRulesTests
{
    [Fact]
    public void A_cluster_ip_leads_to_its_endpoints()
    {
        var facts = Some.Rules(Some.Service("web", "10.96.0.10"), Some.Slice("web", 8080, "10.244.0.3", "10.244.0.2"));

        Assert.Contains(new Fact("vip4", "10.96.0.10 . tcp . 80", "goto lb-vip4-2"), facts);
        Assert.Contains(new Fact("vip4-0", "10.96.0.10 . tcp . 80", "10.244.0.2 . 8080"), facts);
        Assert.Contains(new Fact("vip4-1", "10.96.0.10 . tcp . 80", "10.244.0.3 . 8080"), facts);
        Assert.Contains(new Fact("hairpin4", "10.244.0.2 . 10.244.0.2"), facts);
        Assert.Contains(new Fact("clusterips4", "10.96.0.10"), facts);
        Assert.Equal(6, facts.Count);
    }

    [Fact]
    public void One_endpoint_needs_no_choice() =>
        Assert.Contains(new Fact("vip4", "10.96.0.10 . tcp . 80", "goto vip4-0"), Some.Rules(Some.Service("web", "10.96.0.10"), Some.Slice("web", 8080, "10.244.0.2")));

    [Fact]
    public void Without_endpoints_connections_are_refused()
    {
        var facts = Some.Rules(Some.Service("web", "10.96.0.10", nodePort: 30080));

        Assert.Contains(new Fact("noep4", "10.96.0.10 . tcp . 80"), facts);
        Assert.Contains(new Fact("noepnp4", "tcp . 30080"), facts);
        Assert.DoesNotContain(facts, f => f.Container.StartsWith("vip", StringComparison.Ordinal) || f.Container.StartsWith("np", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("None", "ClusterIP", null)]
    [InlineData("", "ExternalName", null)]
    [InlineData("10.96.0.10", "ClusterIP", "other")]
    public void Headless_external_and_foreign_Services_have_no_rules(string ip, string type, string? proxy)
    {
        var service = Some.Service("web", ip).With(s =>
        {
            s.Spec.Type = type;
            s.Metadata.Labels = proxy is null ? null : new Dictionary<string, string> { ["service.kubernetes.io/service-proxy-name"] = proxy };
        });

        Assert.Empty(Some.Rules(service, Some.Slice("web", 8080, "10.244.0.2")));
    }

    [Fact]
    public void Both_families_of_a_dual_stack_Service_work_each_with_its_own_endpoints()
    {
        var facts = Some.Rules(
            Some.Service("web", "10.96.0.10,fd00:96::a", nodePort: 30080), Some.Slice("web", 8080, "10.244.0.2"), Some.Slice("web", 8080, "fd00:244::0002"));

        Assert.Contains(new Fact("vip4-0", "10.96.0.10 . tcp . 80", "10.244.0.2 . 8080"), facts);
        Assert.Contains(new Fact("vip6-0", "fd00:96::a . tcp . 80", "fd00:244::2 . 8080"), facts);
        Assert.Contains(new Fact("np4-0", "tcp . 30080", "10.244.0.2 . 8080"), facts);
        Assert.Contains(new Fact("np6-0", "tcp . 30080", "fd00:244::2 . 8080"), facts);
    }

    [Fact]
    public void A_node_port_hides_the_source_unless_its_policy_is_Local()
    {
        var service = Some.Service("web", "10.96.0.10", nodePort: 30080);
        var slice = Some.Slice("web", 8080, Some.Endpoint("10.244.0.2", "n1"), Some.Endpoint("10.244.1.2", "n2"));
        Assert.Contains(new Fact("masqnp4", "tcp . 30080"), Some.Rules(service, slice));

        var local = Some.Rules(service.With(s => s.Spec.ExternalTrafficPolicy = "Local"), slice);

        Assert.DoesNotContain(local, f => f.Container == "masqnp4");
        Assert.Contains(new Fact("np4", "tcp . 30080", "goto lb-np4-2"), local);
        Assert.Contains(new Fact("npx4", "tcp . 30080", "goto npx4-0"), local);
        Assert.Contains(new Fact("npx4-0", "tcp . 30080", "10.244.0.2 . 8080"), local);
    }

    [Fact]
    public void Policy_Local_without_an_endpoint_here_is_silent()
    {
        var slice = Some.Slice("web", 8080, Some.Endpoint("10.244.1.2", "n2"));

        var external = Some.Rules(Some.Service("web", "10.96.0.10", nodePort: 30080).With(s => s.Spec.ExternalTrafficPolicy = "Local"), slice);
        Assert.Contains(new Fact("npx4", "tcp . 30080", "drop"), external);
        Assert.Contains(new Fact("vip4", "10.96.0.10 . tcp . 80", "goto vip4-0"), external);

        var @internal = Some.Rules(Some.Service("web", "10.96.0.10").With(s => s.Spec.InternalTrafficPolicy = "Local"), slice);
        Assert.Contains(new Fact("vip4", "10.96.0.10 . tcp . 80", "drop"), @internal);
    }

    [Fact]
    public void External_and_load_balancer_addresses_are_entries_too()
    {
        var service = Some.Service("web", "10.96.0.10", nodePort: 30080).With(s =>
        {
            s.Spec.Type = "LoadBalancer";
            s.Spec.ExternalIPs = ["203.0.113.5"];
            s.Spec.LoadBalancerSourceRanges = ["198.51.100.0/24"];
            s.Status.LoadBalancer = new V1LoadBalancerStatus
            {
                Ingress = [new V1LoadBalancerIngress { Ip = "203.0.113.9" }, new V1LoadBalancerIngress { Ip = "203.0.113.10", IpMode = "Proxy" }, new V1LoadBalancerIngress { Hostname = "lb.example" }],
            };
        });

        var facts = Some.Rules(service, Some.Slice("web", 8080, "10.244.0.2"));

        Assert.Contains(new Fact("masq4", "203.0.113.5 . tcp . 80"), facts);
        Assert.Contains(new Fact("vip4-0", "203.0.113.9 . tcp . 80", "10.244.0.2 . 8080"), facts);
        Assert.DoesNotContain(facts, f => f.Key.StartsWith("203.0.113.10", StringComparison.Ordinal));
        Assert.Contains(new Fact("guarded4", "203.0.113.9 . tcp . 80"), facts);
        Assert.Contains(new Fact("admitted4", "203.0.113.9 . tcp . 80 . 198.51.100.0/24"), facts);
    }

    [Fact]
    public void Session_affinity_gives_a_Service_chains_of_its_own()
    {
        var facts = Some.Rules(Some.Service("web", "10.96.0.10").With(s =>
        {
            s.Spec.SessionAffinity = "ClientIP";
            s.Spec.SessionAffinityConfig = new V1SessionAffinityConfig { ClientIP = new V1ClientIPConfig { TimeoutSeconds = 60 } };
        }), Some.Slice("web", 8080, "10.244.0.2", "10.244.0.3"));

        Assert.Contains(new Fact("vip4", "10.96.0.10 . tcp . 80", "goto aff4-default/web/tcp/80"), facts);
        Assert.Contains(facts, f => f.Container == Fact.Set && f.Key == "aff4-default/web/tcp/80/10.244.0.2.8080" && f.Value!.Contains("timeout 60s"));
        Assert.Equal(3, facts.Count(f => f.Container == Fact.Chain));
    }
}
