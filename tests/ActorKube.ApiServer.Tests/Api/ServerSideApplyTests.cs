using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>Field management as clients meet it: what Kubernetes' own integration tests of apply check, over HTTPS.</summary>
public sealed class ServerSideApplyTests : IClassFixture<TestServer>, IDisposable
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    private const string Deployments = "/apis/apps/v1/namespaces/default/deployments";

    private readonly TestServer _server;
    private readonly HttpClient _admin;

    public ServerSideApplyTests(TestServer server)
    {
        _server = server;
        _admin = server.Http(server.Server.Certificates.Admin());
    }

    public void Dispose() => _admin.Dispose();

    [Fact]
    public async Task Every_write_records_who_changed_what()
    {
        var map = await Ok("POST", $"{ConfigMaps}?fieldManager=creator", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"written","labels":{"l":"v"}},"data":{"a":"1"}}""");
        Assert.Equal("creator Update v1  {\"f:data\":{\".\":{},\"f:a\":{}},\"f:metadata\":{\"f:labels\":{\".\":{},\"f:l\":{}}}}", Entries(map));
        map["data"]!["b"] = "2";
        map = await Ok("PUT", $"{ConfigMaps}/written?fieldManager=putter", map.ToJsonString());
        Assert.Contains("putter Update v1  {\"f:data\":{\"f:b\":{}}}", Entries(map), StringComparison.Ordinal);
        map = await Ok("PATCH", $"{ConfigMaps}/written", """{"data":{"a":"3"}}""", "application/merge-patch+json", agent: "tool/v1 (linux)");
        Assert.Contains("creator Update v1  {\"f:data\":{},\"f:metadata\":{\"f:labels\":{\".\":{},\"f:l\":{}}}}", Entries(map), StringComparison.Ordinal);
        Assert.Contains("tool Update v1  {\"f:data\":{\"f:a\":{}}}", Entries(map), StringComparison.Ordinal);
        var same = await Ok("PATCH", $"{ConfigMaps}/written", """{"data":{"a":"3"}}""", "application/merge-patch+json", agent: "other");
        Assert.Equal(map.ToJsonString(), same.ToJsonString());
        map = await Ok("PATCH", $"{ConfigMaps}/written?fieldManager=json", """[{"op":"remove","path":"/data/a"}]""", "application/json-patch+json");
        Assert.DoesNotContain("tool", Entries(map), StringComparison.Ordinal);
        Assert.DoesNotContain("json Update", Entries(map), StringComparison.Ordinal);
        map = await Ok("PATCH", $"{ConfigMaps}/written", """[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]""", "application/json-patch+json");
        Assert.Equal("", Entries(map));
        map = await Ok("PATCH", $"{ConfigMaps}/written", """{"data":{"c":"1"}}""", "application/merge-patch+json");
        Assert.Equal("", Entries(map));
    }

    [Fact]
    public async Task What_the_server_adds_by_itself_is_nobodys()
    {
        var pod = await Ok("POST", "/api/v1/namespaces/default/pods?fieldManager=c", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"added"},"spec":{"containers":[{"name":"c","image":"i"}]},"status":{"phase":"Running"}}""");
        Assert.Equal(
            "c Update v1  {\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"c\\\"}\":{\".\":{},\"f:image\":{},\"f:imagePullPolicy\":{},\"f:name\":{},\"f:resources\":{},\"f:terminationMessagePath\":{},\"f:terminationMessagePolicy\":{}}},"
            + "\"f:dnsPolicy\":{},\"f:enableServiceLinks\":{},\"f:restartPolicy\":{},\"f:schedulerName\":{},\"f:securityContext\":{},\"f:terminationGracePeriodSeconds\":{}}}",
            Entries(pod));
        await Ok("POST", "/api/v1/namespaces/default/pods/added/binding", """{"apiVersion":"v1","kind":"Binding","metadata":{"name":"added"},"target":{"kind":"Node","name":"n"}}""", agent: "binder");
        pod = await Ok("PATCH", "/api/v1/namespaces/default/pods/added/status?fieldManager=kubelet", """{"spec":{"nodeName":"m"},"status":{"podIP":"10.0.0.1","conditions":[{"type":"Ready","status":"True"}]}}""", "application/strategic-merge-patch+json");
        Assert.DoesNotContain("binder", Entries(pod), StringComparison.Ordinal);
        Assert.Contains("kubelet Update v1 status {\"f:status\":{\"f:conditions\":{", Entries(pod), StringComparison.Ordinal);
        Assert.DoesNotContain("nodeName", Entries(pod), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_apply_creates_changes_and_takes_away()
    {
        var (code, map) = await Apply($"{ConfigMaps}/applied?fieldManager=a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"applied"},"data":{"a":"1","b":"2"}}""");
        Assert.Equal(201, code);
        Assert.Equal("a Apply v1  {\"f:data\":{\"f:a\":{},\"f:b\":{}}}", Entries(map));
        (code, var again) = await Apply($"{ConfigMaps}/applied?fieldManager=a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"applied"},"data":{"a":"1","b":"2"}}""");
        Assert.Equal((200, map.ToJsonString()), (code, again.ToJsonString()));
        (code, map) = await Apply($"{ConfigMaps}/applied?fieldManager=a&dryRun=All", "{apiVersion: v1, kind: ConfigMap, metadata: {name: applied}, data: {a: '3'}}");
        Assert.Equal((200, """{"a":"3"}"""), (code, map["data"]!.ToJsonString()));
        (code, map) = await Apply($"{ConfigMaps}/applied?fieldManager=a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: applied}, data: {b: '2'}}");
        Assert.Equal((200, """{"b":"2"}"""), (code, map["data"]!.ToJsonString()));
        var (_, dry) = await Apply($"{ConfigMaps}/dry?fieldManager=a&dryRun=All", "{apiVersion: v1, kind: ConfigMap, metadata: {name: dry}}");
        Assert.Equal("dry", (string?)dry["metadata"]!["name"]);
        Assert.Equal(404, (await Send("GET", $"{ConfigMaps}/dry")).Code);
    }

    [Fact]
    public async Task A_conflict_says_who_owns_what()
    {
        await Ok("POST", $"{ConfigMaps}?fieldManager=creator", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"conflict"},"data":{"a":"1","b":"1"}}""");
        var (code, status) = await Apply($"{ConfigMaps}/conflict?fieldManager=b", "{apiVersion: v1, kind: ConfigMap, metadata: {name: conflict}, data: {a: '2'}}");
        Assert.Equal((409, "Conflict", "Apply failed with 1 conflict: conflict with \"creator\" using v1: .data.a"), (code, (string?)status["reason"], (string?)status["message"]));
        var cause = status["details"]!["causes"]!.AsArray().Single()!;
        Assert.Equal(("FieldManagerConflict", "conflict with \"creator\" using v1", ".data.a"), ((string?)cause["reason"], (string?)cause["message"], (string?)cause["field"]));
        (code, var map) = await Apply($"{ConfigMaps}/conflict?fieldManager=b&force=true", "{apiVersion: v1, kind: ConfigMap, metadata: {name: conflict}, data: {a: '2'}}");
        Assert.Equal((200, "b Apply v1  {\"f:data\":{\"f:a\":{}}}\ncreator Update v1  {\"f:data\":{\".\":{},\"f:b\":{}}}"), (code, Entries(map)));
    }

    [Theory]
    [InlineData("?fieldManager=", "{apiVersion: v1, kind: ConfigMap, metadata: {name: wrong}}", 422, "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")]
    [InlineData("?fieldManager=a%0A", "{apiVersion: v1, kind: ConfigMap, metadata: {name: wrong}}", 422, "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Invalid value: \"a\\n\": invalid character U+000A (at position 1)")]
    [InlineData("?fieldManager=a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}", 400, "the name of the object (other) does not match the name on the URL (wrong)")]
    [InlineData("?fieldManager=a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: wrong, namespace: other}}", 400, "the namespace of the provided object does not match the namespace sent on the request")]
    [InlineData("?fieldManager=a", "{apiVersion: v1, kind: ConfigMap}", 400, "the name of the object (wrong based on URL) was undeterminable: name must be provided")]
    [InlineData("?fieldManager=a", "{apiVersion: v1, kind: Secret, metadata: {name: wrong}}", 400, "invalid object type: /v1, Kind=Secret")]
    [InlineData("?fieldManager=a", "{metadata: {name: wrong}}", 400, "invalid object type: /, Kind=")]
    [InlineData("?fieldManager=a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: wrong, managedFields: []}}", 400, "metadata.managedFields must be nil")]
    [InlineData("?fieldManager=a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: wrong}, dat: {}}", 400, "failed to create typed patch object (/wrong; /v1, Kind=ConfigMap): .dat: field not declared in schema")]
    [InlineData("?fieldManager=a&fieldValidation=Strict", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wrong}\ndata: {a: x}\ndata: {b: x}\n", 400, "error strict decoding patch: error converting YAML to JSON: yaml: unmarshal errors:\n  line 5: key \"data\" already set in map")]
    [InlineData("?fieldManager=a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: wrong, uid: nobody}}", 409, "Operation cannot be fulfilled on configmaps \"wrong\": uid mismatch: the provided object specified uid nobody, and no existing object was found")]
    public async Task A_wrong_apply_is_refused_in_Kubernetes_words(string query, string body, int code, string message)
    {
        var (got, status) = await Apply($"{ConfigMaps}/wrong{query}", body);
        Assert.Equal((code, message), (got, (string?)status["message"]));
    }

    [Fact]
    public async Task Force_belongs_to_apply_only() => Assert.Equal(
        "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch",
        (string?)(await Send("PATCH", $"{ConfigMaps}/any?force=true", "{}", "application/merge-patch+json")).Body["message"]);

    [Fact]
    public async Task A_stale_version_in_the_configuration_is_a_conflict()
    {
        var (_, first) = await Apply($"{ConfigMaps}/stale?fieldManager=a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: stale}, data: {a: '1'}}");
        await Apply($"{ConfigMaps}/stale?fieldManager=a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: stale}, data: {a: '2'}}");
        var (code, status) = await Apply($"{ConfigMaps}/stale?fieldManager=a", $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: stale, resourceVersion: '{first["metadata"]!["resourceVersion"]}'}}, data: {{a: '3'}}}}");
        Assert.Equal((409, "Operation cannot be fulfilled on configmaps \"stale\": the object has been modified; please apply your changes to the latest version and try again"), (code, (string?)status["message"]));
    }

    [Fact]
    public async Task Spec_and_status_are_applied_at_their_own_urls()
    {
        const string Path = $"{Deployments}/parts";
        var body = Deployment("parts", 1);
        Assert.Equal(201, (await Apply($"{Path}?fieldManager=spec", body.With(", \"status\": {\"readyReplicas\": 3}"))).Code);
        var (code, deployment) = await Apply($"{Path}/status?fieldManager=status", Deployment("parts", 7).With(", \"status\": {\"readyReplicas\": 0, \"observedGeneration\": 1}"));
        Assert.Equal((200, 1, 1), (code, (int)deployment["spec"]!["replicas"]!, (int)deployment["status"]!["observedGeneration"]!));
        Assert.DoesNotContain("f:status", Entries(deployment).Split('\n').Single(e => e.StartsWith("spec ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain("f:spec", Entries(deployment).Split('\n').Single(e => e.StartsWith("status ", StringComparison.Ordinal)), StringComparison.Ordinal);
        (code, var status) = await Apply($"{Path}?fieldManager=status", Deployment("parts", 7).Text);
        Assert.Equal((409, "Apply failed with 1 conflict: conflict with \"spec\": .spec.replicas"), (code, (string?)status["message"]));
    }

    [Fact]
    public async Task Replicas_change_their_owner_by_scale()
    {
        const string Path = $"{Deployments}/scaled";
        await Apply($"{Path}?fieldManager=apply_test", Deployment("scaled", 1).Text);
        await Ok("PATCH", $"{Path}/scale?fieldManager=scale_test", """{"spec":{"replicas":5}}""", "application/merge-patch+json");
        await Owners(Path, 5, "scale_test");
        Assert.Equal(409, (await Apply($"{Path}?fieldManager=apply_test", Deployment("scaled", 1).Text)).Code);
        await Apply($"{Path}?fieldManager=apply_test&force=true", Deployment("scaled", 1).Text);
        await Owners(Path, 1, "apply_test");
        var (code, status) = await Apply($"{Path}/scale?fieldManager=apply_scale", Scale(17));
        Assert.Equal((409, "Apply failed with 1 conflict: conflict with \"apply_test\": .spec.replicas"), (code, (string?)status["message"]));
        (code, var scale) = await Apply($"{Path}/scale?fieldManager=apply_scale&force=true", Scale(17));
        Assert.Equal((200, 17), (code, (int)scale["spec"]!["replicas"]!));
        Assert.Null(scale["metadata"]!["managedFields"]);
        await Owners(Path, 17, "apply_scale");
        await Ok("PUT", $"{Path}/scale?fieldManager=replace_test", Scale(7));
        await Owners(Path, 7, "replace_test");
        await Apply($"{Path}/scale?fieldManager=co_owning_test", Scale(7));
        await Owners(Path, 7, "co_owning_test", "replace_test");
        await Ok("PATCH", $"{Path}/scale?fieldManager=scale_test", """{"spec":{"replicas":5}}""", "application/merge-patch+json");
        await Owners(Path, 5, "scale_test");
        await Ok("PATCH", $"{Path}/scale?fieldManager=other", """{"status":{"replicas":42}}""", "application/merge-patch+json");
        await Owners(Path, 5, "scale_test");
    }

    [Fact]
    public async Task Each_version_of_a_kind_names_its_own_fields()
    {
        const string V1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers";
        const string V2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
        await Apply($"{V1}/h?fieldManager=one", "{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 5, targetCPUUtilizationPercentage: 50, scaleTargetRef: {kind: Deployment, name: d, apiVersion: apps/v1}}}");
        var (code, hpa) = await Apply($"{V2}/h?fieldManager=two", "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 6}}");
        Assert.Equal((409, "Apply failed with 1 conflict: conflict with \"one\": .spec.maxReplicas"), (code, (string?)hpa["message"]));
        (code, hpa) = await Apply($"{V2}/h?fieldManager=two&force=true", "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 6}}");
        Assert.Equal(200, code);
        Assert.Equal("one Apply autoscaling/v1  {\"f:spec\":{\"f:scaleTargetRef\":{},\"f:targetCPUUtilizationPercentage\":{}}}\ntwo Apply autoscaling/v2  {\"f:spec\":{\"f:maxReplicas\":{}}}", Entries(hpa));
    }

    [Fact]
    public async Task Lists_and_tables_show_the_entries()
    {
        await Apply($"{ConfigMaps}/shown?fieldManager=a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: shown}, data: {a: '1'}}");
        Assert.Contains("\"manager\":\"a\"", (await Send("GET", $"{ConfigMaps}?fieldSelector=metadata.name=shown")).Body.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("\"manager\":\"a\"", (await Send("GET", $"{ConfigMaps}/shown", accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")).Body.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("\"manager\":\"a\"", (await Send("GET", $"{ConfigMaps}/shown", accept: "application/json;as=Table;g=meta.k8s.io;v=v1")).Body.ToJsonString(), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("1.27")]
    [InlineData("1.30")]
    [InlineData("1.33")]
    public async Task Kubectl_moves_an_object_from_one_sort_of_apply_to_the_other_and_back(string version)
    {
        var program = (File.ResolveLinkTarget("/usr/bin/kubectl", true)?.FullName ?? "/usr/bin/kubectl") + "." + version;
        Skip.IfNot(File.Exists(program), $"{program} is not there");
        var ns = await _server.NamespaceAsync();
        async Task<string> RunAsync(string arguments, string? input = null)
        {
            var (code, output) = await _server.KubectlAsync($"-n {ns} {arguments}", input, program);
            return $"{code} {output}";
        }

        static string Map(string data) => $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m}}\ndata: {{{data}}}\n";
        Assert.StartsWith("0 configmap/m created", await RunAsync("apply -f -", Map("key: value, legacy: unused")), StringComparison.Ordinal);
        Assert.Contains("conflict with \"kubectl-client-side-apply\" using v1", await RunAsync("apply --server-side --field-manager=other -f -", Map("key: another")), StringComparison.Ordinal);
        Assert.StartsWith("0 configmap/m serverside-applied", await RunAsync("apply --server-side -f -", Map("key: value, legacy: unused")), StringComparison.Ordinal);
        Assert.StartsWith("0 configmap/m serverside-applied", await RunAsync("apply --server-side -f -", Map("key: another")), StringComparison.Ordinal);
        Assert.Equal("0 {\"key\":\"another\"}", await RunAsync("get configmap m -o jsonpath={.data}"));
        Assert.Contains("\"key\": \"another\"", await RunAsync("apply view-last-applied configmap/m -o json"), StringComparison.Ordinal);
        Assert.Contains("manager: kubectl\n", await RunAsync("get configmap m -o yaml --show-managed-fields"), StringComparison.Ordinal);
        Assert.DoesNotContain("managedFields", await RunAsync("get configmap m -o yaml"), StringComparison.Ordinal);
        Assert.Contains("+  key: third", await RunAsync("diff --server-side -f -", Map("key: third")), StringComparison.Ordinal);
        Assert.StartsWith("0 configmap/m serverside-applied", await RunAsync("apply --server-side --field-manager=other --force-conflicts -f -", Map("key: third")), StringComparison.Ordinal);
        Assert.StartsWith("0 configmap/m configured", await RunAsync("apply -f -", Map("key: fourth")), StringComparison.Ordinal);
    }

    private static string Scale(int replicas) => $$$"""{"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"scaled","namespace":"default"},"spec":{"replicas": {{{replicas}}} } }""";

    private static Body Deployment(string name, int replicas) => new(
        $$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{{name}}}"},"spec":{"replicas":{{{replicas}}},"selector":{"matchLabels":{"app":"nginx"}},
         "template":{"metadata":{"labels":{"app":"nginx"}},"spec":{"containers":[{"name":"nginx","image":"nginx:latest"}]} } } }
        """);

    private static string Entries(JsonNode value) => string.Join('\n', (value["metadata"]!["managedFields"] as JsonArray ?? []).Select(e =>
        $"{e!["manager"]} {e["operation"]} {e["apiVersion"]} {e["subresource"]} {e["fieldsV1"]!.ToJsonString(Plain)}"));

    private static System.Text.Json.JsonSerializerOptions Plain { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private async Task Owners(string path, int replicas, params string[] managers)
    {
        var value = (await Send("GET", path)).Body;
        Assert.Equal(replicas, (int)value["spec"]!["replicas"]!);
        Assert.Equal(managers, Entries(value).Split('\n').Where(e => e.Contains("f:replicas", StringComparison.Ordinal)).Select(e => e[..e.IndexOf(' ', StringComparison.Ordinal)]));
    }

    private Task<(int Code, JsonNode Body)> Apply(string path, string body) => Send("PATCH", path, body, "application/apply-patch+yaml");

    private async Task<JsonNode> Ok(string method, string path, string body, string contentType = "application/json", string? agent = null)
    {
        var (code, answer) = await Send(method, path, body, contentType, agent: agent);
        Assert.True(code < 300, answer.ToJsonString());
        return answer;
    }

    private async Task<(int Code, JsonNode Body)> Send(string method, string path, string? body = null, string contentType = "application/json", string? accept = null, string? agent = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        if (agent is not null)
        {
            request.Headers.TryAddWithoutValidation("User-Agent", agent);
        }

        using var response = await _admin.SendAsync(request);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    private sealed record Body(string Text)
    {
        public string With(string more) => Text[..Text.LastIndexOf('}')] + more + "}";
    }
}
