using ActorKube.Api.Machinery;
using ActorKube.Api.Quota;
using k8s.Models;

namespace ActorKube.ApiServer.Admission.Quota;

/// <summary>A write that quotas are asked about.</summary>
/// <param name="Evaluator">How its kind weighs.</param>
/// <param name="Operation"><c>CREATE</c> or <c>UPDATE</c>.</param>
/// <param name="Subresource">Subresource.</param>
/// <param name="Object">The object as it would be.</param>
/// <param name="Old">The object as it is; null on create.</param>
internal sealed record QuotaDemand(QuotaEvaluator Evaluator, string Operation, string Subresource, object Object, object? Old);

/// <summary>A quota with what is used of it so far, the demands granted but not yet written included.</summary>
internal sealed class RunningQuota(V1ResourceQuota quota)
{
    /// <summary>The quota as it is stored. Shared: read only.</summary>
    public V1ResourceQuota Quota { get; } = quota;

    /// <summary>Its limits.</summary>
    public Dictionary<string, Quantity> Hard { get; } = ResourceAmounts.From(quota.Status?.Hard);

    /// <summary>What is used.</summary>
    public Dictionary<string, Quantity> Used { get; private set; } = ResourceAmounts.From(quota.Status?.Used);

    /// <summary>Whether anything was granted.</summary>
    public bool Changed { get; private set; }

    /// <summary>The same, to try something on.</summary>
    public RunningQuota Fork() => new(Quota) { Used = Used };

    /// <summary>Grants an amount.</summary>
    public void Charge(IReadOnlyDictionary<string, Quantity> amounts)
    {
        var used = new Dictionary<string, Quantity>(Used, StringComparer.Ordinal);
        ResourceAmounts.Add(used, amounts);
        (Used, Changed) = (used, true);
    }

    /// <summary>The quota with what is used now; a new object.</summary>
    public V1ResourceQuota Updated()
    {
        var updated = ApiJson.Copy(Quota);
        updated.Status.Used = ResourceAmounts.ToModel(Used);
        return updated;
    }
}

/// <summary>
/// Decides whether quotas have room for a write. All that are about it must have; then all of them are charged. Pure.
/// Example: with pods=1 used of 2, one more pod is granted and used becomes 2; the next one exceeds.
/// </summary>
internal static class QuotaCheck
{
    /// <summary>Charges the quotas; or says why not, and charges none.</summary>
    /// <returns>Whether something was charged, and the refusal; at most one of them.</returns>
    /// <param name="quotas">The namespace's quotas.</param>
    /// <param name="demand">The write.</param>
    /// <param name="now">For pods that should have ended by now.</param>
    /// <param name="limited">What may only be used under a quota.</param>
    public static (bool Charged, string? Refusal) Charge(IReadOnlyList<RunningQuota> quotas, QuotaDemand demand, DateTimeOffset now, IReadOnlyList<LimitedResource>? limited = null)
    {
        var evaluator = demand.Evaluator;
        var about = quotas.Where(q => evaluator.Matches(q.Quota, demand.Object)).ToList();
        foreach (var quota in about)
        {
            var names = quota.Hard.Keys.Where(evaluator.Counts).Order(StringComparer.Ordinal).ToList();
            if (evaluator.Missing(names, demand.Object) is { } missing)
            {
                return (false, $"failed quota: {quota.Quota.Metadata.Name}: {missing}");
            }

            if (names.Any(n => !quota.Used.ContainsKey(n)))
            {
                return (false, $"status unknown for quota: {quota.Quota.Metadata.Name}, resources: {string.Join(',', names)}");
            }
        }

        if (about.Count == 0 && limited is not { Count: > 0 })
        {
            return (false, null);
        }

        var usage = evaluator.Usage(demand.Object, now);
        if (usage.Where(u => u.Value.Sign < 0).Select(u => u.Key).Order(StringComparer.Ordinal).ToList() is { Count: > 0 } negative)
        {
            return (false, $"quota usage is negative for resource(s): {string.Join(',', negative)}");
        }

        var more = demand.Operation == "UPDATE" && demand.Old is not null ? Increase(usage, evaluator.Usage(demand.Old, now)) : usage;
        if (limited is { Count: > 0 } && more.Values.Any(a => !a.IsZero) && LimitedResource.Uncovered(limited, demand, usage, quotas, about) is { } uncovered)
        {
            return (false, uncovered);
        }

        var charges = new List<(RunningQuota Quota, Dictionary<string, Quantity> Amounts)>();
        foreach (var quota in about)
        {
            // An update that brings the object under the quota brings all of it.
            var brings = more == usage || evaluator.Matches(quota.Quota, demand.Old!) ? more : usage;
            var charge = brings.Where(u => !u.Value.IsZero && quota.Hard.ContainsKey(u.Key)).ToDictionary(u => u.Key, u => u.Value, StringComparer.Ordinal);
            if (charge.Count == 0)
            {
                continue;
            }

            if (demand.Subresource != "status" && Exceeded(quota, charge) is { } refusal)
            {
                return (false, refusal);
            }

            charges.Add((quota, charge));
        }

        foreach (var (quota, amounts) in charges)
        {
            quota.Charge(amounts);
        }

        return (charges.Count > 0, null);
    }

    private static string? Exceeded(RunningQuota quota, Dictionary<string, Quantity> charge)
    {
        var over = charge.Where(c => quota.Used.GetValueOrDefault(c.Key) + c.Value > quota.Hard[c.Key]).Select(c => c.Key).ToHashSet(StringComparer.Ordinal);
        return over.Count == 0 ? null
            : $"exceeded quota: {quota.Quota.Metadata.Name}, requested: {Text(charge)}, used: {Text(quota.Used)}, limited: {Text(quota.Hard)}";

        string Text(Dictionary<string, Quantity> amounts) => ResourceAmounts.Text(amounts.Where(a => over.Contains(a.Key)));
    }

    private static Dictionary<string, Quantity> Increase(Dictionary<string, Quantity> now, Dictionary<string, Quantity> before) =>
        now.ToDictionary(u => u.Key, u => Quantity.Max(u.Value - before.GetValueOrDefault(u.Key), Quantity.Zero), StringComparer.Ordinal);
}
