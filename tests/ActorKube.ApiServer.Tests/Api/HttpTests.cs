using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>What goes over the wire, byte by byte where it matters.</summary>
public sealed class HttpTests : IClassFixture<TestServer>, IDisposable
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";

    private readonly TestServer _server;
    private readonly HttpClient _admin;

    public HttpTests(TestServer server)
    {
        _server = server;
        _admin = server.Http(server.Server.Certificates.Admin());
    }

    public void Dispose() => _admin.Dispose();

    private async Task<(HttpResponseMessage Response, string Body)> SendAsync(
        HttpMethod method, string path, string? body = null, string contentType = "application/json", string? accept = null, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        var response = await (client ?? _admin).SendAsync(request);
        return (response, await response.Content.ReadAsStringAsync());
    }

    private async Task<JsonNode> StatusAsync(HttpStatusCode code, HttpMethod method, string path, string? body = null, string contentType = "application/json", string? accept = null, HttpClient? client = null)
    {
        var (response, text) = await SendAsync(method, path, body, contentType, accept, client);
        Assert.True(code == response.StatusCode, $"{response.StatusCode}: {text}");
        var status = JsonNode.Parse(text)!;
        Assert.Equal("Status", (string?)status["kind"]);
        Assert.Equal((int)code, (int?)status["code"]);
        return status;
    }

    [Theory]
    [InlineData("PUT", ConfigMaps)]
    [InlineData("POST", ConfigMaps + "/a")]
    [InlineData("POST", "/api/v1/configmaps")]
    [InlineData("DELETE", "/api/v1/namespaces")]
    [InlineData("GET", "/api/v1/namespaces/default/bindings")]
    [InlineData("POST", "/api/v1/namespaces/default/pods/x/log")]
    [InlineData("POST", "/version")]
    public async Task A_method_that_a_url_does_not_have_is_told_as_such(string method, string path)
    {
        var status = await StatusAsync(HttpStatusCode.MethodNotAllowed, new HttpMethod(method), path, "{}");
        Assert.Equal("the server does not allow this method on the requested resource", (string?)status["message"]);
        Assert.Equal("MethodNotAllowed", (string?)status["reason"]);
        Assert.Equal("{}", status["details"]?.ToJsonString());
    }

    [Theory]
    [InlineData("/api/v1/configmaps/a")]
    [InlineData("/api/v1/namespaces/default/nodes/a")]
    public async Task An_object_is_only_at_its_own_url(string path) =>
        Assert.Equal("the server could not find the requested resource", (string?)(await StatusAsync(HttpStatusCode.NotFound, HttpMethod.Get, path))["message"]);

    [Fact]
    public async Task A_scale_has_a_table_of_its_own()
    {
        const string deployments = "/apis/apps/v1/namespaces/default/deployments";
        await SendAsync(HttpMethod.Post, deployments, """{"metadata":{"name":"scaled"},"spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""");
        var table = JsonNode.Parse((await SendAsync(HttpMethod.Get, deployments + "/scaled/scale", accept: "application/json;as=Table;v=v1;g=meta.k8s.io")).Body)!;
        Assert.Equal(["Name", "Desired", "Available", "Age"], table["columnDefinitions"]!.AsArray().Select(c => (string?)c!["name"]));
        var row = Assert.Single(table["rows"]!.AsArray())!;
        Assert.Equal(["scaled", "3", "0"], row["cells"]!.AsArray().Take(3).Select(c => c!.ToString()));
        Assert.Equal("scaled", (string?)row["object"]!["metadata"]!["name"]);
    }

    [Fact]
    public async Task Nobody_gets_in_without_a_credential_except_to_see_whether_it_lives()
    {
        using var anonymous = _server.Http(null);
        var refused = await StatusAsync(HttpStatusCode.Forbidden, HttpMethod.Get, ConfigMaps, client: anonymous);
        Assert.Equal("configmaps is forbidden: User \"system:anonymous\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\"", (string?)refused["message"]);
        refused = await StatusAsync(HttpStatusCode.Forbidden, HttpMethod.Get, "/apis", client: anonymous);
        Assert.Equal("forbidden: User \"system:anonymous\" cannot get path \"/apis\"", (string?)refused["message"]);
        foreach (var path in new[] { "/livez", "/readyz", "/healthz", "/version" })
        {
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, path, client: anonymous)).Response.StatusCode);
        }

        anonymous.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
        await StatusAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/livez", client: anonymous);
    }

    [Fact]
    public async Task A_node_may_do_what_nodes_do_and_no_more()
    {
        using var node = _server.Http(_server.Server.Certificates.Kubelet("n1", []));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1", client: node)).Response.StatusCode);
        var refused = await StatusAsync(HttpStatusCode.Forbidden, HttpMethod.Delete, $"{ConfigMaps}/a", client: node);
        Assert.Equal("configmaps \"a\" is forbidden: User \"system:node:n1\" cannot delete resource \"configmaps\" in API group \"\" in the namespace \"default\": can only read resources of this type", (string?)refused["message"]);
    }

    [Fact]
    public async Task A_join_token_makes_no_administrator()
    {
        using var joining = _server.Http(null);
        joining.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _server.Server.Tokens.JoinToken);
        await StatusAsync(HttpStatusCode.Forbidden, HttpMethod.Get, "/api/v1/secrets", client: joining);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, "/api", client: joining)).Response.StatusCode);
    }

    [Theory]
    [InlineData("{", "the object provided is unrecognized (must be of type ConfigMap)")]
    [InlineData("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":7}}", "ConfigMap in version \\\"v1\\\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field")]
    [InlineData("{\"apiVersion\":\"v2\",\"kind\":\"ConfigMap\"}", "the API version in the data (v2) does not match the expected API version (v1)")]
    [InlineData("{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}", "Secret in version \\\"v1\\\" cannot be handled as a ConfigMap")]
    [InlineData("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"namespace\":\"other\"}}", "the namespace of the provided object does not match the namespace sent on the request")]
    public async Task Bodies_that_make_no_sense_are_refused(string body, string message)
    {
        var status = await StatusAsync(HttpStatusCode.BadRequest, HttpMethod.Post, ConfigMaps, body);
        Assert.Contains(message.Replace("\\\"", "\"", StringComparison.Ordinal), (string?)status["message"]);
    }

    [Fact]
    public async Task Media_types_are_settled()
    {
        await StatusAsync(HttpStatusCode.UnsupportedMediaType, HttpMethod.Post, ConfigMaps, "x", "application/cbor");
        await StatusAsync(HttpStatusCode.NotAcceptable, HttpMethod.Get, ConfigMaps, accept: "application/cbor");
        await StatusAsync(
            HttpStatusCode.NotAcceptable, HttpMethod.Post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", """{"spec":{"nonResourceAttributes":{"path":"/","verb":"get"}}}""",
            accept: "application/json;as=Table;v=v1;g=meta.k8s.io");
        var apply = await StatusAsync(HttpStatusCode.UnsupportedMediaType, HttpMethod.Patch, $"{ConfigMaps}/a", "{}", "application/octet-stream");
        Assert.Contains("application/strategic-merge-patch+json", (string?)apply["message"]);
        var (made, _) = await SendAsync(HttpMethod.Post, ConfigMaps, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\ndata:\n  num: \"1\"\n", "application/yaml");
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var (read, text) = await SendAsync(HttpMethod.Get, $"{ConfigMaps}/from-yaml", accept: "application/yaml");
        Assert.Equal("application/yaml", read.Content.Headers.ContentType!.MediaType);
        Assert.Contains("data:\n  num: \"1\"\n", text);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        var body = $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"large"},"data":{"k":"{{{new string('x', 3 * 1024 * 1024)}}}"}}""";
        var status = await StatusAsync(HttpStatusCode.RequestEntityTooLarge, HttpMethod.Post, ConfigMaps, body);
        Assert.Equal("RequestEntityTooLarge", (string?)status["reason"]);
    }

    [Fact]
    public async Task What_does_not_exist_is_not_found()
    {
        foreach (var path in new[] { "/api/v1/nothings", "/apis/nothing/v1/pods", "/nothing", "/api/v2", "/api/v1/namespaces/default/nodes", $"{ConfigMaps}/a/status" })
        {
            await StatusAsync(HttpStatusCode.NotFound, HttpMethod.Get, path);
        }

        await StatusAsync(HttpStatusCode.MethodNotAllowed, HttpMethod.Delete, "/api/v1/namespaces");
    }

    [Fact]
    public async Task An_update_without_a_version_replaces_what_is_there_unless_the_kind_forbids_it()
    {
        const string Map = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"replaced","resourceVersion":"VERSION"},"data":{"k":"v"}}""";
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(HttpMethod.Post, ConfigMaps, Map.Replace("VERSION", ""))).Response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Put, $"{ConfigMaps}/replaced", Map.Replace("VERSION", "0"))).Response.StatusCode);
        await StatusAsync(HttpStatusCode.Conflict, HttpMethod.Put, $"{ConfigMaps}/replaced", Map.Replace("VERSION", "1"));

        const string Leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
        const string Lease = """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"replaced"}}""";
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(HttpMethod.Put, $"{Leases}/replaced", Lease)).Response.StatusCode);
        var refused = await StatusAsync(HttpStatusCode.UnprocessableEntity, HttpMethod.Put, $"{Leases}/replaced", Lease);
        Assert.Equal("Lease.coordination.k8s.io \"replaced\" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update", (string?)refused["message"]);
    }

    [Fact]
    public async Task Tables_have_columns_rows_and_metadata()
    {
        var (_, text) = await SendAsync(HttpMethod.Get, "/api/v1/namespaces?limit=2", accept: "application/json;as=Table;v=v1;g=meta.k8s.io");
        var table = JsonNode.Parse(text)!;
        Assert.Equal("Table", (string?)table["kind"]);
        Assert.Equal(["Name", "Status", "Age"], table["columnDefinitions"]!.AsArray().Select(c => (string?)c!["name"]));
        Assert.Equal("Active", (string?)table["rows"]![0]!["cells"]![1]);
        Assert.Equal("PartialObjectMetadata", (string?)table["rows"]![0]!["object"]!["kind"]);
        Assert.NotNull(table["metadata"]!["continue"]);
        var (_, partial) = await SendAsync(HttpMethod.Get, "/api/v1/namespaces/default", accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
        Assert.Null(JsonNode.Parse(partial)!["status"]);
        Assert.Equal("default", (string?)JsonNode.Parse(partial)!["metadata"]!["name"]);
    }

    [Fact]
    public async Task A_streaming_list_ends_with_a_bookmark()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/namespaces?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=20");
        using var response = await _admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        var seen = new List<JsonNode>();
        while (seen.Count == 0 || (string?)seen[^1]["type"] != "BOOKMARK")
        {
            seen.Add(JsonNode.Parse((await lines.ReadLineAsync())!)!);
        }

        Assert.True(seen.Count >= 5);
        Assert.Equal("true", (string?)seen[^1]["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]);
        Assert.NotEqual("0", (string?)seen[^1]["object"]!["metadata"]!["resourceVersion"]);
        await StatusAsync(HttpStatusCode.UnprocessableEntity, HttpMethod.Get, "/api/v1/namespaces?watch=1&sendInitialEvents=true");
    }

    [Fact]
    public async Task A_watch_from_a_version_that_cannot_be_read_is_refused_and_one_that_is_over_ends()
    {
        await StatusAsync(HttpStatusCode.BadRequest, HttpMethod.Get, "/api/v1/namespaces?watch=1&resourceVersion=abc");
        var (response, text) = await SendAsync(HttpMethod.Get, "/api/v1/persistentvolumes?watch=1&timeoutSeconds=1");
        Assert.Equal((HttpStatusCode.OK, ""), (response.StatusCode, text));
    }

    [Fact]
    public async Task A_version_from_the_future_is_not_there_yet()
    {
        var status = await StatusAsync(HttpStatusCode.GatewayTimeout, HttpMethod.Get, "/api/v1/namespaces?resourceVersion=999999");
        Assert.Contains("Too large resource version: 999999, current: ", (string?)status["message"]);
        Assert.Equal("ResourceVersionTooLarge", (string?)status["details"]!["causes"]![0]!["reason"]);
    }

    [Fact]
    public async Task The_range_that_Services_get_their_addresses_from_is_told()
    {
        var (_, text) = await SendAsync(HttpMethod.Get, "/apis/networking.k8s.io/v1/servicecidrs/kubernetes");
        var range = JsonNode.Parse(text)!;
        Assert.Equal("""["10.96.0.0/16"]""", range["spec"]!["cidrs"]!.ToJsonString());
        Assert.Equal(("Ready", "True"), ((string?)range["status"]!["conditions"]![0]!["type"], (string?)range["status"]!["conditions"]![0]!["status"]));
    }

    [Fact]
    public async Task A_refusal_of_what_has_no_name_names_nothing()
    {
        var status = await StatusAsync(HttpStatusCode.UnprocessableEntity, HttpMethod.Post, ConfigMaps, "{}");
        Assert.Equal("""{"causes":[{"field":"metadata.name","message":"Required value: name or generateName is required","reason":"FieldValueRequired"}],"kind":"ConfigMap"}""", status["details"]!.ToJsonString());
    }

    [Fact]
    public async Task An_empty_collection_has_a_version_to_watch_from()
    {
        var (_, text) = await SendAsync(HttpMethod.Get, "/apis/storage.k8s.io/v1/volumeattachments");
        Assert.Equal("1", (string?)JsonNode.Parse(text)!["metadata"]!["resourceVersion"]);
        Assert.Empty(JsonNode.Parse(text)!["items"]!.AsArray());
    }

    [Fact]
    public async Task Large_answers_are_compressed_for_who_accepts_it()
    {
        var body = $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"big"},"data":{"k":"{{{new string('x', 200_000)}}}"}}""";
        await SendAsync(HttpMethod.Post, ConfigMaps, body);
        foreach (var path in new[] { $"{ConfigMaps}/big", ConfigMaps })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept-Encoding", "gzip" } } };
            using var response = await _admin.SendAsync(request);
            Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
            using var unpacked = new System.IO.Compression.GZipStream(await response.Content.ReadAsStreamAsync(), System.IO.Compression.CompressionMode.Decompress);
            Assert.NotNull(await JsonNode.ParseAsync(unpacked));
        }
    }

    [Fact]
    public async Task Aggregated_discovery_is_sent_once()
    {
        const string accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
        var (response, text) = await SendAsync(HttpMethod.Get, "/apis", accept: accept);
        Assert.Equal("apidiscovery.k8s.io/v2", (string?)JsonNode.Parse(text)!["apiVersion"]);
        Assert.DoesNotContain("creationTimestamp", text, StringComparison.Ordinal);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/apis");
        again.Headers.TryAddWithoutValidation("Accept", accept);
        again.Headers.TryAddWithoutValidation("If-None-Match", response.Headers.ETag!.ToString());
        using var cached = await _admin.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, cached.StatusCode);
        Assert.Equal("APIGroupList", (string?)JsonNode.Parse((await SendAsync(HttpMethod.Get, "/apis")).Body)!["kind"]);
    }

    [Fact]
    public async Task An_OpenAPI_document_under_its_hash_may_be_kept_and_is_sent_once()
    {
        var (_, index) = await SendAsync(HttpMethod.Get, "/openapi/v3");
        var url = (string)JsonNode.Parse(index)!["paths"]!["apis/apps/v1"]!["serverRelativeURL"]!;
        var (response, _) = await SendAsync(HttpMethod.Get, url);
        Assert.Equal("public, immutable", response.Headers.GetValues("Cache-Control").Single());
        Assert.NotNull(response.Content.Headers.Expires);
        using var again = new HttpRequestMessage(HttpMethod.Get, url);
        again.Headers.TryAddWithoutValidation("If-None-Match", $"\"other\", {response.Headers.ETag}");
        using var cached = await _admin.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, cached.StatusCode);
    }

    [Fact]
    public async Task List_items_do_not_repeat_what_they_are()
    {
        var (_, text) = await SendAsync(HttpMethod.Get, "/api/v1/namespaces");
        var list = JsonNode.Parse(text)!;
        Assert.Equal(("NamespaceList", "v1"), ((string?)list["kind"], (string?)list["apiVersion"]));
        Assert.All(list["items"]!.AsArray(), i => Assert.Null(i!["kind"]));
    }
}
