using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>The past by HTTP: objects as they were, and who changed what.</summary>
public sealed class HistoryTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Group = "/apis/history.actorkube.io/v1";

    [Fact]
    public async Task Objects_are_shown_as_they_were_at_a_time_or_a_version()
    {
        var ns = await server.NamespaceAsync();
        var first = await CreateAsync(ns, "a", "1");
        var before = DateTimeOffset.UtcNow;
        await Task.Run(() => SpinWait.SpinUntil(() => DateTimeOffset.UtcNow > before));
        var second = await PatchAsync(ns, "a", "2");
        await CreateAsync(ns, "b", "1");
        await server.Admin.CoreV1.DeleteNamespacedConfigMapAsync("a", ns);
        var maps = $"/api/v1/namespaces/{ns}/configmaps";

        Assert.Equal("1", (await GetAsync($"{maps}/a?atRevision={first.Metadata.ResourceVersion}")).Body["data"]!["k"]!.GetValue<string>());
        var then = (await GetAsync($"{maps}/a?at={before:O}".Replace("+", "%2B"))).Body;
        Assert.Equal("1", then["data"]!["k"]!.GetValue<string>());
        Assert.Equal(first.Metadata.ResourceVersion, then["metadata"]!["resourceVersion"]!.GetValue<string>());
        Assert.Equal(["a=2"], Listed((await GetAsync($"{maps}?atRevision={second.Metadata.ResourceVersion}")).Body));
        Assert.Equal(["b=1"], Listed((await GetAsync(maps)).Body));
        Assert.Equal(["b=1"], Listed((await GetAsync($"{maps}?at=2100-01-01T00:00:00Z")).Body));
        Assert.Empty(Listed((await GetAsync($"{maps}?at=2001-01-01T00:00:00Z")).Body));
        Assert.Equal(404, (await GetAsync($"{maps}/b?atRevision={first.Metadata.ResourceVersion}")).Code);
        Assert.Equal(400, (await GetAsync($"{maps}?at=yesterday")).Code);
        Assert.Equal(400, (await GetAsync($"{maps}?at=2001-01-01T00:00:00Z&watch=true")).Code);
    }

    [Fact]
    public async Task Every_change_of_an_object_is_told_with_who_what_and_when()
    {
        var ns = await server.NamespaceAsync();
        await CreateAsync(ns, "a", "1");
        await PatchAsync(ns, "a", "2");
        await server.Admin.CoreV1.DeleteNamespacedConfigMapAsync("a", ns);

        var changes = (await GetAsync($"{Group}/namespaces/{ns}/changes?fieldSelector=resource%3Dconfigmaps,name%3Da")).Body;
        var items = changes["items"]!.AsArray();

        Assert.Equal(["Created", "Updated", "Removed"], items.Select(i => i!["type"]!.GetValue<string>()));
        Assert.Equal(["create", "patch", "delete"], items.Select(i => i!["verb"]!.GetValue<string>()));
        Assert.All(items, i => Assert.Equal("kubernetes-admin", i!["user"]!.GetValue<string>()));
        Assert.Equal(".data.k: 1 → 2", items[1]!["summary"]!.GetValue<string>());
        Assert.Equal(items[0]!["revision"]!.GetValue<string>(), items[1]!["previousRevision"]!.GetValue<string>());
        var one = (await GetAsync($"{Group}/namespaces/{ns}/changes/{items[1]!["metadata"]!["name"]}")).Body;
        Assert.True(JsonNode.DeepEquals(items[1]!["fields"], one["fields"]));
        Assert.Equal(404, (await GetAsync($"{Group}/namespaces/default/changes/{items[1]!["metadata"]!["name"]}")).Code);
    }

    [Fact]
    public async Task A_list_over_all_resource_types_can_be_narrowed_by_user_and_time()
    {
        var ns = await server.NamespaceAsync();
        await CreateAsync(ns, "a", "1");
        using var other = server.As("mallory", "system:masters");
        var start = DateTimeOffset.UtcNow;
        Assert.Equal(201, (await other.CallAsync("POST", $"/api/v1/namespaces/{ns}/configmaps", """{"metadata":{"name":"m"}}""")).Code);
        Assert.Equal(201, (await other.CallAsync("POST", $"/api/v1/namespaces/{ns}/secrets", """{"metadata":{"name":"m"}}""")).Code);

        var changes = await GetAsync($"{Group}/namespaces/{ns}/changes?fieldSelector=user%3Dmallory&since={start:O}".Replace("+", "%2B"));

        Assert.Equal(["configmaps/m", "secrets/m"], changes.Body["items"]!.AsArray().Select(i => i!["object"]!.GetValue<string>()).Order());
        Assert.Empty((await GetAsync($"{Group}/namespaces/{ns}/changes?fieldSelector=user%3Dmallory&until=2001-01-01T00:00:00Z")).Body["items"]!.AsArray());
        Assert.Equal(400, (await GetAsync($"{Group}/namespaces/{ns}/changes?fieldSelector=resource%3Dunicorns")).Code);
    }

    [Fact]
    public async Task A_change_names_the_change_of_the_owner_that_it_follows_from()
    {
        var ns = await server.NamespaceAsync();
        var owner = await CreateAsync(ns, "owner", "1");
        await server.Admin.CoreV1.CreateNamespacedConfigMapAsync(new V1ConfigMap
        {
            Metadata = new V1ObjectMeta
            {
                Name = "owned",
                OwnerReferences = [new V1OwnerReference { ApiVersion = "v1", Kind = "ConfigMap", Name = "owner", Uid = owner.Metadata.Uid, Controller = true }],
            },
        }, ns);
        await PatchAsync(ns, "owner", "2");

        var change = Assert.Single((await GetAsync($"{Group}/namespaces/{ns}/changes?fieldSelector=resource%3Dconfigmaps,name%3Downed")).Body["items"]!.AsArray());

        Assert.Equal("owner", change!["because"]!["name"]!.GetValue<string>());
        Assert.Equal(owner.Metadata.ResourceVersion, change["because"]!["revision"]!.GetValue<string>());
    }

    [Fact]
    public async Task Nobody_reads_in_the_history_what_he_may_not_read_now()
    {
        var ns = await server.NamespaceAsync();
        foreach (var verb in new[] { "get", "list" })
        {
            await server.Admin.RbacAuthorizationV1.CreateNamespacedRoleAsync(
                new V1Role { Metadata = new V1ObjectMeta { Name = verb }, Rules = [new V1PolicyRule { ApiGroups = ["history.actorkube.io"], Resources = ["changes"], Verbs = [verb] }] }, ns);
            await server.Admin.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(
                new V1RoleBinding { Metadata = new V1ObjectMeta { Name = verb }, RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = verb }, Subjects = [new Rbacv1Subject { Kind = "User", Name = "eve", ApiGroup = "rbac.authorization.k8s.io" }] }, ns);
        }

        using var eve = server.As("eve");
        var list = $"{Group}/namespaces/{ns}/changes?fieldSelector=resource%3Dsecrets";
        await WaitUntilAsync(async () => (await eve.CallAsync("GET", list)).Body["message"]?.GetValue<string>().Contains("resource \"secrets\"") == true);

        Assert.Equal(403, (await eve.CallAsync("GET", list)).Code);
        Assert.Equal(403, (await eve.CallAsync("GET", $"{Group}/namespaces/{ns}/changes/secrets.1")).Code);
    }

    [Fact]
    public async Task Kubectl_takes_it_for_an_ordinary_resource()
    {
        var ns = await server.NamespaceAsync();
        await CreateAsync(ns, "a", "1");
        await PatchAsync(ns, "a", "2");

        var (code, output) = await server.KubectlAsync($"get changes -n {ns} --field-selector resource=configmaps,name=a");

        Assert.True(code == 0, output);
        var lines = output.Trim().Split('\n');
        Assert.Equal(["NAME", "TIME", "OBJECT", "TYPE", "USER", "VERB", "MANAGER", "CHANGED"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("configmaps/a", lines[2]);
        Assert.EndsWith(".data.k: 1 → 2", lines[2].TrimEnd());
    }

    private static IEnumerable<string> Listed(JsonNode list) => list["items"]!.AsArray().Where(i => i!["metadata"]!["name"]!.GetValue<string>() != "kube-root-ca.crt").Select(i => $"{i!["metadata"]!["name"]}={i["data"]!["k"]}");

    private static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(20, patience.Token);
        }
    }

    private Task<V1ConfigMap> CreateAsync(string ns, string name, string value) =>
        server.Admin.CoreV1.CreateNamespacedConfigMapAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = name }, Data = new Dictionary<string, string> { ["k"] = value } }, ns);

    private Task<V1ConfigMap> PatchAsync(string ns, string name, string value) =>
        server.Admin.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch($$$"""{"data":{"k":"{{{value}}}"}}""", V1Patch.PatchType.MergePatch), name, ns);

    private async Task<(int Code, JsonNode Body)> GetAsync(string path)
    {
        using var admin = server.Http(server.Server.Certificates.Admin());
        return await admin.CallAsync("GET", path);
    }
}
