using System.Net;
using System.Text.Json.Nodes;
using ActorKube.ApiServer.Tests.Api;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Authentication;

/// <summary>Asking as somebody else.</summary>
public sealed class ImpersonationTests(TestServer server) : IClassFixture<TestServer>
{
    private static async Task<JsonNode> WhoAmIAsync(HttpClient client) =>
        (await client.AskAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""")).Body["status"]!["userInfo"]!;

    [Fact]
    public async Task An_administrator_is_whom_he_says()
    {
        using var client = server.As("ann", "crew");
        client.DefaultRequestHeaders.Add("Impersonate-Uid", "7");
        client.DefaultRequestHeaders.Add("Impersonate-Extra-Example.com%2fscopes", "one");
        var user = await WhoAmIAsync(client);
        Assert.Equal(("ann", "7"), ((string?)user["username"], (string?)user["uid"]));
        Assert.Equal(["crew", "system:authenticated"], user["groups"]!.AsArray().Select(g => (string)g!));
        Assert.Equal(["one"], user["extra"]!["example.com/scopes"]!.AsArray().Select(g => (string)g!));
    }

    [Fact]
    public async Task A_service_account_brings_its_groups_and_nobody_stays_nobody()
    {
        using var account = server.As("system:serviceaccount:kube-system:job-controller");
        Assert.Equal(["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"], (await WhoAmIAsync(account))["groups"]!.AsArray().Select(g => (string)g!));
        using var anonymous = server.As("system:anonymous");
        Assert.Equal(HttpStatusCode.Forbidden, (await anonymous.AskAsync(HttpMethod.Get, "/api")).Code);
    }

    [Fact]
    public async Task Each_part_of_another_identity_needs_a_right_of_its_own()
    {
        var ns = await server.NamespaceAsync();
        await server.Admin.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = "actor" } }, ns);
        var made = await server.Admin.CoreV1.CreateNamespacedServiceAccountTokenAsync(new Authenticationv1TokenRequest { Spec = new V1TokenRequestSpec { Audiences = [] } }, "actor", ns);
        await server.Admin.RbacAuthorizationV1.CreateClusterRoleAsync(new V1ClusterRole { Metadata = new V1ObjectMeta { Name = $"as-{ns}" }, Rules = [new V1PolicyRule { ApiGroups = [""], Resources = ["users"], ResourceNames = ["ann"], Verbs = ["impersonate"] }] });
        await server.Admin.RbacAuthorizationV1.CreateClusterRoleBindingAsync(new V1ClusterRoleBinding
        {
            Metadata = new V1ObjectMeta { Name = $"as-{ns}" },
            RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "ClusterRole", Name = $"as-{ns}" },
            Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = "actor", NamespaceProperty = ns }],
        });
        using var client = server.WithToken(made.Status.Token);
        client.DefaultRequestHeaders.Add("Impersonate-User", "ann");
        Assert.Equal("ann", (string?)(await WhoAmIAsync(client))["username"]);
        client.DefaultRequestHeaders.Add("Impersonate-Group", "crew");
        var (code, body) = await client.AskAsync(HttpMethod.Get, "/api");
        Assert.Equal((HttpStatusCode.Forbidden, $"groups \"crew\" is forbidden: User \"system:serviceaccount:{ns}:actor\" cannot impersonate resource \"groups\" in API group \"\" at the cluster scope"), (code, body.Message()));
        client.DefaultRequestHeaders.Remove("Impersonate-Group");
        client.DefaultRequestHeaders.Remove("Impersonate-User");
        client.DefaultRequestHeaders.Add("Impersonate-User", "bob");
        (code, body) = await client.AskAsync(HttpMethod.Get, "/api");
        Assert.Equal((HttpStatusCode.Forbidden, $"users \"bob\" is forbidden: User \"system:serviceaccount:{ns}:actor\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"), (code, body.Message()));
    }

    [Theory]
    [InlineData("Impersonate-Group", "crew", "requested impersonation of groups [crew] without impersonating a user")]
    [InlineData("Impersonate-Extra-Scopes", "one", "requested impersonation of extra map[scopes:[one]] without impersonating a user")]
    [InlineData("Impersonate-Uid", "7", "requested impersonation of uid 7 without impersonating a user")]
    public async Task Parts_of_a_user_without_his_name_are_refused(string header, string value, string reason)
    {
        using var client = server.Http(server.Server.Certificates.Admin());
        client.DefaultRequestHeaders.Add(header, value);
        var (code, body) = await client.AskAsync(HttpMethod.Get, "/api/v1/namespaces");
        Assert.Equal(HttpStatusCode.InternalServerError, code);
        Assert.Contains(reason, body.Message(), StringComparison.Ordinal);
    }
}
