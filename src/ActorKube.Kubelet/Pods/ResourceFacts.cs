using System.Globalization;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>What the node offers pods: the ceiling of a container that has no limit of its own.</summary>
/// <param name="Allocatable">By resource name.</param>
internal sealed record ResourceFacts(IReadOnlyDictionary<string, ResourceQuantity> Allocatable)
{
    public long MemoryCapacity => Allocatable.TryGetValue("memory", out var memory) ? memory.ToInt64() : 0;

    /// <summary>
    /// The value of a resourceFieldRef in units of its divisor, rounded up: a limit of 250m CPU with divisor 1 is 1, with divisor 1m 250.
    /// Null for a resource that cannot be referred to.
    /// </summary>
    public string? Read(V1Container container, V1ResourceFieldSelector reference)
    {
        var dot = reference.Resource.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
            return null;
        var resource = reference.Resource[(dot + 1)..];
        var amount = reference.Resource[..dot] switch
        {
            "limits" => Amount(container.Resources?.Limits, resource) ?? (Allocatable.TryGetValue(resource, out var all) ? all.ToDecimal() : 0),
            "requests" => Amount(container.Resources?.Requests, resource) ?? 0,
            _ => (decimal?)null,
        };
        if (amount is not { } value)
            return null;
        var divisor = reference.Divisor?.ToDecimal() is { } d && d != 0 ? d : 1;
        return Math.Ceiling(value / divisor).ToString("0", CultureInfo.InvariantCulture);
    }

    private static decimal? Amount(IDictionary<string, ResourceQuantity>? list, string resource) =>
        list is not null && list.TryGetValue(resource, out var quantity) ? quantity.ToDecimal() : null;
}
