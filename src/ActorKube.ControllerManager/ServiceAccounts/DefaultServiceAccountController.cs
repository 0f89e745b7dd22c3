using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.ServiceAccounts;

/// <summary>Gives every namespace the ServiceAccount <c>default</c>, which pods have that name none.</summary>
internal sealed class DefaultServiceAccountController : IController
{
    private const string Default = "default";

    private readonly ILister<V1Namespace> _namespaces;
    private readonly ILister<V1ServiceAccount> _accounts;

    public DefaultServiceAccountController(IInformerFactory informers)
    {
        var (namespaces, accounts) = (informers.Informer<V1Namespace>(), informers.Informer<V1ServiceAccount>());
        (_namespaces, _accounts) = (namespaces.Lister, accounts.Lister);
        Sources = [Source.Own(namespaces), Source.Of(accounts, a => a.Metadata.Name == Default ? [new ObjectKey("", a.Metadata.NamespaceProperty)] : [])];
    }

    public string Name => "serviceaccount";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => Reconcile(_namespaces.Get(null, key.Name), _accounts.Get(key.Name, Default));

    internal static Plan Reconcile(V1Namespace? ns, V1ServiceAccount? account) => ns is not { Metadata.DeletionTimestamp: null } || account is not null
        ? Plan.Nothing
        : Plan.Of(new Create(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = Default, NamespaceProperty = ns.Metadata.Name } }));
}
