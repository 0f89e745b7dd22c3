using ActorKube.Api.Kinds;
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
    public bool Handles(string operation, ResourceKind kind) =>
        operation is "CREATE" or "UPDATE" && (kind.ClrType == typeof(V1Pod) || kind.ClrType == typeof(V1PriorityClass));

    /// <inheritdoc/>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is not { Subresource: "", Object: V1Pod { Spec: { } spec } pod })
        {
            return;
        }

        if (request.Old is V1Pod { Spec: { } old })
        {
            // A writer that leaves out what was computed does not take it away.
            spec.Priority ??= old.Priority;
            spec.PreemptionPolicy ??= old.PreemptionPolicy;
            return;
        }

        var (name, value, preemption) = await ResolveAsync(request, pod, cancellationToken).ConfigureAwait(false);
        if (spec.Priority is { } set && set != value)
        {
            throw ApiError.Forbidden(request.Kind, request.Name, $"the integer value of priority ({set}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name");
        }

        if (spec.PreemptionPolicy is { } policy && policy != preemption)
        {
            throw ApiError.Forbidden(request.Kind, request.Name, $"the string value of PreemptionPolicy ({policy}) must not be provided in pod spec; priority admission controller computed {preemption} from the given PriorityClass name");
        }

        spec.Priority = value;
        spec.PriorityClassName = name;
        spec.PreemptionPolicy = preemption;
    }

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "", Object: V1PriorityClass { GlobalDefault: true } wanted } && request.Old is not V1PriorityClass { GlobalDefault: true })
        {
            var state = await Freshness.ConsistentAsync(registry.Of<V1PriorityClass>(), cancellationToken).ConfigureAwait(false);
            if (state.Objects.Range("").Select(o => o.Object.As<V1PriorityClass>()).FirstOrDefault(c => c.GlobalDefault is true && c.Metadata.Name != wanted.Metadata.Name) is { } other)
            {
                throw ApiError.Forbidden(request.Kind, request.Name, $"PriorityClass {other.Metadata.Name} is already marked as default. Only one default can exist");
            }
        }
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
