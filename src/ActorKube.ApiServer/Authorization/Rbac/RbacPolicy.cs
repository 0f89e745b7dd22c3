using System.Runtime.CompilerServices;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.WatchCache;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Rbac;

/// <summary>The roles and bindings of one moment, and what they give to a user.</summary>
internal sealed class RbacPolicy
{
    private const string ServiceAccountPrefix = "system:serviceaccount:";

    // Rules and subjects are read out of an object once, and kept as long as the cache keeps the object.
    private static readonly ConditionalWeakTable<CachedObject, RbacRule[]> Rules = [];

    private readonly BindingsBySubject _everywhere;

    private RbacPolicy(CacheState clusterRoles, CacheState roles, CacheState clusterBindings, CacheState bindings, BindingsBySubject everywhere)
    {
        (ClusterRoles, Roles, ClusterBindings, Bindings) = (clusterRoles, roles, clusterBindings, bindings);
        _everywhere = everywhere;
    }

    /// <summary>The cluster roles.</summary>
    public CacheState ClusterRoles { get; }

    /// <summary>The roles.</summary>
    public CacheState Roles { get; }

    /// <summary>The cluster role bindings.</summary>
    public CacheState ClusterBindings { get; }

    /// <summary>The role bindings.</summary>
    public CacheState Bindings { get; }

    /// <summary>The policy of four states. What the one before worked out of the same cluster role bindings is taken over.</summary>
    public static RbacPolicy Of(CacheState clusterRoles, CacheState roles, CacheState clusterBindings, CacheState bindings, RbacPolicy? before = null) =>
        new(clusterRoles, roles, clusterBindings, bindings,
            before is not null && ReferenceEquals(before.ClusterBindings, clusterBindings) ? before._everywhere : new BindingsBySubject(clusterBindings.Objects.Range("").Select(o => Everywhere(o.Object.As<V1ClusterRoleBinding>()))));

    /// <summary>What cluster role bindings give to the user.</summary>
    public Grant[] OfCluster(UserInfo user) => [.. _everywhere.For(user).Select(found => Resolve(found.Binding, found.Subject))];

    /// <summary>What role bindings of the namespace give to the user.</summary>
    public Grant[] OfNamespace(UserInfo user, string ns)
    {
        List<Grant>? grants = null;
        foreach (var entry in Bindings.Objects.Range(ns + "/"))
        {
            var value = entry.Object.As<V1RoleBinding>();
            if (Applies(user, value.Subjects, ns) is { } subject)
            {
                (grants ??= []).Add(Resolve(new Binding(value.Metadata.Name, ns, value.RoleRef, value.Subjects), subject));
            }
        }

        return grants is null ? [] : [.. grants];
    }

    /// <summary>The rules of a role, or null where there is none.</summary>
    public RbacRule[]? RulesOf(string kind, string name, string ns)
    {
        var entry = kind == "Role" ? Roles.Objects.Find($"{ns}/{name}") : ClusterRoles.Objects.Find(name);
        return entry is null ? null : Rules.GetValue(entry, static e => [.. (e.Object.Value switch
        {
            V1ClusterRole role => role.Rules,
            V1Role role => role.Rules,
            _ => [],
        } ?? []).Select(r => new RbacRule(r))]);
    }

    /// <summary>The error of a role that is not there.</summary>
    public static string NotFound(string kind, string name) => $"{(kind == "Role" ? "role" : "clusterrole")}.rbac.authorization.k8s.io \"{name}\" not found";

    private Grant Resolve(Binding binding, Rbacv1Subject subject)
    {
        var (kind, name) = (binding.Role.Kind, binding.Role.Name);
        return RulesOf(kind, name, binding.Namespace) is { } rules
            ? new Grant(rules, null, binding, subject)
            : new Grant([], NotFound(kind, name), binding, subject);
    }

    private static Binding Everywhere(V1ClusterRoleBinding value) => new(value.Metadata.Name, "", value.RoleRef, value.Subjects ?? []);

    /// <summary>The first of the subjects that is the user, or null.</summary>
    internal static Rbacv1Subject? Applies(UserInfo user, IList<Rbacv1Subject>? subjects, string ns)
    {
        for (var i = 0; i < (subjects?.Count ?? 0); i++)
        {
            var subject = subjects![i];
            if (subject.Kind switch
            {
                "User" => subject.Name == user.Name,
                "Group" => user.IsIn(subject.Name),
                "ServiceAccount" => IsServiceAccount(user.Name, string.IsNullOrEmpty(subject.NamespaceProperty) ? ns : subject.NamespaceProperty, subject.Name),
                _ => false,
            })
            {
                return subject;
            }
        }

        return null;
    }

    private static bool IsServiceAccount(string user, string ns, string name) =>
        ns.Length > 0 && user.Length == ServiceAccountPrefix.Length + ns.Length + 1 + name.Length
        && user.StartsWith(ServiceAccountPrefix, StringComparison.Ordinal)
        && user.AsSpan(ServiceAccountPrefix.Length).StartsWith(ns) && user[ServiceAccountPrefix.Length + ns.Length] == ':' && user.EndsWith(name, StringComparison.Ordinal);

    /// <summary>A binding of either kind; the namespace is empty for one that holds everywhere.</summary>
    internal sealed record Binding(string Name, string Namespace, V1RoleRef Role, IList<Rbacv1Subject>? Subjects);

    /// <summary>What one binding gives: the rules of its role, or why there are none.</summary>
    internal sealed record Grant(RbacRule[] Rules, string? Error, Binding Binding, Rbacv1Subject Subject)
    {
        private string? _description;

        /// <summary>The reason of a decision that this grant allows.</summary>
        public string Allowed => _description ??= "RBAC: allowed by " + Describe();

        private string Describe() => Binding.Namespace.Length == 0
            ? $"ClusterRoleBinding \"{Binding.Name}\" of {Binding.Role.Kind} \"{Binding.Role.Name}\" to {Describe(Subject, "")}"
            : $"RoleBinding \"{Binding.Name}/{Binding.Namespace}\" of {Binding.Role.Kind} \"{Binding.Role.Name}\" to {Describe(Subject, Binding.Namespace)}";

        private static string Describe(Rbacv1Subject subject, string ns) => subject.Kind == "ServiceAccount"
            ? $"ServiceAccount \"{subject.Name}/{(string.IsNullOrEmpty(subject.NamespaceProperty) ? ns : subject.NamespaceProperty)}\""
            : $"{subject.Kind} \"{subject.Name}\"";
    }

    // Cluster role bindings by who they are for: a user is touched by a handful of them, however many there are.
    private sealed class BindingsBySubject
    {
        private readonly Dictionary<string, List<(int Order, Binding Binding)>> _users = new(StringComparer.Ordinal);
        private readonly Dictionary<string, List<(int Order, Binding Binding)>> _groups = new(StringComparer.Ordinal);

        public BindingsBySubject(IEnumerable<Binding> bindings)
        {
            var order = 0;
            foreach (var binding in bindings)
            {
                foreach (var subject in binding.Subjects ?? [])
                {
                    var (index, key) = subject.Kind switch
                    {
                        "Group" => (_groups, subject.Name),
                        "ServiceAccount" => (_users, $"{ServiceAccountPrefix}{subject.NamespaceProperty}:{subject.Name}"),
                        _ => (_users, subject.Name),
                    };
                    if (!index.TryGetValue(key, out var list))
                    {
                        index.Add(key, list = []);
                    }

                    list.Add((order, binding));
                }

                order++;
            }
        }

        public IEnumerable<(Binding Binding, Rbacv1Subject Subject)> For(UserInfo user)
        {
            var found = new SortedDictionary<int, Binding>();
            Collect(_users, user.Name, found);
            foreach (var group in user.Groups)
            {
                Collect(_groups, group, found);
            }

            foreach (var binding in found.Values)
            {
                if (Applies(user, binding.Subjects, "") is { } subject)
                {
                    yield return (binding, subject);
                }
            }
        }

        private static void Collect(Dictionary<string, List<(int Order, Binding Binding)>> index, string key, SortedDictionary<int, Binding> found)
        {
            foreach (var (order, binding) in index.GetValueOrDefault(key) ?? [])
            {
                found[order] = binding;
            }
        }
    }
}
