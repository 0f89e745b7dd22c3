using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Nodes;

/// <summary>
/// Watches nodes, their Leases and their pods for the <see cref="NodeLifecycleReconciler"/>, and remembers when each node was last heard of. The moment counts at which a renewal
/// was seen here, so that clocks need not agree.
/// </summary>
internal sealed class NodeLifecycleController : IController
{
    private const string LeaseNamespace = "kube-node-lease";
    private const string ByNode = "node";

    private sealed record Heard(DateTime? Renewed, DateTime? Posted, DateTimeOffset At, SignsOfLife Signs);

    private readonly NodeLifecycleSettings _settings;
    private readonly ILister<V1Node> _nodes;
    private readonly ILister<V1Lease> _leases;
    private readonly ILister<V1Pod> _pods;
    private readonly EvictionPermits _permits;
    private readonly Dictionary<string, Heard> _heard = [];
    private readonly TaintsSeen _taints = new();

    public NodeLifecycleController(IInformerFactory informers, NodeLifecycleSettings settings)
    {
        var (nodes, leases, pods) = (informers.Informer<V1Node>(), informers.Informer<V1Lease>(LeaseNamespace), informers.Informer<V1Pod>());
        pods.AddIndex(ByNode, p => string.IsNullOrEmpty(p.Spec.NodeName) ? [] : [p.Spec.NodeName]);
        (_settings, _nodes, _leases, _pods) = (settings, nodes.Lister, leases.Lister, pods.Lister);
        _permits = new EvictionPermits(settings);
        Sources = [Source.OfChanges<V1Node>(nodes, NodeChanged), Source.Of(leases, l => [new ObjectKey("", l.Metadata.Name)]), Source.OfChanges<V1Pod>(pods, PodChanged)];
    }

    public string Name => "node-lifecycle";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        var now = context.Now;
        if (_nodes.Get(null, key.Name) is not { } node)
            return Plan.Nothing;
        var lease = _leases.Get(LeaseNamespace, key.Name);
        var heard = Listen(node, lease, now);
        var grace = NodeHealth.GraceOf(lease, heard.Signs, _settings);
        var silent = now >= heard.At + grace;
        var (permit, askAgain) = (EvictionPermit.Wait, (TimeSpan?)null);
        if (silent || node.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: not "True" }) == true)
            (permit, askAgain) = _permits.Ask(node, [.. _nodes.List().Select(n => (n, !ReferenceEquals(n, node) && NodeHealth.IsReady(n)))], now);
        else
            _permits.Return(node.Metadata.Uid);
        var plan = NodeLifecycleReconciler.Reconcile(node, heard.At, grace, permit, _pods.ByIndex(ByNode, key.Name), now, _taints.Look(node, now));
        return plan.RequeueAfter is { } next && (askAgain is null || next < askAgain) ? plan : plan with { RequeueAfter = askAgain };
    }

    // A renewed Lease or a posted status is a sign of life; the same one again is none.
    private Heard Listen(V1Node node, V1Lease? lease, DateTimeOffset now)
    {
        var renewed = lease?.Spec?.RenewTime;
        var posted = node.Status?.Conditions?.Where(c => c.Type == "Ready" && c.Reason is not ("NodeStatusUnknown" or "NodeStatusNeverUpdated")).Max(c => c.LastHeartbeatTime);
        if (!_heard.TryGetValue(node.Metadata.Uid, out var heard))
        {
            // First seen, maybe after this controller moved here: the node's time starts over.
            heard = new Heard(renewed, posted, now, renewed is null && posted is null ? SignsOfLife.Never : SignsOfLife.BeforeThisController);
        }
        else if ((renewed is not null && (heard.Renewed is null || renewed > heard.Renewed)) || (posted is not null && (heard.Posted is null || posted > heard.Posted)))
            heard = new Heard(renewed ?? heard.Renewed, posted ?? heard.Posted, now, SignsOfLife.Here);
        return _heard[node.Metadata.Uid] = heard;
    }

    private IEnumerable<ObjectKey> NodeChanged(V1Node? old, V1Node node)
    {
        if (_nodes.Get(null, node.Metadata.Name) is null)
        {
            _heard.Remove(node.Metadata.Uid);
            _taints.Forget(node.Metadata.Uid);
            _permits.Return(node.Metadata.Uid);
            return [];
        }

        return [ObjectKey.Of(node)];
    }

    private IEnumerable<ObjectKey> PodChanged(V1Pod? old, V1Pod pod) => string.IsNullOrEmpty(pod.Spec.NodeName)
        ? []
        : _nodes.Get(null, pod.Spec.NodeName) is { } node && !NodeHealth.IsReady(node) ? [ObjectKey.Of(node)] : old?.Spec.NodeName is null ? [new ObjectKey("", pod.Spec.NodeName)] : [];
}
