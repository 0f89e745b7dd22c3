using System.Net;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>Objects that are too large for Kubernetes' storage.</summary>
public sealed class ObjectSizeTests(TestServer server) : IClassFixture<TestServer>
{
    private static string ConfigMap(int keys)
    {
        var data = string.Join(',', Enumerable.Range(0, keys).Select(i => $"\"k{i:d6}\":\"\""));
        return """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"big"},"data":{""" + data + "}}";
    }

    [Fact]
    public async Task What_is_too_large_by_its_owners_alone_goes_without_them_unless_it_is_applied()
    {
        using var client = server.Http(server.Server.Certificates.Admin());
        var maps = $"/api/v1/namespaces/{await server.NamespaceAsync()}/configmaps";
        // Each key takes 12 bytes, and its owner 15 more.
        var (code, body) = await client.AskAsync(HttpMethod.Post, maps, ConfigMap(64_000));
        Assert.Equal(HttpStatusCode.Created, code);
        Assert.Null(body["metadata"]!["managedFields"]);

        (code, body) = await client.AskAsync(HttpMethod.Put, maps + "/big", ConfigMap(64_001));
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Null(body["metadata"]!["managedFields"]);

        (code, body) = await client.AskAsync(HttpMethod.Patch, maps + "/applied?fieldManager=me", ConfigMap(64_000).Replace("\"big\"", "\"applied\"", StringComparison.Ordinal), "application/apply-patch+yaml");
        Assert.Equal((HttpStatusCode.InternalServerError, "etcdserver: request is too large"), (code, body.Message()));
    }

    [Fact]
    public async Task What_is_too_large_by_itself_is_refused()
    {
        using var client = server.Http(server.Server.Certificates.Admin());
        var revision = new JsonObject
        {
            ["apiVersion"] = "apps/v1", ["kind"] = "ControllerRevision", ["metadata"] = new JsonObject { ["name"] = "big" }, ["revision"] = 1, ["data"] = new JsonObject { ["a"] = new string('x', 1_700_000) },
        };
        var (code, body) = await client.AskAsync(HttpMethod.Post, $"/apis/apps/v1/namespaces/{await server.NamespaceAsync()}/controllerrevisions", revision.ToJsonString());
        Assert.Equal((HttpStatusCode.InternalServerError, "etcdserver: request is too large"), (code, body.Message()));
    }
}
