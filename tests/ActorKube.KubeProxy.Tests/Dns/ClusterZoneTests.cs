using System.Net;
using ActorKube.KubeProxy.Dns;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests.Dns;

public sealed class ClusterZoneTests
{
    private readonly FakeZoneData _data = new();

    [Fact]
    public void A_Service_has_its_cluster_address()
    {
        _data.Services.Add(Some.Service("web", "10.96.0.10,fd00:96::a"));

        Assert.Equal(["10.96.0.10"], Addresses("web.default.svc.cluster.local", DnsType.A));
        Assert.Equal(["fd00:96::a"], Addresses("web.default.svc.cluster.local", DnsType.AAAA));
    }

    [Fact]
    public void A_name_that_is_there_without_such_records_is_not_denied()
    {
        _data.Services.Add(Some.Service("web", "10.96.0.10"));

        foreach (var name in new[] { "web.default.svc.cluster.local", "default.svc.cluster.local", "svc.cluster.local", "cluster.local", "pod.cluster.local" })
        {
            var answer = Ask(name, DnsType.AAAA)!;
            Assert.Equal((DnsCode.NoError, 0), (answer.Code, answer.Answers.Count));
            Assert.Equal(DnsType.SOA, Assert.Single(answer.Authority).Type);
        }
    }

    [Theory]
    [InlineData("no.default.svc.cluster.local")]
    [InlineData("web.other.svc.cluster.local")]
    [InlineData("other.svc.cluster.local")]
    [InlineData("google.com.default.svc.cluster.local")]
    [InlineData("a.b.c.d.e.svc.cluster.local")]
    [InlineData("whatever.cluster.local")]
    public void A_name_that_is_not_there_is_denied(string name)
    {
        _data.Services.Add(Some.Service("web", "10.96.0.10"));

        var answer = Ask(name, DnsType.A)!;
        Assert.Equal(DnsCode.NoSuchName, answer.Code);
        Assert.Equal(DnsType.SOA, Assert.Single(answer.Authority).Type);
    }

    [Theory]
    [InlineData("example.com")]
    [InlineData("cluster.localx")]
    [InlineData("mycluster.local")]
    [InlineData("")]
    public void Other_names_are_not_ours(string name) => Assert.Null(Ask(name, DnsType.A));

    [Fact]
    public void A_headless_Service_has_the_addresses_of_its_ready_endpoints_beginning_elsewhere_each_time()
    {
        _data.Services.Add(Some.Service("db", "None"));
        _data.AllSlices.Add(Some.Slice("db", 5432, Some.Endpoint("10.0.0.1"), Some.Endpoint("10.0.0.2"), Some.Endpoint("10.0.0.3", ready: false)));

        Assert.Equal(["10.0.0.1", "10.0.0.2"], Addresses("db.default.svc.cluster.local", DnsType.A));
        Assert.Equal(["10.0.0.2", "10.0.0.1"], Ask("db.default.svc.cluster.local", DnsType.A, 1)!.Answers.Select(r => ((AddressRecord)r).Address.ToString()));
        Assert.Equal(DnsCode.NoError, Ask("db.default.svc.cluster.local", DnsType.AAAA)!.Code);
    }

    [Fact]
    public void A_pod_of_a_headless_Service_has_its_host_name_or_its_address_as_name()
    {
        _data.Services.Add(Some.Service("db", "None"));
        _data.AllSlices.Add(Some.Slice("db", 5432, Some.Endpoint("10.0.0.1").With(e => e.Hostname = "db-0"), Some.Endpoint("10.0.0.2")));

        Assert.Equal(["10.0.0.1"], Addresses("db-0.db.default.svc.cluster.local", DnsType.A));
        Assert.Equal(["10.0.0.2"], Addresses("10-0-0-2.db.default.svc.cluster.local", DnsType.A));
        Assert.Equal(DnsCode.NoSuchName, Ask("db-9.db.default.svc.cluster.local", DnsType.A)!.Code);
        Assert.Equal("db-0.db.default.svc.cluster.local", Target(Ask("1.0.0.10.in-addr.arpa", DnsType.PTR)));
    }

    [Fact]
    public void A_named_port_has_a_service_record()
    {
        _data.Services.Add(Some.Service("web", "10.96.0.10", 8443));

        var answer = Ask("_p._tcp.web.default.svc.cluster.local", DnsType.SRV)!;

        Assert.Equal(new ServiceRecord("_p._tcp.web.default.svc.cluster.local", 0, 100, 8443, "web.default.svc.cluster.local", 5), Assert.Single(answer.Answers));
        Assert.Equal("10.96.0.10", Assert.IsType<AddressRecord>(Assert.Single(answer.Additional)).Address.ToString());
        Assert.Equal(DnsCode.NoSuchName, Ask("_other._tcp.web.default.svc.cluster.local", DnsType.SRV)!.Code);
        Assert.Equal(DnsCode.NoSuchName, Ask("_p._udp.web.default.svc.cluster.local", DnsType.SRV)!.Code);
        Assert.Equal((DnsCode.NoError, 0), (Ask("_tcp.web.default.svc.cluster.local", DnsType.SRV)!.Code, Ask("_tcp.web.default.svc.cluster.local", DnsType.SRV)!.Answers.Count));
    }

    [Fact]
    public void A_named_port_of_a_headless_Service_has_one_record_per_endpoint()
    {
        _data.Services.Add(Some.Service("db", "None"));
        _data.AllSlices.Add(Some.Slice("db", 5432, Some.Endpoint("10.0.0.1").With(e => e.Hostname = "db-0"), Some.Endpoint("10.0.0.2")));

        var answer = Ask("_p._tcp.db.default.svc.cluster.local", DnsType.SRV)!;

        Assert.Equal(["db-0.db.default.svc.cluster.local", "10-0-0-2.db.default.svc.cluster.local"], answer.Answers.Select(r => ((ServiceRecord)r).Target));
        Assert.All(answer.Answers, r => Assert.Equal(5432, ((ServiceRecord)r).Port));
        Assert.Equal(2, answer.Additional.Count);
    }

    [Fact]
    public void An_external_name_is_an_alias()
    {
        _data.Services.Add(Some.Service("ext", "").With(s =>
        {
            s.Spec.Type = "ExternalName";
            s.Spec.ExternalName = "WWW.example.com.";
        }));

        Assert.Equal("www.example.com", Target(Ask("ext.default.svc.cluster.local", DnsType.A)));
    }

    [Theory]
    [InlineData("10-244-0-2.default.pod.cluster.local", DnsType.A, "10.244.0.2")]
    [InlineData("fd00-244--2.default.pod.cluster.local", DnsType.AAAA, "fd00:244::2")]
    [InlineData("--1.default.pod.cluster.local", DnsType.AAAA, "::1")]
    public void A_pod_has_a_name_made_of_its_address(string name, DnsType type, string address) => Assert.Equal([address], Addresses(name, type));

    [Theory]
    [InlineData("10-244-0.default.pod.cluster.local")]
    [InlineData("10-244-0-256.default.pod.cluster.local")]
    [InlineData("web.default.pod.cluster.local")]
    public void What_is_no_address_is_no_pod(string name) => Assert.Equal(DnsCode.NoSuchName, Ask(name, DnsType.A)!.Code);

    [Fact]
    public void A_cluster_address_has_the_Services_name_and_other_addresses_are_not_ours()
    {
        _data.Services.Add(Some.Service("web", "10.96.0.10,fd00:96::a"));

        Assert.Equal("web.default.svc.cluster.local", Target(Ask("10.0.96.10.in-addr.arpa", DnsType.PTR)));
        Assert.Equal("web.default.svc.cluster.local", Target(Ask("a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.0.d.f.ip6.arpa", DnsType.PTR)));
        Assert.Null(Ask("8.8.8.8.in-addr.arpa", DnsType.PTR));
    }

    [Fact]
    public void Says_which_version_of_the_naming_rules_it_follows() =>
        Assert.Equal("1.1.0", Assert.IsType<TextRecord>(Assert.Single(Ask("dns-version.cluster.local", DnsType.TXT)!.Answers)).Text);

    private DnsAnswer? Ask(string name, DnsType type, int turn = 0) => new ClusterZone("cluster.local", 5, _data).Answer(name, type, turn);

    private IEnumerable<string> Addresses(string name, DnsType type) => Ask(name, type)!.Answers.Select(r => Assert.IsType<AddressRecord>(r).Address.ToString());

    private static string Target(DnsAnswer? answer) => Assert.IsType<NameRecord>(Assert.Single(answer!.Answers)).Target;

    internal sealed class FakeZoneData : IZoneData
    {
        public List<V1Service> Services { get; } = [];

        public List<V1EndpointSlice> AllSlices { get; } = [];

        public V1Service? Service(string ns, string name) => Services.FirstOrDefault(s => s.Metadata.NamespaceProperty == ns && s.Metadata.Name == name);

        public IEnumerable<V1EndpointSlice> Slices(string ns, string service) =>
            AllSlices.Where(s => s.Metadata.NamespaceProperty == ns && s.Metadata.Labels["kubernetes.io/service-name"] == service);

        public IEnumerable<V1Service> ServicesByIp(string address) => Services.Where(s => s.Spec.ClusterIPs.Contains(address));

        public IEnumerable<V1EndpointSlice> SlicesByIp(string address) => AllSlices.Where(s => s.Endpoints.Any(e => e.Addresses.Contains(address)));

        public bool HasServices(string ns) => Services.Any(s => s.Metadata.NamespaceProperty == ns);
    }
}
