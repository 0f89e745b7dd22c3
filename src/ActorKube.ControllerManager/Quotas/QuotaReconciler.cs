using ActorKube.Api.Machinery;
using ActorKube.Api.Quota;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Quotas;

/// <summary>What a quota's status said was used at some moment.</summary>
/// <param name="Used">What was used.</param>
/// <param name="At">When it was seen.</param>
internal sealed record QuotaBaseline(IReadOnlyDictionary<string, Quantity> Used, DateTimeOffset At);

/// <summary>
/// Brings a quota's status to what is there. Up it goes at once. Down it goes only when every write that was charged so far must have been seen:
/// else a count that misses a pod on its way would let one too many in. Example: used is 2, one pod is counted. After <see cref="Settle"/> used
/// has become 3 by a new charge; 2 are counted now. Of those 3, one was charged since and may not be counted yet, so used becomes at most
/// 2 + 1 = 3; a moment later, with nothing new, it becomes 2.
/// </summary>
internal static class QuotaReconciler
{
    /// <summary>How long a charged write may take until it is seen.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Resync = TimeSpan.FromMinutes(5);

    /// <summary>The plan, and what to remember until the next time.</summary>
    /// <param name="quota">The quota.</param>
    /// <param name="objects">The objects of a resource type in the quota's namespace; null for a type that is not watched.</param>
    /// <param name="baseline">What was remembered.</param>
    /// <param name="now">The time.</param>
    public static (Plan Plan, QuotaBaseline? Baseline) Reconcile(V1ResourceQuota quota, Func<string, IEnumerable<object>?> objects, QuotaBaseline? baseline, DateTimeOffset now)
    {
        var hard = ResourceAmounts.From(quota.Spec?.Hard);
        var recorded = ResourceAmounts.From(quota.Status?.Used);
        var counted = Count(quota, hard, objects, recorded, now);
        var target = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var waits = false;
        var settled = baseline is not null && now - baseline.At >= Settle;
        foreach (var (name, amount) in counted)
        {
            if (!recorded.TryGetValue(name, out var had) || amount >= had)
            {
                target[name] = amount;
                continue;
            }

            var since = settled ? Quantity.Max(had - baseline!.Used.GetValueOrDefault(name), Quantity.Zero) : had;
            target[name] = Quantity.Min(had, amount + since);
            waits |= target[name] > amount;
        }

        var remembered = !waits ? null : settled || baseline is null ? new QuotaBaseline(target, now) : baseline;
        var requeue = waits ? Settle : Resync;
        if (Same(hard, ResourceAmounts.From(quota.Status?.Hard)) && Same(target, recorded))
            return (Plan.Nothing with { RequeueAfter = requeue }, remembered);
        var updated = ApiJson.Copy(quota);
        updated.Status = new V1ResourceQuotaStatus { Hard = ResourceAmounts.ToModel(hard), Used = ResourceAmounts.ToModel(target) };

        // What was created before the quota was in force was not charged, and may not be seen yet.
        var first = quota.Status?.Hard is null or { Count: 0 };
        return (Plan.Of(new UpdateStatus(updated)) with { RequeueAfter = first ? Settle : requeue }, remembered);
    }

    /// <summary>Whether a quota limits something of a resource type.</summary>
    public static bool CountsType(V1ResourceQuota quota, string groupResource)
    {
        var evaluator = QuotaEvaluator.Of(groupResource);
        return quota.Spec?.Hard?.Keys.Any(evaluator.Counts) is true;
    }

    /// <summary>Whether less of anything is used than before.</summary>
    public static bool IsLess(IReadOnlyDictionary<string, Quantity> now, IReadOnlyDictionary<string, Quantity> before) => before.Any(b => now.GetValueOrDefault(b.Key) < b.Value);

    private static Dictionary<string, Quantity> Count(
        V1ResourceQuota quota, Dictionary<string, Quantity> hard, Func<string, IEnumerable<object>?> objects, Dictionary<string, Quantity> recorded, DateTimeOffset now)
    {
        var counted = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var scopes = QuotaEvaluator.Scopes(quota).ToList();
        foreach (var type in hard.Keys.GroupBy(QuotaEvaluator.TypeOf))
        {
            if (type.Key is null || objects(type.Key) is not { } all)
            {
                // Nobody watches them here: what was charged stays charged.
                foreach (var name in type)
                    counted[name] = recorded.GetValueOrDefault(name);
                continue;
            }

            var evaluator = QuotaEvaluator.Of(type.Key);
            foreach (var name in type)
                counted[name] = Quantity.Zero;
            foreach (var value in all.Where(o => scopes.TrueForAll(s => evaluator.IsIn(s, o))))
                ResourceAmounts.Add(counted, evaluator.Usage(value, now).Where(u => counted.ContainsKey(u.Key)));
        }

        return counted;
    }

    private static bool Same(Dictionary<string, Quantity> a, Dictionary<string, Quantity> b) => a.Count == b.Count && a.All(x => b.TryGetValue(x.Key, out var y) && x.Value == y);
}
