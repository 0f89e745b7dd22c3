using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.PodGc;

/// <summary>Looks over all pods every so often for the <see cref="PodGcReconciler"/>. All pods are one key.</summary>
internal sealed class PodGcController : IController
{
    private static readonly ObjectKey AllPods = new("", "pods");

    private readonly ILister<V1Pod> _pods;
    private readonly ILister<V1Node> _nodes;
    private readonly int _threshold;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _quarantine;
    private readonly Dictionary<string, DateTimeOffset> _missingSince = [];

    public PodGcController(IInformerFactory informers, int threshold, TimeSpan interval, TimeSpan quarantine)
    {
        var (pods, nodes) = (informers.Informer<V1Pod>(), informers.Informer<V1Node>());
        (_pods, _nodes, _threshold, _interval, _quarantine) = (pods.Lister, nodes.Lister, threshold, interval, quarantine);
        Sources =
        [
            // A pod that is deleted before it got a node has no kubelet to end it.
            Source.OfChanges<V1Pod>(pods, (_, pod) => pod.Metadata.DeletionTimestamp is not null && string.IsNullOrEmpty(pod.Spec.NodeName) ? [AllPods] : []),
            Source.OfChanges<V1Node>(nodes, (old, _) => old is null ? [AllPods] : []),
        ];
    }

    public string Name => "pod-gc";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        var nodes = _nodes.List().ToDictionary(n => n.Metadata.Name);
        var pods = _pods.List();
        var missing = pods.Select(p => p.Spec.NodeName).Where(n => !string.IsNullOrEmpty(n) && !nodes.ContainsKey(n)).ToHashSet();
        foreach (var back in _missingSince.Keys.Where(n => !missing.Contains(n)).ToList())
            _missingSince.Remove(back);
        foreach (var node in missing)
            _missingSince.TryAdd(node, context.Now);
        return PodGcReconciler.Reconcile(pods, nodes, _missingSince, _quarantine, _threshold, context.Now) with { RequeueAfter = _interval };
    }
}
