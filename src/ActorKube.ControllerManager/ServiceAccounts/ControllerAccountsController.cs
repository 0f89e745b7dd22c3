using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.ServiceAccounts;

/// <summary>
/// Keeps the service accounts in kube-system that the controllers are (<see cref="ControllerIdentities"/>): role bindings name them, and who looks for what a controller may do finds them.
/// </summary>
internal sealed class ControllerAccountsController : IController
{
    private static readonly ObjectKey Home = new("", ControllerIdentities.Namespace);

    private readonly ILister<V1Namespace> _namespaces;
    private readonly ILister<V1ServiceAccount> _accounts;
    private readonly IReadOnlyList<string> _names;

    /// <summary>Makes it.</summary>
    /// <param name="informers">The shared ones.</param>
    /// <param name="controllers">The names of the controllers that run.</param>
    public ControllerAccountsController(IInformerFactory informers, IEnumerable<string> controllers)
    {
        var (namespaces, accounts) = (informers.Informer<V1Namespace>(), informers.Informer<V1ServiceAccount>());
        (_namespaces, _accounts) = (namespaces.Lister, accounts.Lister);
        _names = [.. controllers.Select(ControllerIdentities.AccountOf).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        Sources =
        [
            Source.Of(namespaces, n => n.Metadata.Name == Home.Name ? [Home] : []),
            Source.Of(accounts, a => a.Metadata.NamespaceProperty == Home.Name ? [Home] : []),
        ];
    }

    public string Name => "controller-accounts";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) =>
        Reconcile(_namespaces.Get(null, key.Name), [.. _names.Where(n => _accounts.Get(key.Name, n) is null)]);

    internal static Plan Reconcile(V1Namespace? ns, IReadOnlyList<string> missing) => ns is not { Metadata.DeletionTimestamp: null } || missing.Count == 0
        ? Plan.Nothing
        : Plan.Of([.. missing.Select(name => new Create(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns.Metadata.Name } }))]);
}
