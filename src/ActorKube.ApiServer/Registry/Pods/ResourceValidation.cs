using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>
/// The rules of resource requests and limits. Source: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
/// </summary>
internal static class ResourceValidation
{
    private static readonly string[] StandardForContainers = ["cpu", "memory", "ephemeral-storage"];

    // Counts of objects, and what else Kubernetes knows without a prefix, but no container can have.
    private static readonly string[] Standard =
    [
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage", "limits.cpu", "limits.memory",
        "limits.ephemeral-storage", "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
        "persistentvolumeclaims", "storage", "requests.storage", "services.nodeports", "services.loadbalancers",
    ];

    /// <summary>Requests and limits of a container.</summary>
    public static void Validate(V1ResourceRequirements resources, PodContext pod, FieldPath path)
    {
        var errors = pod.Errors;
        var (limits, requests) = (path.Child("limits"), path.Child("requests"));
        foreach (var (name, amount) in resources.Limits ?? new Dictionary<string, ResourceQuantity>())
        {
            ValidateContainerName(name, limits.Key(name), errors);
            ValidateAmount(name, Quantity.From(amount), limits.Key(name), errors);
        }

        foreach (var (name, amount) in resources.Requests ?? new Dictionary<string, ResourceQuantity>())
        {
            ValidateContainerName(name, requests.Key(name), errors);
            var request = Quantity.From(amount);
            ValidateAmount(name, request, requests.Key(name), errors);
            ValidateAgainstLimit(name, request, resources.Limits, requests, limits, errors);
        }

        if (Uses(IsHugePage) && !Uses(n => n is "cpu" or "memory"))
        {
            errors.Forbidden(path, "HugePages require cpu or memory");
        }

        for (var i = 0; i < (resources.Claims?.Count ?? 0); i++)
        {
            var name = resources.Claims![i].Name;
            if (string.IsNullOrEmpty(name))
            {
                errors.Required(path.Child("claims").Index(i));
            }
            else if (!pod.Claims.Contains(name))
            {
                var why = pod.Claims.Count == 0 ? " which is empty" : ": " + string.Join(", ", pod.Claims.Order(StringComparer.Ordinal));
                var error = FieldError.NotFound(path.Child("claims").Index(i).ToString(), name);
                errors.Add(error with { Message = $"{error.Message}: must be one of the names in pod.spec.resourceClaims{why}" });
            }
        }

        bool Uses(Func<string, bool> which) => (resources.Limits?.Keys.Any(which) ?? false) || (resources.Requests?.Keys.Any(which) ?? false);
    }

    /// <summary>Requests and limits of the pod as a whole.</summary>
    public static void ValidatePodResources(PodContext pod, FieldPath path)
    {
        if (pod.Spec.Resources is not { } resources)
        {
            return;
        }

        if (resources.Claims is { Count: > 0 })
        {
            pod.Errors.Forbidden(path.Child("claims"), "claims cannot be set for Resources at pod-level");
        }

        foreach (var name in (resources.Limits?.Keys ?? []).Concat(resources.Requests?.Keys ?? []).Distinct())
        {
            if (name is not ("cpu" or "memory") && !IsHugePage(name))
            {
                pod.Errors.NotSupported(path.Child(resources.Limits?.ContainsKey(name) is true ? "limits" : "requests").Key(name), name, "cpu", "hugepages-", "memory");
            }
        }

        Validate(new V1ResourceRequirements { Limits = resources.Limits, Requests = resources.Requests }, pod, path);
        foreach (var (name, amount) in resources.Requests ?? new Dictionary<string, ResourceQuantity>())
        {
            var together = PodResources.ContainerRequests(pod.Spec, name);
            if (together > Quantity.From(amount))
            {
                pod.Errors.Invalid(path.Child("requests").Key(name), amount.ToString(), $"must be greater than or equal to aggregate container requests of {together}");
            }
        }
    }

    /// <summary>The claims of devices that the pod's containers share.</summary>
    public static void ValidateClaims(PodContext pod, FieldPath path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (pod.Spec.ResourceClaims?.Count ?? 0); i++)
        {
            var (claim, at) = (pod.Spec.ResourceClaims![i], path.Index(i));
            if (string.IsNullOrEmpty(claim.Name))
            {
                pod.Errors.Required(at.Child("name"));
            }
            else if (!names.Add(claim.Name))
            {
                pod.Errors.Duplicate(at.Child("name"), claim.Name);
            }
            else
            {
                pod.Label(at.Child("name"), claim.Name);
            }

            if (claim.ResourceClaimName is not null && claim.ResourceClaimTemplateName is not null)
            {
                pod.Errors.Invalid(at, claim, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
            }
            else if (claim.ResourceClaimName is null && claim.ResourceClaimTemplateName is null)
            {
                pod.Errors.Invalid(at, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
            }
        }
    }

    /// <summary>An amount of a resource: not negative, and whole where the resource comes in pieces.</summary>
    public static void ValidateAmount(string name, Quantity amount, FieldPath path, FieldErrors errors)
    {
        if (amount.Sign < 0)
        {
            errors.Invalid(path, amount.ToString(), "must be greater than or equal to 0");
        }

        if (ComesInPieces(name) && !amount.IsWhole)
        {
            errors.Add(FieldError.Invalid(path.ToString(), amount.ToString(), "must be an integer") with { Message = $"Invalid value: {amount}: must be an integer" });
        }
    }

    private static void ValidateAgainstLimit(
        string name, Quantity request, IDictionary<string, ResourceQuantity>? all, FieldPath requests, FieldPath limits, FieldErrors errors)
    {
        if (all is null || !all.TryGetValue(name, out var amount))
        {
            if (!MayBeOvercommitted(name))
            {
                errors.Required(limits, "Limit must be set for non overcommitable resources");
            }

            return;
        }

        var limit = Quantity.From(amount);
        if (request != limit && !MayBeOvercommitted(name))
        {
            errors.Invalid(requests, request.ToString(), $"must be equal to {name} limit of {limit}");
        }
        else if (request > limit)
        {
            errors.Invalid(requests, request.ToString(), $"must be less than or equal to {name} limit of {limit}");
        }
    }

    private static void ValidateContainerName(string name, FieldPath path, FieldErrors errors)
    {
        var wrong = NameRules.QualifiedName(name);
        errors.Invalid(path, name, wrong);
        if (wrong.Count > 0)
        {
            return;
        }

        if (!name.Contains('/'))
        {
            if (!Standard.Contains(name) && !IsHugePage(name))
            {
                errors.Invalid(path, name, "must be a standard resource type or fully qualified");
            }

            if (!StandardForContainers.Contains(name) && !IsHugePage(name))
            {
                errors.Invalid(path, name, "must be a standard resource for containers");
            }
        }
        else if (!IsNative(name) && (name.StartsWith("requests.", StringComparison.Ordinal) || NameRules.QualifiedName("requests." + name).Count > 0))
        {
            errors.Invalid(path, name, "doesn't follow extended resource name standard");
        }
    }

    private static bool IsHugePage(string name) => name.StartsWith("hugepages-", StringComparison.Ordinal);

    private static bool IsNative(string name) => !name.Contains('/') || name.Contains("kubernetes.io/", StringComparison.Ordinal);

    private static bool MayBeOvercommitted(string name) => IsNative(name) && !IsHugePage(name);

    private static bool ComesInPieces(string name) =>
        !IsNative(name) || name is "pods" or "services" or "replicationcontrollers" or "resourcequotas" or "secrets" or "configmaps"
            or "persistentvolumeclaims" or "services.nodeports" or "services.loadbalancers";
}
