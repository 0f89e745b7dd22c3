using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Storage;

/// <summary>PersistentVolumeClaims stay while a pod on a node mounts them.</summary>
internal sealed class ClaimProtectionController : IController
{
    private const string Finalizer = "kubernetes.io/pvc-protection";
    private const string ByClaim = "claim";

    private readonly ILister<V1PersistentVolumeClaim> _claims;
    private readonly ILister<V1Pod> _pods;

    public ClaimProtectionController(IInformerFactory informers)
    {
        var (claims, pods) = (informers.Informer<V1PersistentVolumeClaim>(), informers.Informer<V1Pod>());
        pods.AddIndex(ByClaim, pod => ClaimsOf(pod).Select(k => k.ToString()));
        (_claims, _pods) = (claims.Lister, pods.Lister);
        Sources = [Source.Own(claims), Source.OfLosses<V1Pod>(pods, (_, pod) => ClaimsOf(pod))];
    }

    public string Name => "persistentvolumeclaim-protection";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) =>
        Reconcile(_claims.Get(key.Namespace, key.Name), _pods.ByIndex(ByClaim, key.ToString()));

    internal static Plan Reconcile(V1PersistentVolumeClaim? claim, IEnumerable<V1Pod> pods) => ProtectionFinalizer.Reconcile(claim, Finalizer, () => pods.Any(p => Uses(p, claim!)));

    // A kubelet starts no pod whose claim is going, so one that is not on a node yet does not count.
    private static bool Uses(V1Pod pod, V1PersistentVolumeClaim claim) => !string.IsNullOrEmpty(pod.Spec.NodeName) && (pod.Spec.Volumes ?? []).Any(v =>
        v.PersistentVolumeClaim?.ClaimName == claim.Metadata.Name
        || (v.Ephemeral is not null && EphemeralClaim(pod, v) == claim.Metadata.Name && Ownership.IsControlledBy(claim, pod)));

    private static IEnumerable<ObjectKey> ClaimsOf(V1Pod pod) => (pod.Spec.Volumes ?? [])
        .Select(v => v.PersistentVolumeClaim?.ClaimName ?? (v.Ephemeral is null ? null : EphemeralClaim(pod, v)))
        .OfType<string>()
        .Select(name => new ObjectKey(pod.Metadata.NamespaceProperty ?? "", name));

    private static string EphemeralClaim(V1Pod pod, V1Volume volume) => $"{pod.Metadata.Name}-{volume.Name}";
}
