using System.Text.Json.Nodes;
using ActorKube.Api.Meta;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.ServiceAccounts;

/// <summary>
/// Puts an end to tokens that were once made for service accounts by themselves and that nobody has used for a year: first they are marked invalid, and a year later
/// deleted. A secret that somebody made stays. Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#legacy-serviceaccount-token-cleaner
/// </summary>
internal sealed class LegacyTokenCleanerController : IController
{
    /// <summary>The day since which a token is no longer good.</summary>
    internal const string InvalidSince = "kubernetes.io/legacy-token-invalid-since";

    private const string Type = "kubernetes.io/service-account-token";
    private const string AccountName = "kubernetes.io/service-account.name";

    private static readonly TimeSpan Again = TimeSpan.FromHours(24);

    private readonly TimeSpan _period;
    private readonly ILister<V1Secret> _secrets;
    private readonly ILister<V1ServiceAccount> _accounts;
    private readonly ILister<V1ConfigMap> _tracking;
    private readonly ILister<V1Pod> _pods;

    /// <summary>Makes it.</summary>
    /// <param name="informers">The shared ones.</param>
    /// <param name="period">How long a token may lie unused, and then again how long it stays as an invalid one.</param>
    public LegacyTokenCleanerController(IInformerFactory informers, TimeSpan period)
    {
        var (secrets, accounts, pods) = (informers.Informer<V1Secret>(), informers.Informer<V1ServiceAccount>(), informers.Informer<V1Pod>());
        var tracking = informers.Informer<V1ConfigMap>("kube-system", fieldSelector: $"metadata.name={LegacyTokens.TrackingName}");
        (_period, _secrets, _accounts, _tracking, _pods) = (period, secrets.Lister, accounts.Lister, tracking.Lister, pods.Lister);
        Sources =
        [
            Source.Of(secrets, s => s.Type == Type ? [ObjectKey.Of(s)] : []),
            // Read, and never a reason to look again: a token's year does not end because a pod starts.
            Source.Of(accounts, _ => []), Source.Of(tracking, _ => []), Source.Of(pods, _ => []),
        ];
    }

    public string Name => "legacy-serviceaccount-token-cleaner";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        if (_secrets.Get(key.Namespace, key.Name) is not { Type: Type } secret)
            return Plan.Nothing;
        var account = secret.Metadata.Annotations?.TryGetValue(AccountName, out var name) is true ? _accounts.Get(key.Namespace, name) : null;
        var since = LegacyTokens.DayOf(_tracking.Get("kube-system", LegacyTokens.TrackingName)?.Data, "since");
        return Reconcile(secret, account, since, () => _pods.List(key.Namespace).Any(p => Mounts(p, key.Name)), _period, context.Now);
    }

    /// <summary>Decides on one token.</summary>
    /// <param name="secret">The secret with it.</param>
    /// <param name="account">Its service account, or null.</param>
    /// <param name="trackedSince">The day since which uses are noted; null while none are.</param>
    /// <param name="isMounted">Whether a pod has the secret as a volume.</param>
    /// <param name="period">How long is long.</param>
    /// <param name="now">Now.</param>
    internal static Plan Reconcile(V1Secret secret, V1ServiceAccount? account, DateTimeOffset? trackedSince, Func<bool> isMounted, TimeSpan period, DateTimeOffset now)
    {
        var metadata = secret.Metadata;
        // Only what an account lists was made for it by itself.
        if (metadata.DeletionTimestamp is not null || account?.Secrets?.Any(s => s.Name == metadata.Name) is not true)
            return Plan.Nothing;
        var idle = new Plan([], Again);
        var limit = now - period;
        if (metadata.CreationTimestamp is not { } created || created.ToUniversalTime() >= limit.UtcDateTime)
            return idle;

        // A token without a day was not used since uses are noted; the first day of that counts whole.
        var used = LegacyTokens.DayOf(metadata.Labels, LegacyTokens.LastUsed) ?? trackedSince?.AddDays(1);
        if (used is not { } last || last > limit || isMounted())
            return idle;
        if (LegacyTokens.DayOf(metadata.Labels, InvalidSince) is not { } invalid || invalid > now)
        {
            var label = new JsonObject { [InvalidSince] = LegacyTokens.Day(now) };
            return new Plan([new Merge(secret, MergeBody.Metadata(metadata, ("labels", label)))], Again);
        }

        return invalid > limit ? idle : Plan.Of(new Delete(secret));
    }

    private static bool Mounts(V1Pod pod, string secret) =>
        pod.Spec?.Volumes?.Any(v => v.Secret?.SecretName == secret || v.Projected?.Sources?.Any(s => s.Secret?.Name == secret) is true) is true;
}
