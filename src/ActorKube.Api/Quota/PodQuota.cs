using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Quota;

/// <summary>Pods: their number, what they request and what they are limited to.</summary>
internal sealed class PodQuota() : QuotaEvaluator("pods")
{
    private const string RequestsPrefix = "requests.";
    private const string HugePages = "hugepages-";

    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "count/pods", "pods", "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage",
        "limits.cpu", "limits.memory", "limits.ephemeral-storage",
    };

    // Only these must be stated under a quota that names them.
    private static readonly HashSet<string> Stated = new(StringComparer.Ordinal) { "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory" };

    /// <summary>The one instance.</summary>
    public static PodQuota Instance { get; } = new();

    /// <inheritdoc/>
    public override bool Handles(string operation, string subresource, object value, object? old) =>
        (operation == "CREATE" && subresource.Length == 0) || (operation == "UPDATE" && subresource == "resize");

    /// <inheritdoc/>
    public override bool Counts(string name) =>
        Names.Contains(name)
        || name.StartsWith(HugePages, StringComparison.Ordinal)
        || name.StartsWith(RequestsPrefix + HugePages, StringComparison.Ordinal)
        || (name.StartsWith(RequestsPrefix, StringComparison.Ordinal) && !IsNative(name));

    /// <inheritdoc/>
    public override Dictionary<string, Quantity> Usage(object value, DateTimeOffset now)
    {
        var pod = (V1Pod)value;
        var usage = new Dictionary<string, Quantity>(StringComparer.Ordinal) { [CountName] = Quantity.Of(1) };
        if (IsOver(pod, now))
        {
            return usage;
        }

        usage["pods"] = Quantity.Of(1);
        Compute(usage, PodAmounts.Requests(pod), PodAmounts.Limits(pod));
        return usage;
    }

    /// <inheritdoc/>
    public override bool IsIn(V1ScopedResourceSelectorRequirement scope, object value)
    {
        var pod = (V1Pod)value;
        return scope.ScopeName switch
        {
            "Terminating" => pod.Spec.ActiveDeadlineSeconds >= 0,
            "NotTerminating" => pod.Spec.ActiveDeadlineSeconds is null or < 0,
            "BestEffort" => IsBestEffort(pod),
            "NotBestEffort" => !IsBestEffort(pod),
            "PriorityClass" => Selects(scope, string.IsNullOrEmpty(pod.Spec.PriorityClassName) ? [] : [pod.Spec.PriorityClassName]),
            "CrossNamespacePodAffinity" => Terms(pod.Spec.Affinity).Any(t => t.Namespaces is { Count: > 0 } || t.NamespaceSelector is not null),
            _ => false,
        };
    }

    /// <inheritdoc/>
    public override string? Missing(IEnumerable<string> names, object value)
    {
        var required = names.Where(Stated.Contains).Order(StringComparer.Ordinal).ToList();
        if (required.Count == 0)
        {
            return null;
        }

        var pod = (V1Pod)value;
        var missing = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var container in (pod.Spec.Containers ?? []).Concat(pod.Spec.InitContainers ?? []))
        {
            var stated = new Dictionary<string, Quantity>(StringComparer.Ordinal);
            Compute(stated, ResourceAmounts.From(container.Resources?.Requests), ResourceAmounts.From(container.Resources?.Limits));
            foreach (var name in required.Where(n => !stated.ContainsKey(n) && !StatedByPod(pod, n)))
            {
                (missing.TryGetValue(name, out var containers) ? containers : missing[name] = new(StringComparer.Ordinal)).Add(container.Name);
            }
        }

        return missing.Count == 0 ? null : $"must specify {string.Join("; ", missing.Select(m => $"{m.Key} for: {string.Join(',', m.Value)}"))}";
    }

    private static bool StatedByPod(V1Pod pod, string name)
    {
        if (pod.Spec.Resources is not { } resources)
        {
            return false;
        }

        var stated = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        Compute(stated, ResourceAmounts.From(resources.Requests), ResourceAmounts.From(resources.Limits));
        return stated.ContainsKey(name);
    }

    private static void Compute(Dictionary<string, Quantity> usage, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits)
    {
        foreach (var (name, request) in requests)
        {
            if (name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith(HugePages, StringComparison.Ordinal))
            {
                usage[name] = request;
                usage[RequestsPrefix + name] = request;
            }
            else if (!IsNative(name) && !name.StartsWith(RequestsPrefix, StringComparison.Ordinal))
            {
                usage[RequestsPrefix + name] = request;
            }
        }

        foreach (var (name, limit) in limits)
        {
            if (name is "cpu" or "memory" or "ephemeral-storage")
            {
                usage["limits." + name] = limit;
            }
        }
    }

    // A pod that should be gone counts no longer: its node may never say so.
    private static bool IsOver(V1Pod pod, DateTimeOffset now) =>
        pod.Status?.Phase is "Failed" or "Succeeded"
        || (pod.Metadata.DeletionTimestamp is { } deleted && pod.Metadata.DeletionGracePeriodSeconds is { } grace && now > new DateTimeOffset(deleted.ToUniversalTime()).AddSeconds(grace));

    private static bool IsNative(string name) => !name.Contains('/', StringComparison.Ordinal) || name.Contains("kubernetes.io/", StringComparison.Ordinal);

    private static bool IsBestEffort(V1Pod pod)
    {
        if (!string.IsNullOrEmpty(pod.Status?.QosClass))
        {
            return pod.Status.QosClass == "BestEffort";
        }

        return !Asks(pod.Spec.Resources?.Requests) && !Asks(pod.Spec.Resources?.Limits)
            && (pod.Spec.Containers ?? []).Concat(pod.Spec.InitContainers ?? []).All(c => !Asks(c.Resources?.Requests) && !Asks(c.Resources?.Limits));

        static bool Asks(IDictionary<string, ResourceQuantity>? list) => Quantity.From(list, "cpu").Sign > 0 || Quantity.From(list, "memory").Sign > 0;
    }

    private static IEnumerable<V1PodAffinityTerm> Terms(V1Affinity? affinity) =>
    [
        .. affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [],
        .. (affinity?.PodAffinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? []).Select(t => t.PodAffinityTerm),
        .. affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [],
        .. (affinity?.PodAntiAffinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? []).Select(t => t.PodAffinityTerm),
    ];
}
