using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.ServiceAccounts;

/// <summary>
/// Fills secrets of the type kubernetes.io/service-account-token, and deletes those whose service account is gone.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#token-controller
/// </summary>
internal sealed class TokenSecretController : IController
{
    private const string Type = "kubernetes.io/service-account-token";
    private const string AccountName = "kubernetes.io/service-account.name";
    private const string AccountUid = "kubernetes.io/service-account.uid";
    private const string ByAccount = "service-account";

    private static readonly TimeSpan KeyPause = TimeSpan.FromSeconds(5);

    private readonly ILister<V1Secret> _secrets;
    private readonly ILister<V1ServiceAccount> _accounts;
    private readonly LegacyTokenSigner _signer;
    private readonly byte[] _rootCa;

    public TokenSecretController(IInformerFactory informers, LegacyTokenSigner signer, string rootCa)
    {
        var (secrets, accounts) = (informers.Informer<V1Secret>(), informers.Informer<V1ServiceAccount>());
        secrets.AddIndex(ByAccount, s => AccountOf(s) is { } account ? [account.ToString()] : []);
        (_secrets, _accounts, _signer, _rootCa) = (secrets.Lister, accounts.Lister, signer, Encoding.UTF8.GetBytes(rootCa));
        Sources =
        [
            Source.Of(secrets, s => AccountOf(s) is null ? [] : [ObjectKey.Of(s)]),
            Source.Of(accounts, a => _secrets.ByIndex(ByAccount, ObjectKey.Of(a).ToString()).Select(s => ObjectKey.Of(s))),
        ];
    }

    public string Name => "serviceaccount-token";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        if (_secrets.Get(key.Namespace, key.Name) is not { } secret || AccountOf(secret) is not { } account)
            return Plan.Nothing;
        return Reconcile(secret, _accounts.Get(account.Namespace, account.Name), _rootCa, uid => _signer.Sign(key.Namespace, account.Name, uid, key.Name));
    }

    /// <summary>Decides on one secret.</summary>
    /// <param name="secret">A secret that names a service account.</param>
    /// <param name="account">The service account, or null.</param>
    /// <param name="rootCa">The certificates (PEM) by which the API server is known.</param>
    /// <param name="sign">Makes a token for the account of the uid; null while that cannot be done.</param>
    internal static Plan Reconcile(V1Secret secret, V1ServiceAccount? account, byte[] rootCa, Func<string, string?> sign)
    {
        if (secret.Metadata.DeletionTimestamp is not null)
            return Plan.Nothing;
        var uid = secret.Metadata.Annotations.TryGetValue(AccountUid, out var noted) ? noted : "";
        if (account is null || (uid.Length > 0 && uid != account.Metadata.Uid))
            return Plan.Of(new Procedure(transport => DeleteOrphanAsync(transport, secret, uid)));
        var data = secret.Data ?? new Dictionary<string, byte[]>();
        var ns = Encoding.UTF8.GetBytes(secret.Metadata.NamespaceProperty);
        var hasToken = data.TryGetValue("token", out var token) && token.Length > 0;
        if (hasToken && uid.Length > 0 && Holds(data, "ca.crt", rootCa) && Holds(data, "namespace", ns))
            return Plan.Nothing;
        if (!hasToken)
        {
            if (sign(account.Metadata.Uid) is not { } made)
                return new Plan([], KeyPause);
            token = Encoding.ASCII.GetBytes(made);
        }

        var changed = ApiJson.Copy(secret);
        changed.Data = new Dictionary<string, byte[]>(data) { ["ca.crt"] = rootCa, ["namespace"] = ns, ["token"] = token! };
        changed.Metadata.Annotations[AccountUid] = account.Metadata.Uid;
        return Plan.Of(new Update(changed));
    }

    // The caches of two kinds do not move together: a secret may be seen before its account. So the API server is asked before anything is deleted.
    private static async Task DeleteOrphanAsync(IApiTransport transport, V1Secret secret, string uid)
    {
        var client = new ApiClient(transport, ControllerManagerServices.UserAgent);
        try
        {
            var account = await client.For<V1ServiceAccount>().GetAsync(secret.Metadata.NamespaceProperty, secret.Metadata.Annotations[AccountName]).ConfigureAwait(false);
            if (uid.Length == 0 || account.Metadata.Uid == uid)
                return;
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // As expected: there is none.
        }

        try
        {
            var options = new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = secret.Metadata.Uid } };
            await client.For<V1Secret>().DeleteAsync(secret.Metadata.NamespaceProperty, secret.Metadata.Name, options).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // Somebody else was faster.
        }
    }

    private static bool Holds(IDictionary<string, byte[]> data, string key, byte[] value) => data.TryGetValue(key, out var held) && held.AsSpan().SequenceEqual(value);

    private static ObjectKey? AccountOf(V1Secret secret) =>
        secret.Type == Type && secret.Metadata.Annotations is { } annotations && annotations.TryGetValue(AccountName, out var name) && name.Length > 0
            ? new ObjectKey(secret.Metadata.NamespaceProperty, name)
            : null;
}
