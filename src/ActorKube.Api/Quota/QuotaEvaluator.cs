using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Quota;

/// <summary>
/// How objects of one resource type weigh on a ResourceQuota. The API server charges with it what is written, the quota controller
/// counts with it what is there. Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/
/// </summary>
public abstract class QuotaEvaluator
{
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["configmaps"] = "configmaps", ["secrets"] = "secrets", ["replicationcontrollers"] = "replicationcontrollers", ["resourcequotas"] = "resourcequotas",
    };

    private protected QuotaEvaluator(string groupResource) => GroupResource = groupResource;

    /// <summary>The resource type, such as <c>pods</c> or <c>deployments.apps</c>.</summary>
    public string GroupResource { get; }

    /// <summary>The name that counts objects of this type, whatever their state: <c>count/deployments.apps</c>.</summary>
    public string CountName => $"count/{GroupResource}";

    /// <summary>The evaluator of a resource type.</summary>
    public static QuotaEvaluator Of(string groupResource) => groupResource switch
    {
        "pods" => PodQuota.Instance,
        "services" => ServiceQuota.Instance,
        "persistentvolumeclaims" => ClaimQuota.Instance,
        "resourceclaims.resource.k8s.io" => DeviceClaimQuota.Instance,
        _ => new ObjectCountQuota(groupResource, Aliases.GetValueOrDefault(groupResource)),
    };

    /// <summary>The evaluator of a kind.</summary>
    public static QuotaEvaluator Of(ResourceKind kind) => Of(kind.GroupResource);

    /// <summary>The resource types that a name of a quota is counted over; null for a name that no type has.</summary>
    public static string? TypeOf(string name) => name switch
    {
        _ when name.StartsWith("count/", StringComparison.Ordinal) => name["count/".Length..],
        _ when PodQuota.Instance.Counts(name) => "pods",
        _ when ServiceQuota.Instance.Counts(name) => "services",
        _ when ClaimQuota.Instance.Counts(name) => "persistentvolumeclaims",
        _ when DeviceClaimQuota.Instance.Counts(name) => "resourceclaims.resource.k8s.io",
        _ => Aliases.GetValueOrDefault(name),
    };

    /// <summary>Whether such a write can change what is used.</summary>
    /// <param name="operation"><c>CREATE</c> or <c>UPDATE</c>.</param>
    /// <param name="subresource">Subresource; empty for the object itself.</param>
    /// <param name="value">The object as it would be.</param>
    /// <param name="old">The object as it is; null on create.</param>
    public virtual bool Handles(string operation, string subresource, object value, object? old) => operation == "CREATE" && subresource.Length == 0;

    /// <summary>What an object uses, by the names that quotas have for it.</summary>
    /// <param name="value">The object.</param>
    /// <param name="now">For pods that should have ended by now.</param>
    public abstract Dictionary<string, Quantity> Usage(object value, DateTimeOffset now);

    /// <summary>Whether a name of a quota is about this resource type.</summary>
    public abstract bool Counts(string name);

    /// <summary>Whether an object is in a scope.</summary>
    public virtual bool IsIn(V1ScopedResourceSelectorRequirement scope, object value) => false;

    /// <summary>What an object must say under a quota of these names and does not; null when nothing is missing.</summary>
    public virtual string? Missing(IEnumerable<string> names, object value) => null;

    /// <summary>Whether a quota is about an object: it limits something of its type and the object is in all its scopes.</summary>
    public bool Matches(V1ResourceQuota quota, object value) =>
        quota.Status?.Hard is { } hard && hard.Keys.Any(Counts) && Scopes(quota).All(s => IsIn(s, value));

    /// <summary>A quota's scopes, of both fields.</summary>
    public static IEnumerable<V1ScopedResourceSelectorRequirement> Scopes(V1ResourceQuota quota) =>
    [
        .. (quota.Spec?.Scopes ?? []).Select(s => new V1ScopedResourceSelectorRequirement { ScopeName = s, OperatorProperty = "Exists" }),
        .. quota.Spec?.ScopeSelector?.MatchExpressions ?? [],
    ];

    /// <summary>Whether one of the names is what a requirement asks for; no names at all is what <c>DoesNotExist</c> and <c>NotIn</c> ask for.</summary>
    private protected static bool Selects(V1ScopedResourceSelectorRequirement scope, IReadOnlyCollection<string> names) => scope.OperatorProperty switch
    {
        "Exists" => names.Count > 0,
        "DoesNotExist" => names.Count == 0,
        "In" => names.Any(n => scope.Values?.Contains(n) is true),
        "NotIn" => names.Count == 0 || names.Any(n => scope.Values?.Contains(n) is not true),
        _ => false,
    };
}

/// <summary>Counts objects.</summary>
internal sealed class ObjectCountQuota(string groupResource, string? alias) : QuotaEvaluator(groupResource)
{
    /// <inheritdoc/>
    public override Dictionary<string, Quantity> Usage(object value, DateTimeOffset now)
    {
        var usage = new Dictionary<string, Quantity>(StringComparer.Ordinal) { [CountName] = Quantity.Of(1) };
        if (alias is not null)
        {
            usage[alias] = Quantity.Of(1);
        }

        return usage;
    }

    /// <inheritdoc/>
    public override bool Counts(string name) => name == alias || name == CountName;
}
