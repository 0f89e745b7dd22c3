using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>
/// What pods/resize takes over from a writer, and what it refuses. Pure.
/// Source: https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/
/// </summary>
internal static class PodResizeRules
{
    /// <summary>The pod's old spec with the resources and resize policies of the new one. Containers in another order stay so, for the validation to see.</summary>
    public static V1PodSpec Prepare(V1PodSpec? wanted, V1PodSpec old)
    {
        var spec = ApiJson.Copy(old);
        spec.Containers = Take(wanted?.Containers, spec.Containers) ?? spec.Containers;
        spec.InitContainers = Take(wanted?.InitContainers, spec.InitContainers);
        return spec;
    }

    /// <summary>What is wrong with the change.</summary>
    public static List<FieldError> Validate(V1Pod pod, V1Pod old)
    {
        var errors = new List<FieldError>();
        if (old.Metadata.Annotations?.ContainsKey("kubernetes.io/config.mirror") == true)
        {
            errors.Add(FieldError.Forbidden("", "static pods cannot be resized"));
            return errors;
        }

        var order = Order(pod.Spec.Containers, old.Spec.Containers, "spec.containers").Concat(Order(pod.Spec.InitContainers ?? [], old.Spec.InitContainers ?? [], "spec.initContainers")).ToList();
        if (order.Count > 0)
        {
            return order;
        }

        if (PodQos.Of(pod.Spec) is var quality && quality != (old.Status?.QosClass ?? PodQos.Of(old.Spec)))
        {
            errors.Add(FieldError.Invalid("spec", quality, "Pod QOS Class may not change as a result of resizing"));
        }

        Compare(pod.Spec.Containers, old.Spec.Containers, "spec.containers", errors);
        Compare(pod.Spec.InitContainers ?? [], old.Spec.InitContainers ?? [], "spec.initContainers", errors);
        return errors;
    }

    private static List<V1Container>? Take(IList<V1Container>? wanted, IList<V1Container>? old)
    {
        if (wanted is null || old is null)
        {
            return old is null ? null : [.. old];
        }

        return
        [
            .. wanted.Select(change => old.FirstOrDefault(c => c.Name == change.Name) is { } container
                ? container with { Resources = change.Resources, ResizePolicy = change.ResizePolicy ?? container.ResizePolicy }
                : new V1Container { Name = change.Name, Resources = change.Resources }),
        ];
    }

    private static IEnumerable<FieldError> Order(IList<V1Container> containers, IList<V1Container> old, string path)
    {
        if (containers.Count != old.Count)
        {
            yield return FieldError.Forbidden(path, "containers may not be added or removed on resize");
            yield break;
        }

        for (var i = 0; i < containers.Count; i++)
        {
            if (containers[i].Name != old[i].Name)
            {
                yield return FieldError.Forbidden($"{path}[{i}].name", "containers may not be renamed or reordered on resize");
            }
        }
    }

    private static void Compare(IList<V1Container> containers, IList<V1Container> old, string path, List<FieldError> errors)
    {
        for (var i = 0; i < containers.Count; i++)
        {
            var (now, was) = (containers[i].Resources, old[i].Resources);
            if (Removed(now?.Requests, was?.Requests))
            {
                errors.Add(FieldError.Forbidden($"{path}[{i}].resources.requests", "resource requests cannot be removed"));
            }

            if (Removed(now?.Limits, was?.Limits))
            {
                errors.Add(FieldError.Forbidden($"{path}[{i}].resources.limits", "resource limits cannot be removed"));
            }

            if (!Same(now?.Requests, was?.Requests) || !Same(now?.Limits, was?.Limits))
            {
                errors.Add(FieldError.Forbidden("spec", "only cpu and memory resources are mutable"));
            }

            if (path == "spec.initContainers" && containers[i].RestartPolicy != "Always" && !SemanticEquality.Equal(now, was))
            {
                errors.Add(FieldError.Forbidden($"{path}[{i}].resources", "resources for non-sidecar init containers are immutable"));
            }
        }
    }

    private static bool Removed(IDictionary<string, ResourceQuantity>? now, IDictionary<string, ResourceQuantity>? was) =>
        (was ?? new Dictionary<string, ResourceQuantity>()).Keys.Any(k => k is "cpu" or "memory" && now?.ContainsKey(k) != true);

    // Whether everything but CPU and memory is as it was.
    private static bool Same(IDictionary<string, ResourceQuantity>? now, IDictionary<string, ResourceQuantity>? was) =>
        Others(now).OrderBy(o => o.Key, StringComparer.Ordinal).SequenceEqual(Others(was).OrderBy(o => o.Key, StringComparer.Ordinal));

    private static IEnumerable<(string Key, decimal Value)> Others(IDictionary<string, ResourceQuantity>? list) =>
        (list ?? new Dictionary<string, ResourceQuantity>()).Where(r => r.Key is not ("cpu" or "memory")).Select(r => (r.Key, r.Value.ToDecimal()));
}
