using ActorKube.Api.Kinds;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Gives pods the service account <c>default</c> when they name none, and what comes with the account: its token, its pull secrets.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller
/// </summary>
internal sealed class ServiceAccountAdmission(ResourceRegistry registry, AdmissionSettings settings, Identities identities, TimeProvider time) : IAdmissionPlugin
{
    private const string Default = "default";
    private const string MirrorPod = "kubernetes.io/config.mirror";

    // A namespace's default account is made a moment after the namespace.
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(1.5);

    /// <inheritdoc/>
    public string Name => "ServiceAccount";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => kind.ClrType == typeof(V1Pod) && operation is "CREATE" or "UPDATE";

    /// <inheritdoc/>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is not { Operation: "CREATE", Subresource: "", Object: V1Pod { Spec: { } spec } pod } || IsMirror(pod))
        {
            return;
        }

        if (string.IsNullOrEmpty(spec.ServiceAccountName))
        {
            spec.ServiceAccountName = Default;
        }

        spec.ServiceAccount = spec.ServiceAccountName;
        var account = await AccountAsync(request, spec.ServiceAccountName, cancellationToken).ConfigureAwait(false);
        if (settings.MountServiceAccountToken && (spec.AutomountServiceAccountToken ?? account.AutomountServiceAccountToken ?? true))
        {
            TokenVolume.Mount(spec, () => identities.Name(TokenVolume.Prefix));
        }

        if (spec.ImagePullSecrets is null or { Count: 0 } && account.ImagePullSecrets is { Count: > 0 } secrets)
        {
            spec.ImagePullSecrets = [.. secrets.Select(s => new V1LocalObjectReference { Name = s.Name })];
        }
    }

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request.Object is not V1Pod { Spec: { } spec } pod || (request.Operation, request.Subresource) is not (("CREATE", "") or ("UPDATE", "ephemeralcontainers")))
        {
            return;
        }

        if (request.Operation == "CREATE" && IsMirror(pod))
        {
            if (SecretReferences.MirrorPodViolation(spec) is { } violation)
            {
                throw request.Forbidden(violation);
            }

            return;
        }

        if (string.IsNullOrEmpty(spec.ServiceAccountName))
        {
            throw request.Forbidden($"no service account specified for pod {request.Namespace}/{pod.Metadata.Name}");
        }

        var account = await AccountAsync(request, spec.ServiceAccountName, cancellationToken).ConfigureAwait(false);
        if (SecretReferences.AreEnforced(account)
            && SecretReferences.Violation(account, spec, ephemeralOnly: request.Operation == "UPDATE") is { } refused)
        {
            throw request.Forbidden(refused);
        }
    }

    private static bool IsMirror(V1Pod pod) => pod.Metadata.Annotations?.ContainsKey(MirrorPod) is true;

    private async ValueTask<V1ServiceAccount> AccountAsync(AdmissionRequest request, string name, CancellationToken cancellationToken)
    {
        var accounts = registry.Of<V1ServiceAccount>();
        var key = accounts.Key(request.Namespace, name);
        var state = await Freshness.AnyAsync(accounts, cancellationToken).ConfigureAwait(false);
        if (state.Objects.Find(key) is { } known)
        {
            return known.Object.As<V1ServiceAccount>();
        }

        var started = time.GetTimestamp();
        while (true)
        {
            var changed = accounts.Cache.Changed;
            state = await Freshness.ConsistentAsync(accounts, cancellationToken).ConfigureAwait(false);
            if (state.Objects.Find(key) is { } found)
            {
                return found.Object.As<V1ServiceAccount>();
            }

            var left = DefaultPatience - time.GetElapsedTime(started);
            if (name != Default || left <= TimeSpan.Zero)
            {
                throw request.Forbidden($"error looking up service account {request.Namespace}/{name}: serviceaccount \"{name}\" not found");
            }

            await Task.WhenAny(changed, Task.Delay(left, time, cancellationToken)).ConfigureAwait(false);
        }
    }
}
