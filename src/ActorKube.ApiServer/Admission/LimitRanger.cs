using ActorKube.Api.Kinds;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Holds pods and claims to the LimitRanges of their namespace, and gives containers what they leave open.
/// Source: https://kubernetes.io/docs/concepts/policy/limit-range/
/// </summary>
internal sealed class LimitRanger(ResourceRegistry registry) : IAdmissionPlugin
{
    /// <inheritdoc/>
    public string Name => "LimitRanger";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) =>
        (kind.ClrType == typeof(V1Pod) && operation is "CREATE" or "UPDATE") || (kind.ClrType == typeof(V1PersistentVolumeClaim) && operation is "CREATE" or "UPDATE");

    /// <inheritdoc/>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        // The containers of a pod that is there cannot change.
        if (request is { Operation: "CREATE", Subresource: "", Object: V1Pod pod })
        {
            foreach (var range in await RangesAsync(request, cancellationToken).ConfigureAwait(false))
            {
                LimitRules.Default(range, pod);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (!IsLimited(request))
        {
            return;
        }

        foreach (var range in await RangesAsync(request, cancellationToken).ConfigureAwait(false))
        {
            var broken = request.Object is V1Pod pod ? LimitRules.Violations(range, pod) : LimitRules.Violations(range, (V1PersistentVolumeClaim)request.Object!);
            if (broken.Count > 0)
            {
                throw request.Forbidden(broken.Count == 1 ? broken[0] : $"[{string.Join(", ", broken)}]");
            }
        }
    }

    private static bool IsLimited(AdmissionRequest request) => request switch
    {
        { Object: V1Pod, Operation: "CREATE", Subresource: "" } => true,
        { Object: V1Pod, Operation: "UPDATE", Subresource: "resize", Old: V1Pod { Metadata.DeletionTimestamp: null } } => true,
        { Object: V1PersistentVolumeClaim, Subresource: "" } => request.Old is not V1PersistentVolumeClaim { Metadata.DeletionTimestamp: not null },
        _ => false,
    };

    private async ValueTask<IReadOnlyList<V1LimitRange>> RangesAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        var state = await Freshness.AnyAsync(registry.Of<V1LimitRange>(), cancellationToken).ConfigureAwait(false);
        return state.Objects.Count == 0 ? [] : [.. state.Objects.Range(request.Namespace + "/").Select(o => o.Object.As<V1LimitRange>())];
    }
}
