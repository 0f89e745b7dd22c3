using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.ApiServer.OpenApi;

namespace ActorKube.ApiServer.Tests.OpenApi;

public sealed class OpenApiDocumentsTests
{
    private static readonly OpenApiDocuments Documents = new(KindRegistry.BuiltIn, "v1.36.0");

    [Fact]
    public void The_index_names_every_group_version_with_the_hash_of_its_document()
    {
        var paths = Parse(Documents.V3Index)["paths"]!.AsObject();
        Assert.Equal($"/openapi/v3/apis/apps/v1?hash={Documents.V3("apis/apps/v1")!.Hash}", (string?)paths["apis/apps/v1"]!["serverRelativeURL"]);
        Assert.Contains("api/v1", paths.Select(p => p.Key));
    }

    [Fact]
    public void Containers_say_how_they_merge()
    {
        var containers = Schema3("api/v1", "io.k8s.api.core.v1.PodSpec")["properties"]!["containers"]!;
        Assert.Equal("name", (string?)containers["x-kubernetes-patch-merge-key"]);
        Assert.Equal("merge", (string?)containers["x-kubernetes-patch-strategy"]);
        Assert.Equal("#/components/schemas/io.k8s.api.core.v1.Container", (string?)containers["items"]!["allOf"]![0]!["$ref"]);
    }

    [Fact]
    public void A_kind_names_itself_and_its_fields_are_documented()
    {
        var deployment = Schema3("apis/apps/v1", "io.k8s.api.apps.v1.Deployment");
        Assert.Equal("Deployment", (string?)deployment["x-kubernetes-group-version-kind"]![0]!["kind"]);
        var replicas = Schema3("apis/apps/v1", "io.k8s.api.apps.v1.DeploymentSpec")["properties"]!["replicas"]!;
        Assert.Equal("int32", (string?)replicas["format"]);
        Assert.StartsWith("Number of desired pods.", (string?)replicas["description"]);
    }

    [Fact]
    public void Patch_operations_offer_field_validation_so_that_kubectl_leaves_validation_to_the_server()
    {
        foreach (var (document, schema) in new[] { (Documents.V2, "definitions"), (Documents.V3("apis/apps/v1")!, "components") })
        {
            var root = Parse(document);
            Assert.NotNull(root[schema]);
            var patch = root["paths"]!["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]!["patch"]!;
            Assert.Contains(patch["parameters"]!.AsArray(), p => (string?)p!["name"] == "fieldValidation");
            Assert.Equal("Deployment", (string?)patch["x-kubernetes-group-version-kind"]!["kind"]);
        }
    }

    [Fact]
    public void Every_reference_leads_to_a_schema_of_the_same_document()
    {
        foreach (var path in Parse(Documents.V3Index)["paths"]!.AsObject().Select(p => p.Key))
        {
            var document = Parse(Documents.V3(path)!);
            var known = document["components"]!["schemas"]!.AsObject().Select(s => "#/components/schemas/" + s.Key).ToHashSet();
            Assert.All(References(document), r => Assert.Contains(r, known));
        }
    }

    [Fact]
    public void There_is_no_document_for_a_group_version_that_is_not_served() => Assert.Null(Documents.V3("apis/nothing/v1"));

    private static JsonNode Parse(OpenApiDocument document) => JsonNode.Parse(document.Json.Span)!;

    private static JsonNode Schema3(string path, string name) => Parse(Documents.V3(path)!)["components"]!["schemas"]![name]!;

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => p.Key == "$ref" && p.Value is JsonValue value ? [(string)value!] : References(p.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };
}
