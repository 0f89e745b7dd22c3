using ActorKube.Client.Informers;
using k8s.Models;

namespace ActorKube.KubeProxy.Dns;

/// <summary>The zone's data straight from the informers' copies.</summary>
internal sealed class InformerZoneData : IZoneData
{
    private const string ByService = "dns/service";
    private const string ByIp = "dns/ip";
    private readonly IInformer<V1Service> _services;
    private readonly IInformer<V1EndpointSlice> _slices;

    public InformerZoneData(IInformerFactory informers)
    {
        (_services, _slices) = (informers.Informer<V1Service>(), informers.Informer<V1EndpointSlice>());
        _services.AddIndex(ByIp, s => s.Spec.ClusterIPs?.Where(ip => ip != "None") ?? []);
        _slices.AddIndex(ByService, s => s.Metadata.Labels is { } labels && labels.TryGetValue("kubernetes.io/service-name", out var name) ? [$"{s.Metadata.NamespaceProperty}/{name}"] : []);
        _slices.AddIndex(ByIp, s => (s.Endpoints ?? []).Where(e => !string.IsNullOrEmpty(e.Hostname)).SelectMany(e => e.Addresses).Distinct());
    }

    public bool IsReady => _services.HasSynced && _slices.HasSynced;

    public V1Service? Service(string ns, string name) => _services.Lister.Get(ns, name);

    public IEnumerable<V1EndpointSlice> Slices(string ns, string service) => _slices.Lister.ByIndex(ByService, $"{ns}/{service}");

    public IEnumerable<V1Service> ServicesByIp(string address) => _services.Lister.ByIndex(ByIp, address);

    public IEnumerable<V1EndpointSlice> SlicesByIp(string address) => _slices.Lister.ByIndex(ByIp, address);

    public bool HasServices(string ns) => _services.Lister.List(ns).Count > 0;
}
