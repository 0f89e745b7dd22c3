using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>Watches as clients open them. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-watch</summary>
public sealed class WatchHttpTests : IClassFixture<TestServer>, IDisposable
{
    private const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io";

    private readonly TestServer _server;
    private readonly HttpClient _admin;

    public WatchHttpTests(TestServer server)
    {
        _server = server;
        _admin = server.Http(server.Server.Certificates.Admin());
    }

    public void Dispose() => _admin.Dispose();

    private async Task<string> PathAsync(params string[] names)
    {
        var path = $"/api/v1/namespaces/{await _server.NamespaceAsync()}/configmaps";
        foreach (var name in names)
        {
            await CreateAsync(path, name);
        }

        return path;
    }

    private async Task<string> CreateAsync(string path, string name, string labels = "{}")
    {
        var (code, body) = await _admin.CallAsync("POST", path, $$$"""{"metadata":{"name":"{{{name}}}","labels":{{{labels}}} } }""");
        Assert.True(code == 201, body.ToJsonString());
        return body.Version();
    }

    private static bool IsEnd(JsonNode change) =>
        change.Type() == "BOOKMARK" && (string?)change["object"]!["metadata"]!["annotations"]?["k8s.io/initial-events-end"] == "true";

    [Theory]
    [InlineData("watch=1&allowWatchBookmarks=true")]
    [InlineData("watch=true&resourceVersion=0&allowWatchBookmarks=true")]
    [InlineData("watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true")]
    [InlineData("watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1&resourceVersion=1")]
    public async Task Initial_events_end_with_a_bookmark_that_says_so(string query)
    {
        var path = await PathAsync("a", "b");
        var seen = await _admin.WatchAsync($"{path}?{query}", s => s.Count > 0 && IsEnd(s[^1]));
        Assert.Equal(["ADDED", "ADDED", "BOOKMARK"], seen.Select(s => s.Type()));
        Assert.Equal(["a", "b"], seen.Take(2).Select(s => s.Name()));
        Assert.Equal("ConfigMap", (string?)seen[2]["object"]!["kind"]);
        Assert.True(long.Parse(seen[2].Version()) >= long.Parse(seen[1].Version()));
    }

    [Theory]
    [InlineData("watch=1")]
    [InlineData("watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan")]
    public async Task Who_takes_no_bookmarks_gets_none_after_the_initial_events(string query)
    {
        var path = await PathAsync("a");
        var seen = await _admin.WatchAsync($"{path}?{query}&timeoutSeconds=1", _ => false);
        Assert.Equal(["ADDED"], seen.Select(s => s.Type()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    public async Task Without_initial_events_only_changes_come(string version)
    {
        var path = await PathAsync("a");
        var seen = await _admin.WatchAsync(
            $"{path}?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion={version}", s => s.Count == 1, () => CreateAsync(path, "b"));
        Assert.Equal(("ADDED", "b"), (seen[0].Type(), seen[0].Name()));
    }

    [Fact]
    public async Task A_watch_goes_on_after_its_version_and_ends_when_its_time_is_up()
    {
        var path = await PathAsync();
        var after = await CreateAsync(path, "a");
        await CreateAsync(path, "b");
        await _admin.CallAsync("DELETE", $"{path}/a");
        var seen = await _admin.WatchAsync($"{path}?watch=1&resourceVersion={after}&timeoutSeconds=1", _ => false);
        Assert.Equal([("ADDED", "b"), ("DELETED", "a")], seen.Select(s => (s.Type(), s.Name()!)));
    }

    [Fact]
    public async Task The_last_bookmark_comes_before_the_time_is_up()
    {
        var path = await PathAsync();
        var after = await CreateAsync(path, "a");
        var seen = await _admin.WatchAsync($"{path}?watch=1&resourceVersion={after}&timeoutSeconds=3&allowWatchBookmarks=true", _ => false);
        Assert.Equal("BOOKMARK", Assert.Single(seen).Type());
        Assert.True(long.Parse(seen[0].Version()) >= long.Parse(after));
    }

    [Fact]
    public async Task A_version_of_the_future_fails_in_the_stream_when_initial_events_are_wanted()
    {
        var seen = await _admin.WatchAsync("/api/v1/configmaps?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999999", _ => false);
        var error = Assert.Single(seen);
        Assert.Equal("ERROR", error.Type());
        Assert.Equal(504, (int?)error["object"]!["code"]);
        Assert.StartsWith("Timeout: Too large resource version: 99999999, current: ", error["object"]!.Message());
    }

    [Fact]
    public async Task A_version_that_is_too_old_fails_in_the_stream()
    {
        var server = new TestServer { Settings = "actorkube.apiserver.watch.history = 8" };
        await server.InitializeAsync();
        try
        {
            using var admin = server.Http(server.Server.Certificates.Admin());
            const string path = "/api/v1/namespaces/default/configmaps";
            for (var i = 0; i < 12; i++)
            {
                await admin.CallAsync("POST", path, $$"""{"metadata":{"name":"old{{i}}"} }""");
            }

            var error = Assert.Single(await admin.WatchAsync($"{path}?watch=1&resourceVersion=2", _ => false));
            Assert.Equal("ERROR", error.Type());
            Assert.Equal((410, "Expired"), ((int)error["object"]!["code"]!, (string)error["object"]!["reason"]!));
            Assert.StartsWith("too old resource version: 2 (", error["object"]!.Message());
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_version_that_is_no_number_is_refused() =>
        Assert.Equal(400, (await _admin.CallAsync("GET", "/api/v1/configmaps?watch=1&resourceVersion=x")).Code);

    [Fact]
    public async Task Objects_that_enter_and_leave_the_selector_come_and_go()
    {
        var path = await PathAsync();
        var after = await CreateAsync(path, "a", """{"w":"yes"}""");
        var seen = await _admin.WatchAsync($"{path}?watch=1&resourceVersion={after}&labelSelector=w%3Dyes", s => s.Count == 4, async () =>
        {
            foreach (var patch in new[] { """{"metadata":{"labels":{"w":"no"}}}""", """{"data":{"k":"unseen"}}""", """{"metadata":{"labels":{"w":"yes"}}}""", """{"data":{"k":"v"}}""" })
            {
                Assert.Equal(200, (await _admin.CallAsync("PATCH", $"{path}/a", patch, "application/merge-patch+json")).Code);
            }

            await _admin.CallAsync("DELETE", $"{path}/a");
        });
        Assert.Equal(["DELETED", "ADDED", "MODIFIED", "DELETED"], seen.Select(s => s.Type()));
        Assert.Equal("yes", (string?)seen[0]["object"]!["metadata"]!["labels"]!["w"]);
        Assert.True(long.Parse(seen[0].Version()) > long.Parse(after));
    }

    [Fact]
    public async Task One_object_can_be_watched_by_its_name_and_by_its_old_url()
    {
        var path = await PathAsync("a", "b");
        var ns = path.Split('/')[4];
        foreach (var url in new[] { $"{path}?watch=1&fieldSelector=metadata.name%3Db", $"/api/v1/watch/namespaces/{ns}/configmaps/b", $"/api/v1/watch/namespaces/{ns}/configmaps/b?fieldSelector=metadata.name%3Db" })
        {
            Assert.Equal("b", Assert.Single(await _admin.WatchAsync(url, s => s.Count == 1)).Name());
        }

        var refused = await _admin.CallAsync("GET", $"/api/v1/watch/namespaces/{ns}/configmaps/b?fieldSelector=metadata.name%3Da");
        Assert.Equal((400, "fieldSelector metadata.name doesn't match requested name"), (refused.Code, refused.Body.Message()));
    }

    [Fact]
    public async Task Watches_opened_at_different_versions_see_the_same_order()
    {
        var path = await PathAsync();
        var versions = new List<string> { await CreateAsync(path, "start") };
        await Parallel.ForEachAsync(Enumerable.Range(0, 4), async (writer, _) =>
        {
            for (var i = 0; i < 15; i++)
            {
                var version = await CreateAsync(path, $"w{writer}-{i}");
                lock (versions)
                {
                    versions.Add(version);
                }
            }
        });
        var all = await _admin.WatchAsync($"{path}?watch=1&resourceVersion={versions[0]}", s => s.Count == 60);
        var order = all.Select(s => s.Version()).ToList();
        Assert.Equal(order.OrderBy(long.Parse), order);
        foreach (var from in versions.Where((_, i) => i % 10 == 3))
        {
            var rest = order.Where(v => long.Parse(v) > long.Parse(from)).ToList();
            Assert.Equal(rest, (await _admin.WatchAsync($"{path}?watch=1&resourceVersion={from}", s => s.Count == rest.Count)).Select(s => s.Version()));
        }
    }

    [Fact]
    public async Task Tables_describe_their_columns_once_and_carry_what_is_asked()
    {
        var path = await PathAsync("a", "b");
        foreach (var (include, kind) in new[] { ("", "PartialObjectMetadata"), ("Metadata", "PartialObjectMetadata"), ("Object", "ConfigMap"), ("None", null) })
        {
            var seen = await _admin.WatchAsync($"{path}?watch=1&allowWatchBookmarks=true&includeObject={include}", s => s.Count == 3, accept: Table);
            Assert.All(seen, s => Assert.Equal("Table", (string?)s["object"]!["kind"]));
            Assert.NotNull(seen[0]["object"]!["columnDefinitions"]);
            Assert.Null(seen[1]["object"]!["columnDefinitions"]);
            Assert.Equal("a", (string?)seen[0]["object"]!["rows"]![0]!["cells"]![0]);
            Assert.Equal(kind, (string?)seen[0]["object"]!["rows"]![0]!["object"]?["kind"]);
            // Even who wants no objects must learn that the initial events are through.
            Assert.Equal("true", (string?)seen[2]["object"]!["rows"]![0]!["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]);
        }

        var refused = await _admin.CallAsync("GET", $"{path}?includeObject=All", accept: Table);
        Assert.Equal(400, refused.Code);
        Assert.Equal("Unable to convert to Table as requested: includeObject: Invalid value: \"All\": must be 'Metadata', 'Object', 'None', or empty", refused.Body.Message());
    }

    [Fact]
    public async Task Metadata_alone_can_be_watched()
    {
        var path = await PathAsync("a");
        var seen = await _admin.WatchAsync($"{path}?watch=1", s => s.Count == 1, accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
        Assert.Equal(("PartialObjectMetadata", "a"), ((string?)seen[0]["object"]!["kind"], seen[0].Name()));
        Assert.Null(seen[0]["object"]!["data"]);
    }
}
