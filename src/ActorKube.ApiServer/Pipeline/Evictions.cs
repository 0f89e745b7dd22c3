using ActorKube.Api.Machinery;
using ActorKube.Api.Scheduling;
using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;
using ActorKube.Store.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>pods/eviction: a deletion that a pod disruption budget may put off.</summary>
internal sealed class Evictions(Deletes deletes, Registry.ResourceRegistry registry, AdmissionChain admission, ObjectWriter writer)
{
    private const string Evicted = "EvictionByEvictionAPI";
    private const int MaxAttempts = 20;

    /// <summary>Evicts the pod.</summary>
    public async Task<ApiResponse> CreateAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var eviction = (V1Eviction)BodyDecoder.Decode(context, typeof(V1Eviction), "policy/v1", "Eviction");
        if (!string.IsNullOrEmpty(eviction.Metadata.Name) && eviction.Metadata.Name != context.Request.Name)
        {
            throw ApiError.BadRequest($"name in URL does not match name in Eviction object");
        }

        // kubectl drain --dry-run=server says so in the Eviction alone.
        if (eviction.DeleteOptions?.DryRun is { Count: > 0 } dryRun)
        {
            context.SetDryRun(dryRun);
        }

        var asked = new AdmissionRequest("CREATE", context.Kind, "eviction", context.Request.Namespace, context.Request.Name, eviction, null, context.User, context.DryRun) { Warn = context.Warn };
        await admission.AdmitAsync(asked, context.Cancelled).ConfigureAwait(false);
        var state = await Freshness.ConsistentAsync(context.Resource, context.Cancelled).ConfigureAwait(false);
        var pod = state.Objects.Find(context.Key)?.Object.As<V1Pod>() ?? throw ApiError.NotFound(context.Kind, context.Request.Name);
        await TakeFromBudgetAsync(context, pod).ConfigureAwait(false);
        var options = eviction.DeleteOptions ?? new V1DeleteOptions();
        if (!context.DryRun)
        {
            await MarkAsync(context, options).ConfigureAwait(false);
        }

        await deletes.DeleteAsync(context, context.Key, context.Request.Name, options).ConfigureAwait(false);
        return new ApiResponse(201, new ApiObject(new V1Status { ApiVersion = "v1", Kind = "Status", Metadata = new V1ListMeta(), Status = "Success", Code = 201 }));
    }

    // The pod says why it goes, so that a Job, for example, can tell an eviction from a failure. A version that the evictor insists on moves along; a pod that is
    // not the one he means is left to the deletion to refuse.
    private async Task MarkAsync(RequestContext context, V1DeleteOptions options)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var state = await Freshness.ConsistentAsync(context.Resource, context.Cancelled).ConfigureAwait(false);
            if (state.Objects.Find(context.Key) is not { } entry || !Deletes.MeetsPreconditions(entry, options) || Disrupted(entry.Object.As<V1Pod>(), context.Timestamp) is not { } changed)
            {
                return;
            }

            var result = await writer.PutAsync(context.Resource, entry.Key, ObjectWriter.Encode(context.Resource, changed), Expected.At(entry.Revision), context.Cause()).ConfigureAwait(false);
            if (result.Written is { } written)
            {
                if (options.Preconditions?.ResourceVersion is not null)
                {
                    options.Preconditions.ResourceVersion = ResourceVersions.Format(written.Revision);
                }

                return;
            }
        }
    }

    /// <summary>The pod with the condition that it is being evicted; null when it has ended, is going, or says so already.</summary>
    internal static V1Pod? Disrupted(V1Pod pod, DateTime now)
    {
        if (pod.Status?.Phase is "Succeeded" or "Failed" || pod.Metadata.DeletionTimestamp is not null || DisruptionTarget.IsIn(pod, Evicted))
        {
            return null;
        }

        var changed = ApiJson.Copy(pod);
        changed.Status ??= new V1PodStatus();
        changed.Status.Conditions = DisruptionTarget.AddTo(pod, Evicted, "Eviction API: evicting", now);
        return changed;
    }

    // The budget's count is taken down before the pod goes, in one write that expects it unchanged: two evictions at once never get the same place in it.
    private async Task TakeFromBudgetAsync(RequestContext context, V1Pod pod)
    {
        if (pod.Status?.Phase is "Pending" or "Succeeded" or "Failed" || pod.Metadata.DeletionTimestamp is not null)
        {
            return;
        }

        var budgets = registry.Of<V1PodDisruptionBudget>();
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var state = await Freshness.ConsistentAsync(budgets, context.Cancelled).ConfigureAwait(false);
            var entries = state.Objects.Range(context.Request.Namespace + "/")
                .Where(e => LabelSelector.TryFrom(e.Object.As<V1PodDisruptionBudget>().Spec?.Selector, out var selector, out _) && selector.Matches(pod.Metadata.Labels))
                .ToList();
            if (entries.Count > 1)
            {
                throw ApiError.Internal("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
            }

            if (entries.Count == 0 || DisruptionAllowance.Take(entries[0].Object.As<V1PodDisruptionBudget>(), pod, context.Timestamp) is not { } changed || context.DryRun)
            {
                return;
            }

            var result = await writer.PutAsync(budgets, entries[0].Key, ObjectWriter.Encode(budgets, changed), Expected.At(entries[0].Revision), context.Cause()).ConfigureAwait(false);
            if (result.Written is not null)
            {
                return;
            }
        }

        throw DisruptionAllowance.Refusal("The disruption budget is changing too fast; try again.");
    }
}
