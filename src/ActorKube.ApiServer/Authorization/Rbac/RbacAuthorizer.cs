using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Rbac;

/// <summary>
/// Role-based access control from the watch caches. What a user may do is worked out once and kept until a role or binding changes, so
/// that a request costs a look at a few rules. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
/// </summary>
internal sealed class RbacAuthorizer : IAuthorizer
{
    private readonly ServedResource _clusterRoles;
    private readonly ServedResource _roles;
    private readonly ServedResource _clusterBindings;
    private readonly ServedResource _bindings;
    private readonly ConditionalWeakTable<UserInfo, Rights> _rights = [];
    private volatile RbacPolicy? _policy;

    /// <summary>Reads the four kinds of that registry; asks for them at once, so that they are there by the first request.</summary>
    public RbacAuthorizer(ResourceRegistry registry)
    {
        _clusterRoles = registry.Of<V1ClusterRole>();
        _roles = registry.Of<V1Role>();
        _clusterBindings = registry.Of<V1ClusterRoleBinding>();
        _bindings = registry.Of<V1RoleBinding>();
    }

    /// <inheritdoc/>
    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken) =>
        Current() is { } policy ? new(Decide(request, policy)) : WaitAndDecideAsync(request, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<V1SubjectRulesReviewStatus> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken)
    {
        var (rules, errors) = RulesFor(user, ns, await PolicyAsync(cancellationToken).ConfigureAwait(false));
        return new V1SubjectRulesReviewStatus
        {
            ResourceRules =
            [
                .. rules.Where(r => r.Resources is { Count: > 0 })
                    .Select(r => new V1ResourceRule { Verbs = r.Verbs, ApiGroups = r.ApiGroups, Resources = r.Resources, ResourceNames = r.ResourceNames }),
            ],
            NonResourceRules = [.. rules.Where(r => r.NonResourceURLs is { Count: > 0 }).Select(r => new V1NonResourceRule { Verbs = r.Verbs, NonResourceURLs = r.NonResourceURLs })],
            EvaluationError = errors.Count == 0 ? null : Aggregate(errors),
        };
    }

    /// <summary>Every rule that the user has in the namespace (empty: everywhere), and the roles that could not be found.</summary>
    public static (List<V1PolicyRule> Rules, List<string> Errors) RulesFor(UserInfo user, string ns, RbacPolicy policy)
    {
        var grants = policy.OfCluster(user).AsEnumerable();
        grants = ns.Length == 0 ? grants : grants.Concat(policy.OfNamespace(user, ns));
        var (rules, errors) = (new List<V1PolicyRule>(), new List<string>());
        foreach (var grant in grants)
        {
            rules.AddRange(grant.Rules.Select(r => r.Policy));
            if (grant.Error is not null)
            {
                errors.Add(grant.Error);
            }
        }

        return (rules, errors);
    }

    /// <summary>The policy of now.</summary>
    public async ValueTask<RbacPolicy> PolicyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Current() is { } policy)
            {
                return policy;
            }

            foreach (var resource in new[] { _clusterRoles, _roles, _clusterBindings, _bindings })
            {
                await Pipeline.Freshness.AnyAsync(resource, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Several errors as one text, as Kubernetes joins them.</summary>
    public static string Aggregate(IEnumerable<string> errors)
    {
        var distinct = errors.Distinct(StringComparer.Ordinal).ToList();
        return distinct.Count == 1 ? distinct[0] : $"[{string.Join(", ", distinct)}]";
    }

    private async ValueTask<AccessDecision> WaitAndDecideAsync(AccessRequest request, CancellationToken cancellationToken) =>
        Decide(request, await PolicyAsync(cancellationToken).ConfigureAwait(false));

    private AccessDecision Decide(AccessRequest request, RbacPolicy policy)
    {
        var rights = _rights.GetValue(request.User, static _ => new Rights()).At(request.User, policy);
        var resource = request.Subresource.Length == 0 ? request.Resource : $"{request.Resource}/{request.Subresource}";
        var cluster = rights.Cluster;
        if (Find(cluster, request, resource) is { } allowed)
        {
            return new AccessDecision(true, allowed);
        }

        var local = request.Namespace.Length == 0 ? [] : rights.In(request.Namespace);
        if (Find(local, request, resource) is { } locally)
        {
            return new AccessDecision(true, locally);
        }

        var errors = cluster.Concat(local).Where(g => g.Error is not null).Select(g => g.Error!).ToList();
        return new AccessDecision(false, errors.Count == 0 ? "" : $"RBAC: {Aggregate(errors)}");
    }

    private static string? Find(RbacPolicy.Grant[] grants, AccessRequest request, string resource)
    {
        foreach (var grant in grants)
        {
            foreach (var rule in grant.Rules)
            {
                if (rule.Allows(request, resource))
                {
                    return grant.Allowed;
                }
            }
        }

        return null;
    }

    // A cache's state is a new object after each change: the same four objects mean the same policy.
    private RbacPolicy? Current()
    {
        var before = _policy;
        if (_clusterRoles.Cache.State is not { } clusterRoles || _roles.Cache.State is not { } roles
            || _clusterBindings.Cache.State is not { } clusterBindings || _bindings.Cache.State is not { } bindings)
        {
            return null;
        }

        return before is not null && ReferenceEquals(before.ClusterRoles, clusterRoles) && ReferenceEquals(before.Roles, roles)
            && ReferenceEquals(before.ClusterBindings, clusterBindings) && ReferenceEquals(before.Bindings, bindings)
            ? before
            : _policy = RbacPolicy.Of(clusterRoles, roles, clusterBindings, bindings, before);
    }

    // One user's rights under one policy.
    private sealed class Rights
    {
        private volatile Known? _known;

        public Known At(UserInfo user, RbacPolicy policy) => _known is { } known && known.Policy == policy ? known : _known = new Known(user, policy);

        public sealed class Known
        {
            private readonly UserInfo _user;
            private readonly ConcurrentDictionary<string, RbacPolicy.Grant[]> _byNamespace = new(StringComparer.Ordinal);

            public Known(UserInfo user, RbacPolicy policy)
            {
                (_user, Policy) = (user, policy);
                Cluster = policy.OfCluster(user);
            }

            public RbacPolicy Policy { get; }

            public RbacPolicy.Grant[] Cluster { get; }

            public RbacPolicy.Grant[] In(string ns) => _byNamespace.GetOrAdd(ns, static (key, own) => own.Policy.OfNamespace(own._user, key), this);
        }
    }
}
