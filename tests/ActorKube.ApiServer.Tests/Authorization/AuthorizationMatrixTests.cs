using ActorKube.Api.Kinds;
using ActorKube.ApiServer.Tests.Api;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Authorization;

/// <summary>Twelve identities, every resource and subresource, every verb: what the server says equals what a plain reading of all rules says.</summary>
public sealed class AuthorizationMatrixTests(TestServer server) : IClassFixture<TestServer>
{
    private static readonly string[] Verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate", "escalate", "bind"];

    private static (string Name, string[] Groups)[] Identities(string ns) =>
    [
        ("root", ["system:masters", "system:authenticated"]),
        ("chief", ["system:authenticated"]),
        ("owner", ["system:authenticated"]),
        ("writer", ["system:authenticated"]),
        ("reader", ["system:authenticated"]),
        ("member", ["crew", "system:authenticated"]),
        ("nobody", ["system:authenticated"]),
        ("system:anonymous", ["system:unauthenticated"]),
        ("system:kube-scheduler", ["system:authenticated"]),
        ("system:kube-controller-manager", ["system:authenticated"]),
        ("system:serviceaccount:kube-system:deployment-controller", ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"]),
        ($"system:serviceaccount:{ns}:robot", ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"]),
    ];

    [Fact]
    public async Task Everybody_may_do_what_the_rules_say_and_nothing_else()
    {
        var ns = await server.NamespaceAsync();
        await ArrangeAsync(ns);
        var (clusterRoles, roles) = ((await server.Admin.RbacAuthorizationV1.ListClusterRoleAsync()).Items, (await server.Admin.RbacAuthorizationV1.ListRoleForAllNamespacesAsync()).Items);
        var (clusterBindings, bindings) = ((await server.Admin.RbacAuthorizationV1.ListClusterRoleBindingAsync()).Items, (await server.Admin.RbacAuthorizationV1.ListRoleBindingForAllNamespacesAsync()).Items);
        var resources = KindRegistry.BuiltIn.All.SelectMany(k => k.Subresources.Select(s => (Kind: k, Subresource: s.Name)).Prepend((Kind: k, Subresource: ""))).ToList();
        var wrong = new List<string>();
        var allowed = 0;
        foreach (var (user, groups) in Identities(ns))
        {
            foreach (var scope in new[] { "", ns, "default" })
            {
                var rules = Rules(user, groups, scope).ToList();
                foreach (var (kind, subresource) in resources)
                {
                    foreach (var verb in Verbs)
                    {
                        foreach (var name in new[] { "", "special" })
                        {
                            var expected = groups.Contains("system:masters") || rules.Any(r => Permits(r, verb, kind.Group, kind.Resource, subresource, name));
                            var said = await MayAsync(user, groups, verb, kind, subresource, scope, name);
                            allowed += said ? 1 : 0;
                            if (said != expected)
                            {
                                wrong.Add($"{user} {verb} {kind.GroupResource}/{subresource} \"{name}\" in \"{scope}\": {said}");
                            }
                        }
                    }
                }
            }
        }

        Assert.Empty(wrong);
        Assert.True(allowed > 1000);

        IEnumerable<V1PolicyRule> Rules(string user, string[] groups, string scope) => clusterBindings
            .Where(b => b.Subjects?.Any(s => IsIt(s, user, groups, "")) is true)
            .SelectMany(b => clusterRoles.Where(r => r.Metadata.Name == b.RoleRef.Name).SelectMany(r => r.Rules ?? []))
            .Concat(bindings.Where(b => scope.Length > 0 && b.Metadata.NamespaceProperty == scope && b.Subjects?.Any(s => IsIt(s, user, groups, scope)) is true)
                .SelectMany(b => b.RoleRef.Kind == "Role"
                    ? roles.Where(r => r.Metadata.NamespaceProperty == scope && r.Metadata.Name == b.RoleRef.Name).SelectMany(r => r.Rules ?? [])
                    : clusterRoles.Where(r => r.Metadata.Name == b.RoleRef.Name).SelectMany(r => r.Rules ?? [])));
    }

    [Fact]
    public async Task Nobody_without_a_credential_reads_or_writes_a_resource()
    {
        using var anonymous = server.Http(null);
        foreach (var kind in KindRegistry.BuiltIn.All)
        {
            var path = $"/{(kind.Group.Length == 0 ? "api" : $"apis/{kind.Group}")}/{kind.Version}/{(kind.Namespaced ? "namespaces/default/" : "")}{kind.Resource}";
            foreach (var (method, target) in new[] { (HttpMethod.Get, path), (HttpMethod.Get, path + "/x"), (HttpMethod.Post, path), (HttpMethod.Put, path + "/x"), (HttpMethod.Delete, path + "/x"), (HttpMethod.Delete, path) })
            {
                var (code, _) = await anonymous.AskAsync(method, target, method == HttpMethod.Get ? null : "{}");
                Assert.True(code == System.Net.HttpStatusCode.Forbidden, $"{method} {target}: {code}");
            }
        }

        foreach (var path in new[] { "/", "/api", "/apis", "/apis/apps/v1", "/metrics", "/openapi/v2", "/openapi/v3", "/.well-known/openid-configuration", "/openid/v1/jwks", "/livez/ping" })
        {
            Assert.Equal((path, System.Net.HttpStatusCode.Forbidden), (path, (await anonymous.AskAsync(HttpMethod.Get, path)).Code));
        }

        foreach (var path in new[] { "/livez", "/readyz", "/healthz", "/version" })
        {
            Assert.Equal((path, System.Net.HttpStatusCode.OK), (path, (await anonymous.AskAsync(HttpMethod.Get, path)).Code));
        }
    }

    private async Task ArrangeAsync(string ns)
    {
        var rbac = server.Admin.RbacAuthorizationV1;
        await rbac.CreateClusterRoleBindingAsync(new V1ClusterRoleBinding { Metadata = new V1ObjectMeta { Name = "chief" }, RoleRef = Role("ClusterRole", "cluster-admin"), Subjects = [User("chief")] });
        await rbac.CreateClusterRoleAsync(new V1ClusterRole
        {
            Metadata = new V1ObjectMeta { Name = "stars" },
            Rules =
            [
                new V1PolicyRule { ApiGroups = ["apps"], Resources = ["*"], Verbs = ["get"] },
                new V1PolicyRule { ApiGroups = ["*"], Resources = ["*/scale"], Verbs = ["update"] },
                new V1PolicyRule { ApiGroups = [""], Resources = ["secrets"], ResourceNames = ["special"], Verbs = ["*"] },
            ],
        });
        await rbac.CreateClusterRoleBindingAsync(new V1ClusterRoleBinding { Metadata = new V1ObjectMeta { Name = "crew" }, RoleRef = Role("ClusterRole", "stars"), Subjects = [new Rbacv1Subject { Kind = "Group", ApiGroup = "rbac.authorization.k8s.io", Name = "crew" }] });
        await rbac.CreateNamespacedRoleAsync(new V1Role
        {
            Metadata = new V1ObjectMeta { Name = "robot" },
            Rules = [new V1PolicyRule { ApiGroups = [""], Resources = ["pods", "pods/log"], Verbs = ["get", "list"] }, new V1PolicyRule { ApiGroups = [""], Resources = ["configmaps"], ResourceNames = ["special"], Verbs = ["get", "update"] }],
        }, ns);
        await BindAsync("robot", "Role", "robot", new Rbacv1Subject { Kind = "ServiceAccount", Name = "robot", NamespaceProperty = ns });
        await BindAsync("owner", "ClusterRole", "system:aggregate-to-admin", User("owner"));
        await BindAsync("writer", "ClusterRole", "system:aggregate-to-edit", User("writer"));
        await BindAsync("reader", "ClusterRole", "system:aggregate-to-view", User("reader"));
        await BindAsync("missing", "Role", "no-such-role", User("reader"));

        Task BindAsync(string name, string kind, string role, Rbacv1Subject subject) =>
            rbac.CreateNamespacedRoleBindingAsync(new V1RoleBinding { Metadata = new V1ObjectMeta { Name = name }, RoleRef = Role(kind, role), Subjects = [subject] }, ns);
    }

    private async Task<bool> MayAsync(string user, string[] groups, string verb, ResourceKind kind, string subresource, string ns, string name)
    {
        var response = await server.Server.Pipeline.HandleAsync(new ApiRequest
        {
            Verb = "create",
            Group = "authorization.k8s.io",
            Resource = "subjectaccessreviews",
            Object = new V1SubjectAccessReview
            {
                Metadata = new V1ObjectMeta(),
                Spec = new V1SubjectAccessReviewSpec
                {
                    User = user,
                    Groups = groups,
                    ResourceAttributes = new V1ResourceAttributes { Verb = verb, Group = kind.Group, Version = kind.Version, Resource = kind.Resource, Subresource = subresource, NamespaceProperty = ns, Name = name },
                },
            },
        }, TestServer.AdminUser, CancellationToken.None);
        return response.Object!.As<V1SubjectAccessReview>().Status.Allowed;
    }

    private static bool Permits(V1PolicyRule rule, string verb, string group, string resource, string subresource, string name)
    {
        var full = subresource.Length == 0 ? resource : $"{resource}/{subresource}";
        return rule.Verbs.Intersect([verb, "*"]).Any() && rule.ApiGroups?.Intersect([group, "*"]).Any() is true
            && rule.Resources?.Any(r => r == "*" || r == full || (subresource.Length > 0 && r == $"*/{subresource}")) is true
            && (rule.ResourceNames is null or { Count: 0 } || rule.ResourceNames.Contains(name));
    }

    private static bool IsIt(Rbacv1Subject subject, string user, string[] groups, string ns) => subject.Kind switch
    {
        "User" => subject.Name == user,
        "Group" => groups.Contains(subject.Name),
        _ => user == $"system:serviceaccount:{(string.IsNullOrEmpty(subject.NamespaceProperty) ? ns : subject.NamespaceProperty)}:{subject.Name}",
    };

    private static V1RoleRef Role(string kind, string name) => new() { ApiGroup = "rbac.authorization.k8s.io", Kind = kind, Name = name };

    private static Rbacv1Subject User(string name) => new() { Kind = "User", ApiGroup = "rbac.authorization.k8s.io", Name = name };
}
