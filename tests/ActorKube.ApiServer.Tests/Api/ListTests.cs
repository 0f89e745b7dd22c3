using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>Lists by version, by page and by selector. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list</summary>
public sealed class ListTests : IClassFixture<TestServer>, IDisposable
{
    private readonly TestServer _server;
    private readonly HttpClient _admin;

    public ListTests(TestServer server)
    {
        _server = server;
        _admin = server.Http(server.Server.Certificates.Admin());
    }

    public void Dispose() => _admin.Dispose();

    // A namespace with as many ConfigMaps, c00, c01 …, every other one labelled odd.
    private async Task<string> PathAsync(int count)
    {
        var path = $"/api/v1/namespaces/{await _server.NamespaceAsync()}/configmaps";
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(201, (await _admin.CallAsync("POST", path, $$$"""{"metadata":{"name":"c{{{i:00}}}","labels":{"is":"{{{(i % 2 == 0 ? "even" : "odd")}}}"} }}""")).Code);
        }

        return path;
    }

    private async Task<JsonNode> ListAsync(string path)
    {
        var (code, body) = await _admin.CallAsync("GET", path);
        Assert.True(code == 200, body.ToJsonString());
        return body;
    }

    private static string Token(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    [Fact]
    public async Task Pages_show_one_moment_and_count_what_is_left()
    {
        var path = await PathAsync(7);
        var first = await ListAsync($"{path}?limit=3");
        Assert.Equal(["c00", "c01", "c02"], first.Names());
        Assert.Equal(4, (int?)first["metadata"]!["remainingItemCount"]);
        await _admin.CallAsync("POST", path, """{"metadata":{"name":"c03a"}}""");
        await _admin.CallAsync("DELETE", $"{path}/c04");

        var second = await ListAsync($"{path}?limit=3&continue={first["metadata"]!["continue"]}");
        Assert.Equal(["c03", "c04", "c05"], second.Names());
        Assert.Equal(1, (int?)second["metadata"]!["remainingItemCount"]);
        Assert.Equal(first.Version(), second.Version());
        var last = await ListAsync($"{path}?limit=3&resourceVersion=0&continue={second["metadata"]!["continue"]}");
        Assert.Equal(["c06"], last.Names());
        Assert.Null(last["metadata"]!["continue"]);
        Assert.Null(last["metadata"]!["remainingItemCount"]);
    }

    [Fact]
    public async Task With_a_selector_nothing_is_said_of_what_is_left()
    {
        var path = await PathAsync(6);
        var first = await ListAsync($"{path}?limit=2&labelSelector=is=odd");
        Assert.Equal(["c01", "c03"], first.Names());
        Assert.Null(first["metadata"]!["remainingItemCount"]);
        var second = await ListAsync($"{path}?limit=2&labelSelector=is=odd&continue={first["metadata"]!["continue"]}");
        Assert.Equal(["c05"], second.Names());
        Assert.Null(second["metadata"]!["continue"]);
    }

    [Fact]
    public async Task A_forgotten_page_can_be_gone_on_with_at_another_version()
    {
        var path = await PathAsync(4);
        var first = await ListAsync($"{path}?limit=1");
        var version = long.Parse(first.Version());
        var ns = path.Split('/')[4];
        var (code, refused) = await _admin.CallAsync("GET", $"{path}?limit=1&continue={Token($$"""{"v":"meta.k8s.io/v1","rv":{{version}},"start":"{{ns}}/c00\u0000","since":1}""")}");
        Assert.Equal(410, code);
        Assert.Equal("Expired", (string?)refused["reason"]);
        Assert.StartsWith("The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response", refused.Message());

        var rest = await ListAsync($"{path}?limit=2&continue={refused["metadata"]!["continue"]}");
        Assert.Equal(["c01", "c02"], rest.Names());
        Assert.Equal(1, (int?)rest["metadata"]!["remainingItemCount"]);
        Assert.NotEqual(first.Version(), rest.Version());
        var last = await ListAsync($"{path}?limit=2&continue={rest["metadata"]!["continue"]}");
        Assert.Equal(["c03"], last.Names());
        Assert.Equal(rest.Version(), last.Version());
    }

    [Theory]
    [InlineData("not-a-token", "invalid continue token: continue key is not valid: ")]
    [InlineData("""{"v":"v2","rv":4,"start":"a"}""", "invalid continue token: continue key is not valid: server does not recognize this encoded version v2")]
    [InlineData("""{"v":"meta.k8s.io/v1","rv":0,"start":"a"}""", "invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)")]
    [InlineData("""{"v":"meta.k8s.io/v1","rv":4}""", "invalid continue token: continue key is not valid: encoded start key empty (version meta.k8s.io/v1)")]
    public async Task A_token_that_is_none_is_refused(string token, string message)
    {
        var (code, refused) = await _admin.CallAsync("GET", $"/api/v1/configmaps?continue={(token[0] == '{' ? Token(token) : "%%%")}");
        Assert.Equal(400, code);
        Assert.StartsWith(message, refused.Message());
    }

    [Fact]
    public async Task Any_version_gives_everything_whatever_the_limit()
    {
        var path = await PathAsync(5);
        var all = await ListAsync($"{path}?limit=2&resourceVersion=0");
        Assert.Equal(5, all.Names().Count());
        Assert.Null(all["metadata"]!["continue"]);
        Assert.Equal(5, (await ListAsync($"{path}?limit=2&resourceVersion=0&resourceVersionMatch=NotOlderThan")).Names().Count());
    }

    [Fact]
    public async Task An_exact_version_shows_its_moment_and_a_limit_makes_a_version_exact()
    {
        var path = await PathAsync(3);
        var then = (await ListAsync(path)).Version();
        await _admin.CallAsync("POST", path, """{"metadata":{"name":"c03"}}""");
        Assert.Equal(3, (await ListAsync($"{path}?resourceVersion={then}&resourceVersionMatch=Exact")).Names().Count());
        var page = await ListAsync($"{path}?resourceVersion={then}&limit=2");
        Assert.Equal(then, page.Version());
        Assert.Equal(1, (int?)page["metadata"]!["remainingItemCount"]);
        Assert.Equal(4, (await ListAsync($"{path}?resourceVersion={then}")).Names().Count());
        Assert.Equal(2, (int?)(await ListAsync($"{path}?resourceVersion={then}&resourceVersionMatch=NotOlderThan&limit=2"))["metadata"]!["remainingItemCount"]);
    }

    [Theory]
    [InlineData("resourceVersionMatch=Exact", "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided")]
    [InlineData("resourceVersionMatch=Exact&resourceVersion=0", "resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")]
    [InlineData("resourceVersionMatch=Exact&resourceVersion=1&continue=x", "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided")]
    [InlineData("resourceVersionMatch=Newest&resourceVersion=1", "resourceVersionMatch: Unsupported value: \"Newest\": supported values: \"Exact\", \"NotOlderThan\", \"\"")]
    [InlineData("sendInitialEvents=true", "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list")]
    [InlineData(
        "sendInitialEvents=false&resourceVersionMatch=NotOlderThan",
        "[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided, sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list]")]
    [InlineData("watch=1&sendInitialEvents=true", "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")]
    [InlineData("watch=1&resourceVersionMatch=NotOlderThan", "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")]
    [InlineData(
        "watch=1&sendInitialEvents=true&resourceVersionMatch=Exact",
        "[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"]")]
    public async Task Combinations_that_mean_nothing_are_refused(string query, string message)
    {
        foreach (var method in query.StartsWith("watch", StringComparison.Ordinal) ? new[] { "GET" } : ["GET", "DELETE"])
        {
            var (code, refused) = await _admin.CallAsync(method, $"/api/v1/namespaces/none/configmaps?{query}");
            Assert.Equal(422, code);
            Assert.Equal($"ListOptions.meta.k8s.io \"\" is invalid: {message}", refused.Message());
            Assert.Equal("ListOptions", (string?)refused["details"]!["kind"]);
        }
    }

    [Theory]
    [InlineData("resourceVersion=abc", 400, "invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax")]
    [InlineData("resourceVersion=5&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiYSJ9", 400, "specifying resource version is not allowed when using continue")]
    [InlineData("limit=ten", 400, "strconv.ParseInt: parsing \"ten\": invalid syntax")]
    [InlineData("fieldSelector=spec.x=1", 400, "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")]
    public async Task What_cannot_be_read_is_refused(string query, int code, string message)
    {
        var refused = await _admin.CallAsync("GET", $"/api/v1/configmaps?{query}");
        Assert.Equal((code, message), (refused.Code, refused.Body.Message()));
    }

    [Theory]
    [InlineData("/api/v1/pods", "field label not supported: spec.x")]
    [InlineData("/apis/batch/v1/jobs", "field label \"spec.x\" not supported for Job")]
    [InlineData("/apis/apps/v1/deployments", "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")]
    public async Task A_field_that_a_kind_cannot_be_selected_by_is_refused_in_its_words(string path, string message)
    {
        var refused = await _admin.CallAsync("GET", $"{path}?fieldSelector=spec.x%3D1");
        Assert.Equal((400, message), (refused.Code, refused.Body.Message()));
    }

    [Theory]
    [InlineData("/api/v1/configmaps?resourceVersion=99999999")]
    [InlineData("/api/v1/configmaps?resourceVersion=99999999&resourceVersionMatch=Exact")]
    [InlineData("/api/v1/configmaps?resourceVersion=99999999&limit=1")]
    [InlineData("/api/v1/namespaces/default/configmaps/a?resourceVersion=99999999")]
    public async Task A_version_of_the_future_times_out_and_says_when_to_try_again(string path)
    {
        var (code, refused) = await _admin.CallAsync("GET", path);
        Assert.Equal(504, code);
        Assert.StartsWith("Timeout: Too large resource version: 99999999, current: ", refused.Message());
        Assert.Equal("Timeout", (string?)refused["reason"]);
        Assert.Equal(1, (int?)refused["details"]!["retryAfterSeconds"]);
        Assert.Equal("ResourceVersionTooLarge", (string?)refused["details"]!["causes"]![0]!["reason"]);
    }

    [Fact]
    public async Task A_collection_is_deleted_by_selector_and_limit()
    {
        var path = await PathAsync(6);
        var (_, dry) = await _admin.CallAsync("DELETE", $"{path}?dryRun=All");
        Assert.Equal(6, dry.Names().Count());
        var (code, deleted) = await _admin.CallAsync("DELETE", $"{path}?labelSelector=is=odd&limit=2");
        Assert.Equal(200, code);
        Assert.Equal("ConfigMapList", (string?)deleted["kind"]);
        Assert.Equal(["c01", "c03"], deleted.Names());
        Assert.NotNull(deleted["metadata"]!["continue"]);
        Assert.Equal(["c00", "c02", "c04", "c05"], (await ListAsync(path)).Names());
        var wrong = await _admin.CallAsync("DELETE", path, """{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"another"}}""");
        Assert.Equal(409, wrong.Code);
        await _admin.CallAsync("DELETE", path);
        Assert.Empty((await ListAsync(path)).Names());
    }

    [Fact]
    public async Task A_deletion_whose_precondition_is_not_met_says_which()
    {
        var path = await PathAsync(1);
        var uid = (string)(await ListAsync(path))["items"]![0]!["metadata"]!["uid"]!;
        var byUid = await _admin.CallAsync("DELETE", $"{path}/c00", """{"preconditions":{"uid":"x"}}""");
        Assert.Equal(
            $"Operation cannot be fulfilled on ConfigMap \"c00\": the UID in the precondition (x) does not match the UID in record ({uid}). The object might have been deleted and then recreated",
            byUid.Body.Message());
        var byVersion = await _admin.CallAsync("DELETE", $"{path}/c00", """{"preconditions":{"resourceVersion":"1"}}""");
        Assert.Equal((409, "Conflict"), (byVersion.Code, (string?)byVersion.Body["reason"]));
        Assert.Contains("the ResourceVersion in the precondition (1) does not match the ResourceVersion in record", byVersion.Body.Message());
        Assert.Equal(200, (await _admin.CallAsync("DELETE", $"{path}/c00", $$"""{"preconditions":{"uid":"{{uid}}"} }""")).Code);
    }
}
