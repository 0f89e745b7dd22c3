using System.Net;
using System.Net.Sockets;
using ActorKube.Client.Informers;
using k8s.Models;

namespace ActorKube.KubeProxy.Services;

/// <summary>
/// Which Services and nodes changed, and the rules that follow. Reads the informers' copies when asked to catch up, so that ten changes of
/// one Service cost as much as one. No I/O. The actor owns it.
/// </summary>
public sealed class ProxyState
{
    private const string NodesOwner = "@nodes";
    private const string ByService = "kube-proxy/service";
    private readonly string _node;
    private readonly IReadOnlyList<string> _clusterCidrs;
    private readonly ILister<V1Service> _services;
    private readonly ILister<V1EndpointSlice> _slices;
    private readonly ILister<V1Node> _nodes;
    private readonly HashSet<(string Namespace, string Name)> _dirty = [];
    private bool _nodesDirty = true;
    private ProxyPlace _place;

    /// <summary>Starts without any rules.</summary>
    public ProxyState(string node, IReadOnlyList<string> clusterCidrs, IInformerFactory informers)
    {
        _node = node;
        _clusterCidrs = clusterCidrs;
        _place = ProxyPlace.Of(node);
        var slices = informers.Informer<V1EndpointSlice>();
        slices.AddIndex(ByService, s => ServiceOf(s) is var (ns, name) ? [$"{ns}/{name}"] : []);
        (_services, _slices, _nodes) = (informers.Informer<V1Service>().Lister, slices.Lister, informers.Informer<V1Node>().Lister);
    }

    /// <summary>The rules as of the last <see cref="CatchUp"/>.</summary>
    public Ruleset Ruleset { get; } = new();

    /// <summary>A Service came, changed or went.</summary>
    public void Changed(V1Service service) => _dirty.Add((service.Metadata.NamespaceProperty, service.Metadata.Name));

    /// <summary>A slice came, changed or went.</summary>
    public void Changed(V1EndpointSlice slice)
    {
        if (ServiceOf(slice) is { } service)
        {
            _dirty.Add(service);
        }
    }

    /// <summary>A node came, changed or went. A heartbeat costs nothing: only what we read of a node counts.</summary>
    public void Changed(V1Node? old, V1Node? node) =>
        _nodesDirty |= old is null || node is null || !Relevant(old).SequenceEqual(Relevant(node));

    /// <summary>Brings the rules up to date.</summary>
    public void CatchUp()
    {
        if (_nodesDirty)
        {
            _nodesDirty = false;
            NodesChanged();
        }

        foreach (var (ns, name) in _dirty)
        {
            var key = $"{ns}/{name}";
            Ruleset.Put(key, _services.Get(ns, name) is { } service ? ServiceRules.Of(service, _slices.ByIndex(ByService, key), _place) : []);
        }

        _dirty.Clear();
    }

    /// <summary>The place of a node among all nodes.</summary>
    public static ProxyPlace PlaceOf(string node, IReadOnlyCollection<V1Node> nodes)
    {
        var own = nodes.FirstOrDefault(n => n.Metadata.Name == node);
        var addresses = InternalIps(own).ToHashSet();
        var local = nodes.Where(n => InternalIps(n).Any(addresses.Contains)).Select(n => n.Metadata.Name).Append(node).ToHashSet();
        return new ProxyPlace(local, own?.Metadata.Labels is { } labels && labels.TryGetValue("topology.kubernetes.io/zone", out var zone) ? zone : null);
    }

    private void NodesChanged()
    {
        var nodes = _nodes.List();
        var place = PlaceOf(_node, nodes);
        if (!place.LocalNodes.SetEquals(_place.LocalNodes) || place.Zone != _place.Zone)
        {
            _place = place;
            _dirty.UnionWith(_services.List().Select(s => (s.Metadata.NamespaceProperty, s.Metadata.Name)));
        }

        var facts = new HashSet<Fact>();
        foreach (var cidr in nodes.SelectMany(PodCidrs).Concat(_clusterCidrs))
        {
            if (IPNetwork.TryParse(cidr, out var network))
            {
                facts.Add(new Fact(network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? "pods4" : "pods6", network.ToString()));
            }
        }

        Ruleset.Put(NodesOwner, [.. facts]);
    }

    private static IEnumerable<string> PodCidrs(V1Node node) => node.Spec?.PodCIDRs ?? (node.Spec?.PodCIDR is { Length: > 0 } one ? [one] : []);

    private static IEnumerable<string> InternalIps(V1Node? node) => (node?.Status?.Addresses ?? []).Where(a => a.Type == "InternalIP").Select(a => a.Address);

    private static IEnumerable<string?> Relevant(V1Node node) =>
        [.. PodCidrs(node), "|", .. InternalIps(node), "|", node.Metadata.Labels is { } labels && labels.TryGetValue("topology.kubernetes.io/zone", out var zone) ? zone : null];

    private static (string Namespace, string Name)? ServiceOf(V1EndpointSlice slice) =>
        slice.Metadata.Labels is { } labels && labels.TryGetValue("kubernetes.io/service-name", out var name) ? (slice.Metadata.NamespaceProperty, name) : null;
}
