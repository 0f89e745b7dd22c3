using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.ServiceAccounts;

/// <summary>Puts the certificates by which pods know the API server into the ConfigMap <c>kube-root-ca.crt</c> of every namespace.</summary>
internal sealed class RootCaController : IController
{
    private const string ConfigMapName = "kube-root-ca.crt";
    private const string Key = "ca.crt";

    private readonly string _rootCa;
    private readonly ILister<V1Namespace> _namespaces;
    private readonly ILister<V1ConfigMap> _maps;

    public RootCaController(IInformerFactory informers, string rootCa)
    {
        var (namespaces, maps) = (informers.Informer<V1Namespace>(), informers.Informer<V1ConfigMap>(fieldSelector: $"metadata.name={ConfigMapName}"));
        (_rootCa, _namespaces, _maps) = (rootCa, namespaces.Lister, maps.Lister);
        Sources = [Source.Own(namespaces), Source.Of(maps, m => [new ObjectKey("", m.Metadata.NamespaceProperty)])];
    }

    public string Name => "root-ca";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => Reconcile(_namespaces.Get(null, key.Name), _maps.Get(key.Name, ConfigMapName), _rootCa);

    internal static Plan Reconcile(V1Namespace? ns, V1ConfigMap? map, string rootCa)
    {
        if (ns is not { Metadata.DeletionTimestamp: null })
            return Plan.Nothing;
        if (map is null)
        {
            return Plan.Of(new Create(new V1ConfigMap
            {
                Metadata = new V1ObjectMeta
                {
                    Name = ConfigMapName,
                    NamespaceProperty = ns.Metadata.Name,
                    Annotations = new Dictionary<string, string>
                    {
                        ["kubernetes.io/description"] =
                            "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. "
                            + "No other usage is guaranteed across distributions of Kubernetes clusters.",
                    },
                },
                Data = new Dictionary<string, string> { [Key] = rootCa },
            }));
        }

        if (map.Data is { Count: 1 } data && data.TryGetValue(Key, out var value) && value == rootCa)
            return Plan.Nothing;
        var changed = ApiJson.Copy(map);
        changed.Data = new Dictionary<string, string> { [Key] = rootCa };
        return Plan.Of(new Update(changed));
    }
}
