using System.Net;
using System.Net.Sockets;
using k8s.Models;

namespace ActorKube.KubeProxy.Dns;

/// <summary>What the cluster's zone is made of.</summary>
public interface IZoneData
{
    /// <summary>A Service, or null.</summary>
    V1Service? Service(string ns, string name);

    /// <summary>A Service's slices.</summary>
    IEnumerable<V1EndpointSlice> Slices(string ns, string service);

    /// <summary>Services that have the cluster address.</summary>
    IEnumerable<V1Service> ServicesByIp(string address);

    /// <summary>Slices that hold the endpoint address.</summary>
    IEnumerable<V1EndpointSlice> SlicesByIp(string address);

    /// <summary>Whether there is a Service in the namespace.</summary>
    bool HasServices(string ns);
}

/// <summary>
/// Answers for the cluster's zone from Services and EndpointSlices.
/// Source: https://github.com/kubernetes/dns/blob/master/docs/specification.md and
/// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
/// </summary>
/// <param name="domain">The zone, such as <c>cluster.local</c>.</param>
/// <param name="ttl">How many seconds an answer may be kept.</param>
/// <param name="data">Services and slices.</param>
public sealed class ClusterZone(string domain, uint ttl, IZoneData data)
{
    private const string SpecificationVersion = "1.1.0";
    private readonly string _domain = domain.TrimEnd('.').ToLowerInvariant();

    /// <summary>Whether the name is the zone's to answer, be it with "no".</summary>
    public bool Owns(string name) => name == _domain || name.EndsWith("." + _domain, StringComparison.Ordinal);

    /// <summary>
    /// The answer to a query, or null when the name is not ours: other domains, and addresses that belong to nobody here.
    /// <paramref name="turn"/> says where the list of a headless Service begins, so that clients spread.
    /// </summary>
    public DnsAnswer? Answer(string name, DnsType type, int turn = 0)
    {
        if (ReverseName.Parse(name) is { } address)
        {
            return Reverse(name, type, address);
        }

        if (!Owns(name))
        {
            return null;
        }

        if (name == _domain)
        {
            return type switch
            {
                DnsType.SOA => DnsAnswer.Of([Start()]),
                DnsType.NS => DnsAnswer.Of([new NameRecord(_domain, DnsType.NS, "ns.dns." + _domain, ttl)]),
                _ => No(true),
            };
        }

        var labels = name[..^(_domain.Length + 1)].Split('.');
        return labels switch
        {
            ["dns-version"] => type == DnsType.TXT ? DnsAnswer.Of([new TextRecord(name, SpecificationVersion, ttl)]) : No(true),
            ["svc"] or ["pod"] => No(true),
            [var ns, "svc"] => No(data.HasServices(ns)),
            [_, "pod"] => No(true),
            [var service, var ns, "svc"] => Service(name, type, service, ns, turn),
            [var host, var service, var ns, "svc"] => Host(name, type, host, service, ns),
            [var port, var protocol, var service, var ns, "svc"] => Port(name, type, port, protocol, service, ns),
            [var dashed, _, "pod"] => ReverseName.ParseDashed(dashed) is { } ip ? Found([new AddressRecord(name, ip, ttl)], type) : No(false),
            _ => No(false),
        };
    }

    private DnsAnswer Service(string name, DnsType type, string service, string ns, int turn)
    {
        if (data.Service(ns, service) is not { } found)
        {
            return No(false);
        }

        if (found.Spec.Type == "ExternalName")
        {
            return DnsAnswer.Of([new NameRecord(name, DnsType.CNAME, found.Spec.ExternalName.TrimEnd('.').ToLowerInvariant(), ttl)]);
        }

        if (!IsHeadless(found))
        {
            return type == DnsType.SRV
                ? Found([.. found.Spec.Ports.Select(p => Srv(name, p.Port, name))], type, Addresses(name, found))
                : Found(Addresses(name, found), type);
        }

        var endpoints = Endpoints(ns, service).ToList();
        if (type == DnsType.SRV)
        {
            var ports = data.Slices(ns, service).SelectMany(s => s.Ports ?? []).Select(p => p.Port ?? 0).Distinct();
            return Found(
                [.. from e in endpoints from p in ports select Srv(name, p, $"{e.Host}.{name}")], type, [.. endpoints.Select(e => new AddressRecord($"{e.Host}.{name}", e.Address, ttl))]);
        }

        // A Service without endpoints is there, with nothing to tell.
        var addresses = endpoints.Select(e => e.Address).Distinct().Where(a => Is(a, type)).ToList();
        return addresses.Count == 0
            ? No(true)
            : DnsAnswer.Of([.. Enumerable.Range(0, addresses.Count).Select(i => new AddressRecord(name, addresses[(i + turn) % addresses.Count], ttl))]);
    }

    /// <summary>One endpoint by its host name, or by its address where it has none.</summary>
    private DnsAnswer Host(string name, DnsType type, string host, string service, string ns)
    {
        if (data.Service(ns, service) is not { } found || found.Spec.Type == "ExternalName")
        {
            return No(false);
        }

        var records = Endpoints(ns, service).Where(e => e.Host == host).Select(e => (DnsRecord)new AddressRecord(name, e.Address, ttl)).Distinct().ToList();
        return records.Count > 0 ? Found(records, type)
            : No(host.StartsWith('_') && found.Spec.Ports?.Any(p => "_" + (p.Protocol ?? "TCP").ToLowerInvariant() == host) == true);
    }

    /// <summary><c>_http._tcp.web.default.svc…</c></summary>
    private DnsAnswer Port(string name, DnsType type, string port, string protocol, string service, string ns)
    {
        if (port is not ['_', ..] || protocol is not ['_', ..] || data.Service(ns, service) is not { } found || found.Spec.Type == "ExternalName")
        {
            return No(false);
        }

        bool Means(string? portName, string? portProtocol) => portName == port[1..] && (portProtocol ?? "TCP").Equals(protocol[1..], StringComparison.OrdinalIgnoreCase);
        var target = $"{service}.{ns}.svc.{_domain}";
        if (!IsHeadless(found))
        {
            var ports = (found.Spec.Ports ?? []).Where(p => Means(p.Name, p.Protocol)).Select(p => (DnsRecord)Srv(name, p.Port, target)).ToList();
            return ports.Count == 0 ? No(false) : Found(ports, type, Addresses(target, found));
        }

        var records = new List<DnsRecord>();
        var additional = new List<DnsRecord>();
        foreach (var slice in data.Slices(ns, service))
        {
            foreach (var number in (slice.Ports ?? []).Where(p => Means(p.Name, p.Protocol)).Select(p => p.Port ?? 0))
            {
                foreach (var (host, address) in Endpoints([slice]))
                {
                    records.Add(Srv(name, number, $"{host}.{target}"));
                    additional.Add(new AddressRecord($"{host}.{target}", address, ttl));
                }
            }
        }

        return records.Count == 0 ? No(false) : Found([.. records.Distinct()], type, additional);
    }

    private DnsAnswer? Reverse(string name, DnsType type, IPAddress address)
    {
        var text = address.ToString();
        var names = data.ServicesByIp(text).Select(s => $"{s.Metadata.Name}.{s.Metadata.NamespaceProperty}.svc.{_domain}")
            .Concat(from slice in data.SlicesByIp(text)
                    from endpoint in slice.Endpoints ?? []
                    where endpoint.Hostname is { Length: > 0 } && endpoint.Addresses.Contains(text) && slice.Metadata.Labels?.ContainsKey(ServiceName) == true
                    select $"{endpoint.Hostname}.{slice.Metadata.Labels[ServiceName]}.{slice.Metadata.NamespaceProperty}.svc.{_domain}")
            .Distinct().ToList();
        return names.Count == 0 ? null : Found([.. names.Select(n => new NameRecord(name, DnsType.PTR, n, ttl))], type);
    }

    private const string ServiceName = "kubernetes.io/service-name";

    private static bool IsHeadless(V1Service service) => service.Spec.ClusterIP is null or "" or "None";

    private List<DnsRecord> Addresses(string name, V1Service service) =>
        [.. (service.Spec.ClusterIPs is { Count: > 0 } several ? several : [service.Spec.ClusterIP]).Select(IPAddress.Parse).Select(a => new AddressRecord(name, a, ttl))];

    private IEnumerable<(string Host, IPAddress Address)> Endpoints(string ns, string service) => Endpoints(data.Slices(ns, service));

    private static IEnumerable<(string Host, IPAddress Address)> Endpoints(IEnumerable<V1EndpointSlice> slices)
    {
        foreach (var endpoint in slices.SelectMany(s => s.Endpoints ?? []).Where(e => e.Conditions?.Ready ?? true))
        {
            foreach (var text in endpoint.Addresses)
            {
                if (IPAddress.TryParse(text, out var address))
                {
                    yield return (endpoint.Hostname is { Length: > 0 } host ? host : ReverseName.Dashed(address), address);
                }
            }
        }
    }

    private ServiceRecord Srv(string name, int port, string target) => new(name, 0, 100, (ushort)port, target, ttl);

    private static bool Is(IPAddress address, DnsType type) =>
        type == DnsType.ANY || type == (address.AddressFamily == AddressFamily.InterNetwork ? DnsType.A : DnsType.AAAA);

    private DnsAnswer Found(IReadOnlyList<DnsRecord> records, DnsType type, IReadOnlyList<DnsRecord>? additional = null)
    {
        var wanted = records.Where(r => type == DnsType.ANY || r.Type == type).ToList();
        return wanted.Count > 0 ? DnsAnswer.Of(wanted, additional) : No(true);
    }

    private DnsAnswer No(bool exists) => new(exists ? DnsCode.NoError : DnsCode.NoSuchName, [], [Start()], []);

    private StartRecord Start() => new(_domain, "ns.dns." + _domain, "hostmaster." + _domain, 1, ttl, ttl);
}
