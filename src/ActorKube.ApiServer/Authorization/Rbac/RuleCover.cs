using System.Text;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Rbac;

/// <summary>Whether somebody holds all that he wants to hand on. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping</summary>
internal static class RuleCover
{
    private const string All = "*";

    /// <summary>What of the wanted rules no held rule covers, in pieces that name one group and one resource each.</summary>
    /// <param name="held">The rules that the user has.</param>
    /// <param name="wanted">The rules that the user hands on.</param>
    public static List<V1PolicyRule> Missing(IReadOnlyList<V1PolicyRule> held, IEnumerable<V1PolicyRule> wanted) =>
        [.. wanted.SelectMany(Pieces).Where(piece => !held.Any(rule => Covers(rule, piece)))];

    /// <summary>Pieces as people are told of them: those that differ in their verbs only are one, in order of their text.</summary>
    public static IEnumerable<string> Describe(IEnumerable<V1PolicyRule> pieces) => pieces
        .GroupBy(p => (Group: p.ApiGroups?.FirstOrDefault(), Resource: p.Resources?.FirstOrDefault(), Name: p.ResourceNames?.FirstOrDefault(), Url: p.NonResourceURLs?.FirstOrDefault(), Verb: p.Resources is null ? p.Verbs.FirstOrDefault() : null))
        .Select(g => Text(new V1PolicyRule
        {
            ApiGroups = g.First().ApiGroups,
            Resources = g.First().Resources,
            ResourceNames = g.First().ResourceNames,
            NonResourceURLs = g.First().NonResourceURLs,
            Verbs = [.. g.SelectMany(p => p.Verbs).Distinct(StringComparer.Ordinal)],
        }))
        .Distinct(StringComparer.Ordinal)
        .Order(StringComparer.Ordinal);

    private static IEnumerable<V1PolicyRule> Pieces(V1PolicyRule rule)
    {
        foreach (var group in rule.ApiGroups ?? [])
        {
            foreach (var resource in rule.Resources ?? [])
            {
                foreach (var verb in rule.Verbs ?? [])
                {
                    if (rule.ResourceNames is { Count: > 0 } names)
                    {
                        foreach (var name in names)
                        {
                            yield return new V1PolicyRule { ApiGroups = [group], Resources = [resource], Verbs = [verb], ResourceNames = [name] };
                        }
                    }
                    else
                    {
                        yield return new V1PolicyRule { ApiGroups = [group], Resources = [resource], Verbs = [verb] };
                    }
                }
            }
        }

        foreach (var url in rule.NonResourceURLs ?? [])
        {
            foreach (var verb in rule.Verbs ?? [])
            {
                yield return new V1PolicyRule { NonResourceURLs = [url], Verbs = [verb] };
            }
        }
    }

    private static bool Covers(V1PolicyRule held, V1PolicyRule piece)
    {
        if (!Has(held.Verbs, piece.Verbs[0]))
        {
            return false;
        }

        if (piece.NonResourceURLs is { Count: > 0 } urls)
        {
            return (held.NonResourceURLs ?? []).Any(url => url == All || url == urls[0] || (url.EndsWith('*') && urls[0].StartsWith(url.TrimEnd('*'), StringComparison.Ordinal)));
        }

        return Has(held.ApiGroups, piece.ApiGroups[0]) && CoversResource(held.Resources, piece.Resources[0])
            && (held.ResourceNames is null or { Count: 0 } || (piece.ResourceNames is { Count: > 0 } names && held.ResourceNames.Contains(names[0])));
    }

    private static bool CoversResource(IList<string>? held, string resource)
    {
        var slash = resource.IndexOf('/', StringComparison.Ordinal);
        return Has(held, resource) || (slash >= 0 && held is not null && held.Contains($"*{resource[slash..]}"));
    }

    private static bool Has(IList<string>? held, string wanted) => held is not null && (held.Contains(All) || held.Contains(wanted));

    private static string Text(V1PolicyRule rule)
    {
        var text = new StringBuilder("{");
        Part(text, "APIGroups", rule.ApiGroups);
        Part(text, "Resources", rule.Resources);
        Part(text, "NonResourceURLs", rule.NonResourceURLs);
        Part(text, "ResourceNames", rule.ResourceNames);
        Part(text, "Verbs", rule.Verbs);
        return text.Append('}').ToString();
    }

    private static void Part(StringBuilder text, string name, IList<string>? values)
    {
        if (values is { Count: > 0 })
        {
            text.Append(text.Length > 1 ? ", " : "").Append(name).Append(":[").AppendJoin(' ', values.Select(v => $"\"{v}\"")).Append(']');
        }
    }
}
