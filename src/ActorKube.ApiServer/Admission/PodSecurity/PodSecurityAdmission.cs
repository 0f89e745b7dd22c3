using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission.PodSecurity;

/// <summary>
/// Holds pods to the level that their namespace's labels name, and warns of workloads whose pods would break it.
/// Source: https://kubernetes.io/docs/concepts/security/pod-security-admission/
/// </summary>
internal sealed class PodSecurityAdmission(ResourceRegistry registry, PodSecuritySettings settings, TimeProvider time) : IAdmissionPlugin
{
    private const string Exempt = "pod-security.kubernetes.io/exempt";
    private const string EnforcePolicy = "pod-security.kubernetes.io/enforce-policy";
    private const string AuditViolations = "pod-security.kubernetes.io/audit-violations";

    private static readonly string[] HarmlessSubresources = ["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"];

    private readonly Policy _defaults = Policy.From(settings);
    private readonly ExistingPods _existing = new(registry, settings, time);

    /// <inheritdoc/>
    public string Name => "PodSecurity";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) =>
        operation is "CREATE" or "UPDATE" && (kind.ClrType == typeof(V1Namespace) || kind.ClrType == typeof(V1Pod) || PodTemplates.IsWorkload(kind.ClrType));

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        switch (request.Object)
        {
            case V1Namespace ns when request.Subresource.Length == 0:
                await NamespaceAsync(request, ns, request.Old as V1Namespace, cancellationToken).ConfigureAwait(false);
                break;
            case V1Pod pod when !HarmlessSubresources.Contains(request.Subresource) && (request.Old is not V1Pod old || IsSignificant(pod, old)):
                await PodAsync(request, pod.Metadata, pod.Spec, true, cancellationToken).ConfigureAwait(false);
                break;
            case { } workload when request.Subresource.Length == 0 && PodTemplates.Of(workload) is { Spec: { } spec } template:
                await PodAsync(request, template.Metadata, spec, false, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async ValueTask PodAsync(AdmissionRequest request, V1ObjectMeta? metadata, V1PodSpec spec, bool enforce, CancellationToken cancellationToken)
    {
        if (settings.ExemptNamespaces.Contains(request.Namespace) || settings.ExemptUsers.Contains(request.User.Name))
        {
            request.Audit?.Invoke(Exempt, settings.ExemptNamespaces.Contains(request.Namespace) ? "namespace" : "user");
            return;
        }

        var state = await Freshness.AnyAsync(registry.Of<V1Namespace>(), cancellationToken).ConfigureAwait(false);
        if (state.Objects.Find(request.Namespace)?.Object.Metadata is not { } ns)
        {
            // Workloads are only warned of.
            if (enforce)
            {
                throw ApiError.Internal($"failed to lookup namespace \"{request.Namespace}\"");
            }

            return;
        }

        var policy = Policy.Of(ns.Labels, _defaults, []);
        if (policy.IsPrivileged)
        {
            if (enforce)
            {
                request.Audit?.Invoke(EnforcePolicy, policy.Enforce.ToString());
            }

            return;
        }

        if (!string.IsNullOrEmpty(spec.RuntimeClassName) && settings.ExemptRuntimeClasses.Contains(spec.RuntimeClassName))
        {
            request.Audit?.Invoke(Exempt, "runtimeClass");
            return;
        }

        var pod = new CheckedPod(metadata, spec);
        if (request.Audit is { } audit)
        {
            Annotate(audit, policy, pod, enforce);
        }

        if (enforce && PolicyEvaluator.Evaluate(policy.Enforce, pod) is { Count: > 0 } broken)
        {
            throw request.Forbidden($"violates PodSecurity \"{policy.Enforce}\": {PolicyEvaluator.Text(broken)}");
        }

        if (request.Warn is { } warn && PolicyEvaluator.Evaluate(policy.Warn, pod) is { Count: > 0 } warned)
        {
            warn($"would violate PodSecurity \"{policy.Warn}\": {PolicyEvaluator.Text(warned)}");
        }
    }

    private static void Annotate(Action<string, string> audit, Policy policy, CheckedPod pod, bool enforce)
    {
        if (enforce)
        {
            audit(EnforcePolicy, policy.Enforce.ToString());
        }

        if (PolicyEvaluator.Evaluate(policy.Audit, pod) is { Count: > 0 } violated)
        {
            audit(AuditViolations, $"would violate PodSecurity \"{policy.Audit}\": {PolicyEvaluator.Text(violated)}");
        }
    }

    private async ValueTask NamespaceAsync(AdmissionRequest request, V1Namespace ns, V1Namespace? old, CancellationToken cancellationToken)
    {
        List<FieldError> errors = [], oldErrors = [];
        var policy = Policy.Of(ns.Metadata.Labels, _defaults, errors);
        var was = old is null ? null : Policy.Of(old.Metadata.Labels, _defaults, oldErrors);
        if (errors.Count > 0 && !errors.Select(e => e.ToString()).SequenceEqual(oldErrors.Select(e => e.ToString())))
        {
            throw ApiError.Invalid(request.Kind, request.Name, errors);
        }

        var exempt = settings.ExemptNamespaces.Contains(request.Name);
        if (was is null)
        {
            WarnOfExemption(request, ns, policy, exempt);
            return;
        }

        if (policy.Enforce == was.Enforce
            || policy.Enforce.Level == PolicyLevel.Privileged
            || (policy.Enforce.Version == was.Enforce.Version && policy.Enforce.Level < was.Enforce.Level))
        {
            return;
        }

        WarnOfExemption(request, ns, policy, exempt);
        if (!exempt && request.Warn is { } warn)
        {
            foreach (var warning in await _existing.WarningsAsync(ns.Metadata.Name, policy.Enforce, cancellationToken).ConfigureAwait(false))
            {
                warn(warning);
            }
        }
    }

    private void WarnOfExemption(AdmissionRequest request, V1Namespace ns, Policy policy, bool exempt)
    {
        if (exempt && !policy.IsPrivileged && policy != _defaults)
        {
            request.Warn?.Invoke($"namespace \"{ns.Metadata.Name}\" is exempt from Pod Security, and the policy ({policy.Said(ns.Metadata.Labels)}) will be ignored");
        }
    }

    // Of a pod that is there already only images and ephemeral containers can change.
    private static bool IsSignificant(V1Pod pod, V1Pod old) =>
        Images(pod.Spec.Containers) != Images(old.Spec.Containers)
        || Images(pod.Spec.InitContainers) != Images(old.Spec.InitContainers)
        || (pod.Spec.EphemeralContainers ?? []).Any(c => old.Spec.EphemeralContainers?.Any(o => o.Name == c.Name && o.Image == c.Image) is not true);

    private static string Images(IList<V1Container>? containers) => string.Join('\n', (containers ?? []).Select(c => c.Image));
}
