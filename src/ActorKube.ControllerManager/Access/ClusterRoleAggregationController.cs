using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Access;

/// <summary>
/// Fills the rules of ClusterRoles that gather them from others by label.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
/// </summary>
internal sealed class ClusterRoleAggregationController : IController
{
    private readonly ILister<V1ClusterRole> _roles;

    public ClusterRoleAggregationController(IInformerFactory informers)
    {
        var roles = informers.Informer<V1ClusterRole>();
        _roles = roles.Lister;

        // Any role may be gathered by, or no longer by, any other.
        Sources = [Source.OfChanges<V1ClusterRole>(roles, (_, changed) => [.. _roles.List().Where(r => r.AggregationRule is not null).Select(r => ObjectKey.Of(r)), ObjectKey.Of(changed)])];
    }

    public string Name => "clusterrole-aggregation";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => _roles.Get(null, key.Name) is { } role ? Reconcile(role, _roles.List()) : Plan.Nothing;

    internal static Plan Reconcile(V1ClusterRole role, IEnumerable<V1ClusterRole> all)
    {
        if (role.AggregationRule is null || role.Metadata.DeletionTimestamp is not null)
            return Plan.Nothing;
        var rules = RulesOf(role, all);
        if (SemanticEquality.Equal(rules, role.Rules ?? []))
            return Plan.Nothing;
        var changed = ApiJson.Copy(role);
        changed.Rules = rules;
        return Plan.Of(new Update(changed));
    }

    /// <summary>The rules of all roles that a selector finds, each once, the role itself left out.</summary>
    internal static List<V1PolicyRule> RulesOf(V1ClusterRole role, IEnumerable<V1ClusterRole> all)
    {
        var sources = all.Where(r => r.Metadata.Name != role.Metadata.Name).OrderBy(r => r.Metadata.Name, StringComparer.Ordinal).ToList();
        var rules = new List<V1PolicyRule>();
        foreach (var selector in role.AggregationRule.ClusterRoleSelectors ?? [])
        {
            if (!LabelSelector.TryFrom(selector, out var labels, out _))
                continue;
            foreach (var rule in sources.Where(s => labels.Matches(s.Metadata.Labels)).SelectMany(s => s.Rules ?? []))
            {
                if (!rules.Exists(r => SemanticEquality.Equal(r, rule)))
                    rules.Add(rule);
            }
        }

        return rules;
    }
}
