using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.Api.Quota;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>What LimitRanges do to pods and claims: fill in what containers leave open, and say what is too little or too much. Pure.</summary>
internal static class LimitRules
{
    private const string Annotation = "kubernetes.io/limit-ranger";

    /// <summary>Gives containers the defaults of a LimitRange, and notes in an annotation which.</summary>
    public static void Default(V1LimitRange range, V1Pod pod)
    {
        var limits = new SortedDictionary<string, ResourceQuantity>(StringComparer.Ordinal);
        var requests = new SortedDictionary<string, ResourceQuantity>(StringComparer.Ordinal);
        foreach (var item in Items(range, "Container"))
        {
            Take(item.DefaultRequest, requests);
            Take(item.DefaultProperty, limits);
        }

        if (limits.Count == 0 && requests.Count == 0)
        {
            return;
        }

        var notes = new List<string>();
        Fill(pod.Spec.Containers, "container", limits, requests, notes);
        Fill(pod.Spec.InitContainers, "init container", limits, requests, notes);
        if (notes.Count > 0)
        {
            (pod.Metadata.Annotations ??= new Dictionary<string, string>())[Annotation] = $"LimitRanger plugin set: {string.Join("; ", notes)}";
        }
    }

    /// <summary>What a pod breaks of a LimitRange.</summary>
    public static List<string> Violations(V1LimitRange range, V1Pod pod)
    {
        var broken = new List<string>();
        foreach (var item in range.Spec?.Limits ?? [])
        {
            switch (item.Type)
            {
                case "Container":
                    foreach (var container in (pod.Spec.Containers ?? []).Concat(pod.Spec.InitContainers ?? []))
                    {
                        Check(item, ResourceAmounts.From(container.Resources?.Requests), ResourceAmounts.From(container.Resources?.Limits), broken);
                    }

                    break;
                case "Pod":
                    Check(item, PodAmounts.Requests(pod), PodAmounts.Limits(pod), broken);
                    break;
            }
        }

        return broken;
    }

    /// <summary>What a claim breaks of a LimitRange.</summary>
    public static List<string> Violations(V1LimitRange range, V1PersistentVolumeClaim claim)
    {
        var broken = new List<string>();
        var requests = ResourceAmounts.From(claim.Spec?.Resources?.Requests);
        foreach (var item in Items(range, "PersistentVolumeClaim"))
        {
            foreach (var (name, min) in Amounts(item.Min))
            {
                Add(broken, Minimum(item.Type, name, min, requests, []));
            }

            foreach (var (name, max) in Amounts(item.Max))
            {
                Add(broken, !requests.TryGetValue(name, out var request) ? $"maximum {name} usage per {item.Type} is {max}.  No request is specified"
                    : request > max ? $"maximum {name} usage per {item.Type} is {max}, but request is {request}" : null);
            }
        }

        return broken;
    }

    private static void Check(V1LimitRangeItem item, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits, List<string> broken)
    {
        foreach (var (name, min) in Amounts(item.Min))
        {
            Add(broken, Minimum(item.Type, name, min, requests, limits));
        }

        foreach (var (name, max) in Amounts(item.Max))
        {
            Add(broken, Maximum(item.Type, name, max, requests, limits));
        }

        foreach (var (name, ratio) in Amounts(item.MaxLimitRequestRatio))
        {
            Add(broken, Ratio(item.Type, name, ratio, requests, limits));
        }
    }

    private static string? Minimum(string type, string name, Quantity min, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits) =>
        !requests.TryGetValue(name, out var request) ? $"minimum {name} usage per {type} is {min}.  No request is specified"
        : request < min ? $"minimum {name} usage per {type} is {min}, but request is {request}"
        : limits.TryGetValue(name, out var limit) && limit < min ? $"minimum {name} usage per {type} is {min}, but limit is {limit}"
        : null;

    private static string? Maximum(string type, string name, Quantity max, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits) =>
        !limits.TryGetValue(name, out var limit) ? $"maximum {name} usage per {type} is {max}.  No limit is specified"
        : limit > max ? $"maximum {name} usage per {type} is {max}, but limit is {limit}"
        : requests.TryGetValue(name, out var request) && request > max ? $"maximum {name} usage per {type} is {max}, but request is {request}"
        : null;

    private static string? Ratio(string type, string name, Quantity max, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits)
    {
        var is_ = $"{name} max limit to request ratio per {type} is {max}, but";
        if (!requests.TryGetValue(name, out var request) || request.IsZero)
        {
            return $"{is_} no request is specified or request is 0";
        }

        if (!limits.TryGetValue(name, out var limit) || limit.IsZero)
        {
            return $"{is_} no limit is specified or limit is 0";
        }

        var ratio = limit.ToDouble() / request.ToDouble();
        return ratio > max.ToDouble() ? string.Create(CultureInfo.InvariantCulture, $"{is_} provided ratio is {ratio:F6}") : null;
    }

    private static void Fill(
        IList<V1Container>? containers, string sort, SortedDictionary<string, ResourceQuantity> limits, SortedDictionary<string, ResourceQuantity> requests, List<string> notes)
    {
        foreach (var container in containers ?? [])
        {
            var resources = container.Resources ??= new V1ResourceRequirements();
            var newRequests = Missing(resources.Requests, requests);
            var newLimits = Missing(resources.Limits, limits);
            if (newRequests.Count > 0)
            {
                Take(requests.Where(r => newRequests.Contains(r.Key)), resources.Requests ??= new Dictionary<string, ResourceQuantity>());
                notes.Add($"{string.Join(", ", newRequests)} request for {sort} {container.Name}");
            }

            if (newLimits.Count > 0)
            {
                Take(limits.Where(l => newLimits.Contains(l.Key)), resources.Limits ??= new Dictionary<string, ResourceQuantity>());
                notes.Add($"{string.Join(", ", newLimits)} limit for {sort} {container.Name}");
            }
        }
    }

    private static List<string> Missing(IDictionary<string, ResourceQuantity>? had, SortedDictionary<string, ResourceQuantity> defaults) =>
        [.. defaults.Keys.Where(k => had?.ContainsKey(k) is not true)];

    private static void Take(IEnumerable<KeyValuePair<string, ResourceQuantity>>? from, IDictionary<string, ResourceQuantity> into)
    {
        foreach (var (name, quantity) in from ?? [])
        {
            into[name] = quantity;
        }
    }

    private static IEnumerable<V1LimitRangeItem> Items(V1LimitRange range, string type) => (range.Spec?.Limits ?? []).Where(l => l.Type == type);

    private static IEnumerable<KeyValuePair<string, Quantity>> Amounts(IDictionary<string, ResourceQuantity>? list) =>
        list is null ? [] : ResourceAmounts.From(list).OrderBy(a => a.Key, StringComparer.Ordinal);

    private static void Add(List<string> broken, string? violation)
    {
        if (violation is not null && !broken.Contains(violation))
        {
            broken.Add(violation);
        }
    }
}
