using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Puts the number of a pod's priority class into the pod; without a class the global default's, else 0.
/// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
/// </summary>
internal sealed class PriorityAdmission(ResourceRegistry registry) : IAdmissionPlugin
{
    private const string DefaultPreemption = "PreemptLowerPriority";

    private static readonly Dictionary<string, int> SystemClasses = new(StringComparer.Ordinal)
    {
        ["system-cluster-critical"] = 2_000_000_000,
        ["system-node-critical"] = 2_000_001_000,
    };

    /// <inheritdoc/>
    public string Name => "Priority";

    /// <inheritdoc/>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is not { Operation: "CREATE", Subresource: "", Object: V1Pod { Spec: { } spec } pod })
        {
            return;
        }

        var (name, value, preemption) = await ResolveAsync(request, pod, cancellationToken).ConfigureAwait(false);
        if (spec.Priority is { } set && set != value)
        {
            throw ApiError.Forbidden(request.Kind, request.Name, $"the integer value of priority ({set}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name");
        }

        spec.Priority = value;
        spec.PriorityClassName = name;
        spec.PreemptionPolicy ??= preemption;
    }

    private async ValueTask<(string? Name, int Value, string Preemption)> ResolveAsync(AdmissionRequest request, V1Pod pod, CancellationToken cancellationToken)
    {
        var state = await Freshness.AnyAsync(registry.Of<V1PriorityClass>(), cancellationToken).ConfigureAwait(false);
        if (string.IsNullOrEmpty(pod.Spec.PriorityClassName))
        {
            var byDefault = state.Objects.Range("").Select(o => o.Object.As<V1PriorityClass>()).Where(c => c.GlobalDefault is true).MinBy(c => c.Value);
            return byDefault is null ? (null, 0, DefaultPreemption) : (byDefault.Metadata.Name, byDefault.Value ?? 0, byDefault.PreemptionPolicy ?? DefaultPreemption);
        }

        if (state.Objects.Find(pod.Spec.PriorityClassName)?.Object.As<V1PriorityClass>() is { } found)
        {
            return (found.Metadata.Name, found.Value ?? 0, found.PreemptionPolicy ?? DefaultPreemption);
        }

        return SystemClasses.TryGetValue(pod.Spec.PriorityClassName, out var value)
            ? (pod.Spec.PriorityClassName, value, DefaultPreemption)
            : throw ApiError.Forbidden(request.Kind, request.Name, $"no PriorityClass with name {pod.Spec.PriorityClassName} was found");
    }
}
