using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Nodes;

/// <summary>Gives each node its part of the pods' address ranges. All nodes are one key: two nodes decided on at the same time would get the same part.</summary>
internal sealed class NodeIpamController : IController
{
    private static readonly ObjectKey AllNodes = new("", "nodes");

    private readonly ILister<V1Node> _nodes;
    private readonly IReadOnlyList<ClusterCidr> _cidrs;

    public NodeIpamController(IInformerFactory informers, IReadOnlyList<ClusterCidr> cidrs)
    {
        var nodes = informers.Informer<V1Node>();
        (_nodes, _cidrs) = (nodes.Lister, cidrs);
        Sources = [Source.OfChanges<V1Node>(nodes, (old, node) => old is null || string.IsNullOrEmpty(node.Spec?.PodCIDR) ? [AllNodes] : [])];
    }

    public string Name => "node-ipam";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => Reconcile(_nodes.List(), _cidrs);

    /// <summary>Gives parts to nodes that have none, the oldest node first.</summary>
    internal static Plan Reconcile(IEnumerable<V1Node> nodes, IReadOnlyList<ClusterCidr> cidrs)
    {
        var all = nodes.OrderBy(n => n.Metadata.CreationTimestamp).ThenBy(n => n.Metadata.Name, StringComparer.Ordinal).ToList();
        var taken = all.SelectMany(n => n.Spec?.PodCIDRs ?? (n.Spec?.PodCIDR is { } one ? [one] : [])).Select(ClusterCidr.Normal).ToHashSet();
        var actions = new List<PlannedAction>();
        foreach (var node in all.Where(n => string.IsNullOrEmpty(n.Spec?.PodCIDR) && n.Metadata.DeletionTimestamp is null))
        {
            var parts = cidrs.Select(c => c.FirstFree(taken)).ToList();
            if (parts.Any(p => p is null))
            {
                actions.Add(new Tell(node, "Warning", "CIDRNotAvailable", $"Node {node.Metadata.Name} status is now: CIDRNotAvailable"));
                continue;
            }

            taken.UnionWith(parts!);
            actions.Add(new Merge(node, new { metadata = new { uid = node.Metadata.Uid }, spec = new { podCIDR = parts[0], podCIDRs = parts } }));
        }

        return new Plan(actions);
    }
}
