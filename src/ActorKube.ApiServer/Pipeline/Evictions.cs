using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Admission;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>pods/eviction: a deletion that a pod disruption budget may put off.</summary>
internal sealed class Evictions(Deletes deletes, Registry.ResourceRegistry registry, AdmissionChain admission)
{
    /// <summary>Evicts the pod.</summary>
    public async Task<ApiResponse> CreateAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var eviction = (V1Eviction)BodyDecoder.Decode(context, typeof(V1Eviction), "policy/v1", "Eviction");
        if (!string.IsNullOrEmpty(eviction.Metadata.Name) && eviction.Metadata.Name != context.Request.Name)
        {
            throw ApiError.BadRequest($"name in URL does not match name in Eviction object");
        }

        var asked = new AdmissionRequest("CREATE", context.Kind, "eviction", context.Request.Namespace, context.Request.Name, eviction, null, context.User, context.DryRun) { Warn = context.Warn };
        await admission.AdmitAsync(asked, context.Cancelled).ConfigureAwait(false);
        var state = await Freshness.ConsistentAsync(context.Resource, context.Cancelled).ConfigureAwait(false);
        var pod = state.Objects.Find(context.Key)?.Object.As<V1Pod>() ?? throw ApiError.NotFound(context.Kind, context.Request.Name);
        await CheckBudgetsAsync(context, pod).ConfigureAwait(false);
        await deletes.DeleteAsync(context, context.Key, context.Request.Name, eviction.DeleteOptions ?? new V1DeleteOptions()).ConfigureAwait(false);
        return new ApiResponse(201, new ApiObject(new V1Status { ApiVersion = "v1", Kind = "Status", Metadata = new V1ListMeta(), Status = "Success", Code = 201 }));
    }

    private async Task CheckBudgetsAsync(RequestContext context, V1Pod pod)
    {
        if (pod.Status?.Phase is "Pending" or "Succeeded" or "Failed" || pod.Metadata.DeletionTimestamp is not null)
        {
            return;
        }

        var budgets = await Freshness.AnyAsync(registry.Of<V1PodDisruptionBudget>(), context.Cancelled).ConfigureAwait(false);
        foreach (var entry in budgets.Objects.Range(context.Request.Namespace + "/"))
        {
            var budget = entry.Object.As<V1PodDisruptionBudget>();
            if (LabelSelector.TryFrom(budget.Spec?.Selector, out var selector, out _) && selector.Matches(pod.Metadata.Labels) && (budget.Status?.DisruptionsAllowed ?? 0) == 0)
            {
                var status = ApiError.Status(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
                status.Details = new V1StatusDetails
                {
                    Causes = [new V1StatusCause { Reason = "DisruptionBudget", Message = $"The disruption budget {budget.Metadata.Name} needs {budget.Status?.DesiredHealthy ?? 0} healthy pods and has {budget.Status?.CurrentHealthy ?? 0} currently" }],
                };
                throw new ApiException(status);
            }
        }
    }
}
