using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission.PodSecurity;

/// <summary>Looks which pods of a namespace would not be let in under a level that is about to be enforced. They stay; people are told.</summary>
internal sealed class ExistingPods(ResourceRegistry registry, PodSecuritySettings settings, TimeProvider time)
{
    private const int MaxPods = 3000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The warnings.</summary>
    public async ValueTask<IReadOnlyList<string>> WarningsAsync(string ns, LevelVersion level, CancellationToken cancellationToken)
    {
        var state = await Freshness.AnyAsync(registry.Of<V1Pod>(), cancellationToken).ConfigureAwait(false);
        var started = time.GetTimestamp();
        return Warnings(ns, level, [.. state.Objects.Range(ns + "/").Select(o => o.Object.As<V1Pod>())], settings.ExemptRuntimeClasses, () => time.GetElapsedTime(started) > Patience);
    }

    /// <summary>One pod of each controller first, so that every sort of pod is seen when there are too many.</summary>
    public static IReadOnlyList<string> Warnings(string ns, LevelVersion level, IReadOnlyList<V1Pod> pods, IReadOnlyList<string> exemptRuntimeClasses, Func<bool> timeIsUp)
    {
        var controllers = new HashSet<string>(StringComparer.Ordinal);
        var (first, others) = (new List<V1Pod>(), new List<V1Pod>());
        foreach (var pod in pods.Where(p => string.IsNullOrEmpty(p.Spec.RuntimeClassName) || !exemptRuntimeClasses.Contains(p.Spec.RuntimeClassName)))
        {
            var owner = pod.Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller is true)?.Uid;
            (owner is null || controllers.Add(owner) ? first : others).Add(pod);
        }

        var broken = new SortedDictionary<string, (string Pod, int Count)>(StringComparer.Ordinal);
        var (total, looked) = (first.Count + others.Count, 0);
        foreach (var pod in first.Concat(others).Take(MaxPods))
        {
            looked++;
            var violations = PolicyEvaluator.Evaluate(level, new CheckedPod(pod.Metadata, pod.Spec));
            if (violations.Count > 0)
            {
                var reason = string.Join(", ", violations.Select(v => v.Reason));
                var name = pod.Metadata.Name;
                broken[reason] = broken.TryGetValue(reason, out var seen) ? (string.CompareOrdinal(name, seen.Pod) < 0 ? name : seen.Pod, seen.Count + 1) : (name, 1);
            }

            if (timeIsUp())
            {
                break;
            }
        }

        var warnings = new List<string>();
        if (looked < total)
        {
            warnings.Add($"new PodSecurity enforce level only checked against the first {looked} of {total} existing pods");
        }

        if (broken.Count > 0)
        {
            warnings.Add($"existing pods in namespace \"{ns}\" violate the new PodSecurity enforce level \"{level}\"");
            warnings.AddRange(broken.Select(b => $"{b.Value.Pod}{Others(b.Value.Count)}: {b.Key}").Order(StringComparer.Ordinal));
        }

        return warnings;
    }

    private static string Others(int count) => count switch { 1 => "", 2 => " (and 1 other pod)", _ => $" (and {count - 1} other pods)" };
}
