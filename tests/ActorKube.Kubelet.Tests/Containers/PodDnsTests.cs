using ActorKube.Kubelet.Containers;
using ActorKube.Kubelet.Tests.Fakes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Containers;

public class PodDnsTests
{
    private static readonly PodDns Dns = new(() => ["10.0.0.10"], "cluster.local", () => "# comment\nnameserver 192.0.2.53\nsearch example.com corp\noptions rotate\n");

    [Fact]
    public void Pods_ask_the_cluster_first_and_search_their_namespace()
    {
        var config = Dns.Config(Some.Pod());
        Assert.Equal(["10.0.0.10"], config.Servers);
        Assert.Equal(["default.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.com", "corp"], config.Searches);
        Assert.Equal(["ndots:5"], config.Options);
    }

    [Theory]
    [InlineData("Default", false)]
    [InlineData("ClusterFirst", true)]
    public void Others_use_the_nodes_resolver(string policy, bool hostNetwork)
    {
        var config = Dns.Config(Some.Pod().With(s => (s.DnsPolicy, s.HostNetwork) = (policy, hostNetwork)));
        Assert.Equal(["192.0.2.53"], config.Servers);
        Assert.Equal(["rotate"], config.Options);
    }

    [Fact]
    public void None_takes_only_what_the_pod_says()
    {
        var own = new V1PodDNSConfig { Nameservers = ["1.2.3.4"], Searches = ["a.b"], Options = [new V1PodDNSConfigOption { Name = "ndots", Value = "2" }] };
        var config = Dns.Config(Some.Pod().With(s => (s.DnsPolicy, s.DnsConfig) = ("None", own)));
        Assert.Equal(["1.2.3.4", "a.b", "ndots:2"], [.. config.Servers, .. config.Searches, .. config.Options]);
        Assert.Equal(["ndots:2"], Dns.Config(Some.Pod().With(s => s.DnsConfig = own)).Options);
    }

    [Fact]
    public void Host_names_come_from_the_pod()
    {
        Assert.Equal("web", PodDns.Hostname(Some.Pod(), "n1"));
        Assert.Equal("n1", PodDns.Hostname(Some.Pod().With(s => s.HostNetwork = true), "n1"));
        var pod = Some.Pod().With(s => (s.Hostname, s.Subdomain) = ("db-0", "db"));
        Assert.Equal(("db-0", "db.default.svc.cluster.local"), (PodDns.Hostname(pod, "n1"), Dns.Domain(pod)));
    }

    [Fact]
    public void The_hosts_file_names_the_pod_and_its_aliases()
    {
        var pod = Some.Pod().With(s => s.HostAliases = [new V1HostAlias { Ip = "1.2.3.4", Hostnames = ["foo", "bar"] }]);
        var text = HostsFile.Text(pod, ["10.0.0.7"], "db-0", "db.default.svc.cluster.local", "");
        Assert.Contains("10.0.0.7\tdb-0.db.default.svc.cluster.local\tdb-0\n", text, StringComparison.Ordinal);
        Assert.EndsWith("# Entries added by HostAliases.\n1.2.3.4\tfoo\tbar\n", text, StringComparison.Ordinal);
        Assert.StartsWith("# Kubernetes-managed hosts file (host network).\n127.0.0.1 own\n", HostsFile.Text(pod.With(s => s.HostNetwork = true), [], "n1", "", "127.0.0.1 own"), StringComparison.Ordinal);
    }
}
