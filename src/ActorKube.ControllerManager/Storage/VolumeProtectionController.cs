using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Storage;

/// <summary>PersistentVolumes stay while they are bound to a claim.</summary>
internal sealed class VolumeProtectionController : IController
{
    private const string Finalizer = "kubernetes.io/pv-protection";

    private readonly ILister<V1PersistentVolume> _volumes;

    public VolumeProtectionController(IInformerFactory informers)
    {
        var volumes = informers.Informer<V1PersistentVolume>();
        _volumes = volumes.Lister;
        Sources = [Source.Own(volumes)];
    }

    public string Name => "persistentvolume-protection";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => Reconcile(_volumes.Get(null, key.Name));

    internal static Plan Reconcile(V1PersistentVolume? volume) => ProtectionFinalizer.Reconcile(volume, Finalizer, () => volume!.Status?.Phase == "Bound");
}
