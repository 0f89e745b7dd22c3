using System.Runtime.CompilerServices;
using ActorKube.Api.Kinds;
using ActorKube.Api.Quota;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission.Quota;

/// <summary>
/// Refuses what would exceed a ResourceQuota of its namespace. The last of the plugins: what it charges should then be written.
/// Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/
/// </summary>
internal sealed class ResourceQuotaAdmission(ResourceRegistry registry, ObjectWriter writer, TimeProvider time, IReadOnlyList<LimitedResource>? limited = null) : IAdmissionPlugin
{
    private readonly QuotaReservations _reservations = new(registry.Of<V1ResourceQuota>, writer, time, limited);
    private readonly ConditionalWeakTable<ResourceKind, QuotaEvaluator> _evaluators = [];

    /// <inheritdoc/>
    public string Name => "ResourceQuota";

    // Events are made by the system in any number; nobody is charged for them.
    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => kind.Namespaced && operation is "CREATE" or "UPDATE" && kind.IsStored && kind.Resource != "events";

    /// <inheritdoc/>
    public ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request.Object is not { } value)
        {
            return ValueTask.CompletedTask;
        }

        var evaluator = _evaluators.GetValue(request.Kind, QuotaEvaluator.Of);
        return evaluator.Handles(request.Operation, request.Subresource, value, request.Old)
            ? ChargeAsync(request, new QuotaDemand(evaluator, request.Operation, request.Subresource, value, request.Old), cancellationToken)
            : ValueTask.CompletedTask;
    }

    private async ValueTask ChargeAsync(AdmissionRequest request, QuotaDemand demand, CancellationToken cancellationToken)
    {
        if (limited is { Count: > 0 })
        {
            await _reservations.ReserveAsync(request.Namespace, request, demand).ConfigureAwait(false);
            return;
        }

        var state = await Freshness.AnyAsync(registry.Of<V1ResourceQuota>(), cancellationToken).ConfigureAwait(false);
        if (state.Objects.Count > 0 && state.Objects.Range(request.Namespace + "/").Any(q => demand.Evaluator.Matches(q.Object.As<V1ResourceQuota>(), demand.Object)))
        {
            await _reservations.ReserveAsync(request.Namespace, request, demand).ConfigureAwait(false);
        }
    }
}
