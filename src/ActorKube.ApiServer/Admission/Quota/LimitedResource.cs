using ActorKube.Api.Machinery;
using ActorKube.Api.Quota;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using k8s.Models;

namespace ActorKube.ApiServer.Admission.Quota;

/// <summary>
/// What may be used in a namespace only where a quota covers it, by the administrator's word.
/// Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/#limit-priority-class-consumption-by-default
/// </summary>
/// <param name="GroupResource">The resource type, such as <c>pods</c> or <c>deployments.apps</c>.</param>
/// <param name="MatchContains">Parts of the names that quotas have for what objects of the type use, such as <c>.storageclass.storage.k8s.io/requests.storage</c>.</param>
/// <param name="MatchScopes">Scopes in which objects may be only where a quota is about that scope.</param>
public sealed record LimitedResource(string GroupResource, IReadOnlyList<string> MatchContains, IReadOnlyList<V1ScopedResourceSelectorRequirement> MatchScopes)
{
    /// <summary>Reads an item of the list <c>actorkube.apiserver.admission.resource-quota.limited-resources</c>.</summary>
    /// <exception cref="ConfigurationException">The item says no resource.</exception>
    public static LimitedResource From(Config item)
    {
        var (resource, group) = (item.GetString("resource", ""), item.GetString("api-group", ""));
        if (resource.Length == 0)
        {
            throw new ConfigurationException("actorkube.apiserver.admission.resource-quota.limited-resources: an item has no resource");
        }

        return new LimitedResource(
            group.Length == 0 ? resource : $"{resource}.{group}",
            [.. item.GetStringList("match-contains", [])],
            [.. Items(item, "match-scopes").Select(Scope)]);
    }

    /// <summary>The objects of a list of a section; none where there is no such list.</summary>
    public static IEnumerable<Config> Items(Config section, string key) =>
        section.HasPath(key) ? section.GetValue(key).GetArray().Select(v => new Config(new HoconRoot(v))) : [];

    /// <summary>Why a write is refused for want of a quota; null where all it uses is covered. Pure.</summary>
    /// <param name="limited">What needs a quota.</param>
    /// <param name="demand">The write.</param>
    /// <param name="usage">What the object uses.</param>
    /// <param name="quotas">The namespace's quotas.</param>
    /// <param name="about">Those of them that the write is charged to.</param>
    internal static string? Uncovered(
        IReadOnlyList<LimitedResource> limited, QuotaDemand demand, IReadOnlyDictionary<string, Quantity> usage, IReadOnlyList<RunningQuota> quotas, IReadOnlyList<RunningQuota> about)
    {
        var evaluator = demand.Evaluator;
        var parts = limited.Where(l => l.GroupResource == evaluator.GroupResource).SelectMany(l => l.MatchContains).ToList();
        var covered = about.SelectMany(q => q.Hard.Keys).Where(evaluator.Counts).ToHashSet(StringComparer.Ordinal);
        var names = usage.Keys.Where(n => parts.Any(p => n.Contains(p, StringComparison.Ordinal)) && !covered.Contains(n)).Order(StringComparer.Ordinal).ToList();
        if (names.Count > 0)
        {
            return $"insufficient quota to consume: {string.Join(',', names)}";
        }

        var known = quotas.SelectMany(q => QuotaEvaluator.Scopes(q.Quota)).Where(s => evaluator.IsIn(s, demand.Object)).Select(s => s.ScopeName).ToHashSet(StringComparer.Ordinal);
        var scopes = limited.SelectMany(l => l.MatchScopes).Where(s => evaluator.IsIn(s, demand.Object) && !known.Contains(s.ScopeName)).ToList();
        return scopes.Count == 0 ? null : $"insufficient quota to match these scopes: [{string.Join(' ', scopes.Select(s => $"{{{s.ScopeName} {s.OperatorProperty} [{string.Join(' ', s.Values ?? [])}]}}"))}]";
    }

    private static V1ScopedResourceSelectorRequirement Scope(Config item) => new()
    {
        ScopeName = item.GetString("scope-name"),
        OperatorProperty = item.GetString("operator"),
        Values = [.. item.GetStringList("values", [])],
    };
}
