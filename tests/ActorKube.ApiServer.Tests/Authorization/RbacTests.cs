using System.Net;
using ActorKube.ApiServer.Authorization.Rbac;
using ActorKube.ApiServer.Tests.Api;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Authorization;

/// <summary>Rights over HTTPS: refusals in Kubernetes' words, rights that come and go, and nobody handing on more than he has.</summary>
public sealed class RbacTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Rbac = "/apis/rbac.authorization.k8s.io/v1";

    private Task GrantAsync(string ns, string user, params V1PolicyRule[] rules) => GrantAsync(ns, user, $"{user}-role", rules);

    private async Task GrantAsync(string ns, string user, string role, V1PolicyRule[] rules)
    {
        await server.Admin.RbacAuthorizationV1.CreateNamespacedRoleAsync(new V1Role { Metadata = new V1ObjectMeta { Name = role }, Rules = rules }, ns);
        await server.Admin.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(new V1RoleBinding
        {
            Metadata = new V1ObjectMeta { Name = role },
            RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = role },
            Subjects = [new Rbacv1Subject { ApiGroup = "rbac.authorization.k8s.io", Kind = "User", Name = user }],
        }, ns);
    }

    [Fact]
    public async Task A_right_comes_with_its_binding_and_goes_with_it()
    {
        var ns = await server.NamespaceAsync();
        using var ann = server.As("ann");
        var path = $"/api/v1/namespaces/{ns}/pods";
        var (code, body) = await ann.AskAsync(HttpMethod.Get, path);
        Assert.Equal((HttpStatusCode.Forbidden, $"pods is forbidden: User \"ann\" cannot list resource \"pods\" in API group \"\" in the namespace \"{ns}\""), (code, body.Message()));
        await GrantAsync(ns, "ann", new V1PolicyRule { ApiGroups = [""], Resources = ["pods"], Verbs = ["list"] });
        Assert.Equal(HttpStatusCode.OK, (await ann.AskAsync(HttpMethod.Get, path)).Code);
        (code, body) = await ann.AskAsync(HttpMethod.Get, path + "/a/log");
        Assert.Equal((HttpStatusCode.Forbidden, $"pods \"a\" is forbidden: User \"ann\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"{ns}\""), (code, body.Message()));
        (code, body) = await ann.AskAsync(HttpMethod.Get, "/api/v1/nodes");
        Assert.Equal((HttpStatusCode.Forbidden, "nodes is forbidden: User \"ann\" cannot list resource \"nodes\" in API group \"\" at the cluster scope"), (code, body.Message()));
        await server.Admin.RbacAuthorizationV1.DeleteNamespacedRoleAsync("ann-role", ns);
        (code, body) = await ann.AskAsync(HttpMethod.Get, path);
        Assert.Equal($"pods is forbidden: User \"ann\" cannot list resource \"pods\" in API group \"\" in the namespace \"{ns}\": RBAC: role.rbac.authorization.k8s.io \"ann-role\" not found", body.Message());
    }

    [Fact]
    public async Task A_namespace_is_in_itself()
    {
        var ns = await server.NamespaceAsync();
        await GrantAsync(ns, "bea", new V1PolicyRule { ApiGroups = [""], Resources = ["namespaces"], Verbs = ["get"] });
        using var bea = server.As("bea");
        Assert.Equal(HttpStatusCode.OK, (await bea.AskAsync(HttpMethod.Get, $"/api/v1/namespaces/{ns}")).Code);
        Assert.Equal("namespaces \"default\" is forbidden: User \"bea\" cannot get resource \"namespaces\" in API group \"\" in the namespace \"default\"",
            (await bea.AskAsync(HttpMethod.Get, "/api/v1/namespaces/default")).Body.Message());
    }

    [Fact]
    public async Task A_list_of_one_name_needs_the_right_to_that_name()
    {
        var ns = await server.NamespaceAsync();
        await GrantAsync(ns, "cid", new V1PolicyRule { ApiGroups = [""], Resources = ["secrets"], ResourceNames = ["one"], Verbs = ["list", "watch", "get"] });
        using var cid = server.As("cid");
        Assert.Equal(HttpStatusCode.OK, (await cid.AskAsync(HttpMethod.Get, $"/api/v1/namespaces/{ns}/secrets?fieldSelector=metadata.name%3Done")).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await cid.AskAsync(HttpMethod.Get, $"/api/v1/namespaces/{ns}/secrets?fieldSelector=metadata.name%3Dtwo")).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await cid.AskAsync(HttpMethod.Get, $"/api/v1/namespaces/{ns}/secrets")).Code);
    }

    [Fact]
    public async Task What_does_not_exist_is_refused_to_those_who_could_not_use_it_anyhow()
    {
        using var dan = server.As("dan");
        Assert.Equal("things.example.com is forbidden: User \"dan\" cannot list resource \"things\" in API group \"example.com\" at the cluster scope",
            (await dan.AskAsync(HttpMethod.Get, "/apis/example.com/v1/things")).Body.Message());
        using var admin = server.Http(server.Server.Certificates.Admin());
        Assert.Equal(HttpStatusCode.NotFound, (await admin.AskAsync(HttpMethod.Get, "/apis/example.com/v1/things")).Code);
    }

    [Fact]
    public async Task Nobody_hands_on_more_than_he_has()
    {
        var ns = await server.NamespaceAsync();
        await GrantAsync(ns, "eve", new V1PolicyRule { ApiGroups = ["rbac.authorization.k8s.io"], Resources = ["roles", "rolebindings"], Verbs = ["create", "get", "update"] },
            new V1PolicyRule { ApiGroups = [""], Resources = ["pods"], Verbs = ["get"] });
        using var eve = server.As("eve");
        const string Held = """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"held"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}""";
        const string More = """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"more"},"rules":[{"apiGroups":[""],"resources":["pods","secrets"],"verbs":["get","list"]}]}""";
        Assert.Equal(HttpStatusCode.Created, (await eve.AskAsync(HttpMethod.Post, $"{Rbac}/namespaces/{ns}/roles", Held)).Code);
        var (code, body) = await eve.AskAsync(HttpMethod.Post, $"{Rbac}/namespaces/{ns}/roles", More);
        Assert.Equal(HttpStatusCode.Forbidden, code);
        Assert.Equal("roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"eve\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n"
            + "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}\n{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"list\"]}", body.Message());

        static string Binding(string kind, string role) =>
            $$"""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b-{{role}}"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"{{kind}}","name":"{{role}}"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"x"}]}""";
        Assert.Equal(HttpStatusCode.Created, (await eve.AskAsync(HttpMethod.Post, $"{Rbac}/namespaces/{ns}/rolebindings", Binding("Role", "held"))).Code);
        (code, body) = await eve.AskAsync(HttpMethod.Post, $"{Rbac}/namespaces/{ns}/rolebindings", Binding("ClusterRole", "cluster-admin"));
        Assert.Equal(HttpStatusCode.Forbidden, code);
        Assert.Contains("{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}\n{NonResourceURLs:[\"*\"], Verbs:[\"*\"]}", body.Message());
        (code, body) = await eve.AskAsync(HttpMethod.Post, $"{Rbac}/namespaces/{ns}/rolebindings", Binding("Role", "absent"));
        Assert.Equal((HttpStatusCode.NotFound, "roles.rbac.authorization.k8s.io \"absent\" not found"), (code, body.Message()));

        await GrantAsync(ns, "eve", "escalating", [new V1PolicyRule { ApiGroups = ["rbac.authorization.k8s.io"], Resources = ["roles", "clusterroles"], Verbs = ["escalate", "bind"] }]);
        Assert.Equal(HttpStatusCode.Created, (await eve.AskAsync(HttpMethod.Post, $"{Rbac}/namespaces/{ns}/roles", More)).Code);
        Assert.Equal(HttpStatusCode.Created, (await eve.AskAsync(HttpMethod.Post, $"{Rbac}/namespaces/{ns}/rolebindings", Binding("ClusterRole", "cluster-admin"))).Code);
    }

    [Fact]
    public async Task Who_may_update_may_not_therefore_create()
    {
        var ns = await server.NamespaceAsync();
        await GrantAsync(ns, "fay", new V1PolicyRule { ApiGroups = ["coordination.k8s.io"], Resources = ["leases"], Verbs = ["update", "patch"] });
        using var fay = server.As("fay");
        var (code, body) = await fay.AskAsync(HttpMethod.Put, $"/apis/coordination.k8s.io/v1/namespaces/{ns}/leases/l", """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"}}""");
        Assert.Equal((HttpStatusCode.Forbidden, $"leases.coordination.k8s.io \"l\" is forbidden: User \"fay\" cannot create resource \"leases\" in API group \"coordination.k8s.io\" in the namespace \"{ns}\""), (code, body.Message()));
        (code, _) = await fay.AskAsync(HttpMethod.Patch, $"/apis/coordination.k8s.io/v1/namespaces/{ns}/leases/l?fieldManager=fay",
            """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"}}""", "application/apply-patch+yaml");
        Assert.Equal(HttpStatusCode.Forbidden, code);
    }

    [Fact]
    public async Task A_review_says_why_it_allows()
    {
        using var admin = server.Http(server.Server.Certificates.Admin());
        var (_, body) = await admin.AskAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            """{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"system:kube-scheduler","resourceAttributes":{"verb":"list","resource":"pods"}}}""");
        Assert.Equal("RBAC: allowed by ClusterRoleBinding \"system:kube-scheduler\" of ClusterRole \"system:kube-scheduler\" to User \"system:kube-scheduler\"", (string?)body["status"]!["reason"]);
        (_, body) = await admin.AskAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            """{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"resourceAttributes":{"verb":"list","resource":"pods"},"nonResourceAttributes":{"path":"/"}}}""");
        Assert.Contains("at least one of user or group must be specified", body.Message());
        Assert.Contains("cannot be specified in combination with resourceAttributes", body.Message());
    }

    [Fact]
    public void The_default_policy_is_complete_and_brings_old_roles_up_to_date()
    {
        var policy = DefaultPolicy.Load();
        Assert.All(policy.ClusterRoleBindings, b => Assert.Contains(policy.ClusterRoles, r => r.Metadata.Name == b.RoleRef.Name));
        Assert.All(policy.RoleBindings, b => Assert.Contains(policy.Roles, r => r.Metadata.Name == b.RoleRef.Name && r.Metadata.NamespaceProperty == b.Metadata.NamespaceProperty));
        var wanted = policy.ClusterRoles.Single(r => r.Metadata.Name == "system:kube-scheduler");
        var current = new V1ClusterRole { Metadata = new V1ObjectMeta { Name = wanted.Metadata.Name }, Rules = [new V1PolicyRule { ApiGroups = ["own"], Resources = ["things"], Verbs = ["get"] }] };
        Assert.True(PolicyReconciler.Update(current, wanted));
        Assert.Empty(RuleCover.Missing([.. current.Rules], wanted.Rules));
        Assert.Contains(current.Rules, r => r.ApiGroups[0] == "own");
        Assert.False(PolicyReconciler.Update(current, wanted));
        var left = new V1ClusterRole { Metadata = new V1ObjectMeta { Name = "x", Annotations = new Dictionary<string, string> { [DefaultPolicy.AutoUpdate] = "false" } } };
        Assert.False(PolicyReconciler.Update(left, wanted));
    }
}
