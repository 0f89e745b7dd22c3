using System.Collections.Immutable;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>One term of a pod's affinity or anti-affinity to other pods, ready to match. Immutable.</summary>
/// <param name="TopologyKey">The node label whose value says what "near" is.</param>
/// <param name="Selector">The pods meant.</param>
/// <param name="Namespaces">Their namespaces by name.</param>
/// <param name="NamespaceSelector">Their namespaces by label.</param>
/// <param name="Weight">How much a preferred term counts; 0 for a required one.</param>
public sealed record AffinityTerm(
    string TopologyKey, LabelSelector Selector, ImmutableHashSet<string> Namespaces, LabelSelector NamespaceSelector, int Weight)
{
    /// <summary>Whether the term means this pod.</summary>
    public bool Matches(PodInfo pod, ImmutableDictionary<string, IDictionary<string, string>> namespaceLabels) =>
        MatchesNamespace(pod.Namespace, namespaceLabels) && Selector.Matches(pod.Labels);

    /// <summary>The required terms of a pod.</summary>
    public static ImmutableArray<AffinityTerm> Required(V1Pod pod, IList<V1PodAffinityTerm>? terms) =>
        terms is null ? [] : [.. terms.Select(t => From(pod, t, 0))];

    /// <summary>The preferred terms of a pod.</summary>
    public static ImmutableArray<AffinityTerm> Preferred(V1Pod pod, IList<V1WeightedPodAffinityTerm>? terms) =>
        terms is null ? [] : [.. terms.Select(t => From(pod, t.PodAffinityTerm, t.Weight))];

    /// <summary>
    /// The selector of a term or constraint, narrowed by the pod's own values of some labels
    /// (<c>matchLabelKeys</c>, such as <c>pod-template-hash</c>) and away from those of others.
    /// </summary>
    public static LabelSelector Narrowed(V1Pod pod, V1LabelSelector? selector, IList<string>? sameKeys, IList<string>? otherKeys = null)
    {
        var result = Read(selector);
        foreach (var (keys, how) in new[] { (sameKeys, SelectionOperator.In), (otherKeys, SelectionOperator.NotIn) })
        {
            foreach (var key in keys ?? [])
            {
                if (pod.Metadata.Labels is { } labels && labels.TryGetValue(key, out var value))
                {
                    result = result.With(new LabelRequirement(key, how, [value]));
                }
            }
        }

        return result;
    }

    private static AffinityTerm From(V1Pod pod, V1PodAffinityTerm term, int weight)
    {
        var names = term.Namespaces is { Count: > 0 } listed ? listed.ToImmutableHashSet()
            : term.NamespaceSelector is null ? [pod.Metadata.NamespaceProperty ?? ""]
            : ImmutableHashSet<string>.Empty;
        return new AffinityTerm(
            term.TopologyKey,
            Narrowed(pod, term.LabelSelector, term.MatchLabelKeys, term.MismatchLabelKeys),
            names,
            Read(term.NamespaceSelector),
            weight);
    }

    /// <summary>A selector that validation should have refused means no pod: one bad pod must not stop the scheduler.</summary>
    private static LabelSelector Read(V1LabelSelector? selector) => LabelSelector.TryFrom(selector, out var read, out _) ? read : LabelSelector.Nothing;

    private bool MatchesNamespace(string ns, ImmutableDictionary<string, IDictionary<string, string>> labels) =>
        Namespaces.Contains(ns)
        || (!NamespaceSelector.MatchesNothing && (NamespaceSelector.IsEmpty || NamespaceSelector.Matches(labels.GetValueOrDefault(ns))));
}
