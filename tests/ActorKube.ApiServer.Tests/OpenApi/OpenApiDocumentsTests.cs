using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.OpenApi;
using k8s.Models;

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

    [Fact]
    public void What_must_be_given_is_said_and_what_stands_where_it_is_not()
    {
        var container = Schema3("api/v1", "io.k8s.api.core.v1.Container");
        Assert.Equal(["name"], container["required"]!.AsArray().Select(r => (string?)r));
        Assert.Equal("", (string?)container["properties"]!["name"]!["default"]);
        Assert.Null(container["properties"]!["securityContext"]!["default"]);
        Assert.Equal("#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Time", (string?)Schema3("api/v1", "io.k8s.api.core.v1.PodStatus")["properties"]!["startTime"]!["allOf"]![0]!["$ref"]);
    }

    [Fact]
    public void Operations_have_Kubernetes_ids_and_share_their_parameters()
    {
        var root = Parse(Documents.V2);
        var pods = root["paths"]!["/api/v1/namespaces/{namespace}/pods"]!;
        Assert.Equal("deleteCoreV1CollectionNamespacedPod", (string?)pods["delete"]!["operationId"]);
        Assert.Equal("#/parameters/namespace-vgWSWtn3", (string?)pods["parameters"]![0]!["$ref"]);
        Assert.NotNull(root["parameters"]!["namespace-vgWSWtn3"]);
        Assert.Equal("readRbacAuthorizationV1NamespacedRole", (string?)root["paths"]!["/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles/{name}"]!["get"]!["operationId"]);
        Assert.Equal("connectCoreV1PostNamespacedPodExec", (string?)root["paths"]!["/api/v1/namespaces/{namespace}/pods/{name}/exec"]!["post"]!["operationId"]);
        Assert.Equal("Scale", (string?)root["paths"]!["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"]!["put"]!["x-kubernetes-group-version-kind"]!["kind"]);
        Assert.NotNull(root["paths"]!["/api/v1/watch/pods"]);
        Assert.NotNull(root["paths"]!["/apis/apps/v1/"]);
        Assert.NotNull(Parse(Documents.V3("version")!)["paths"]!["/version/"]);
    }

    [Fact]
    public void A_custom_kind_is_published_as_its_definition_says()
    {
        var documents = Of(new()
        {
            Type = "object",
            Description = "Foo",
            Properties = new Dictionary<string, V1JSONSchemaProps>
            {
                ["spec"] = new()
                {
                    Type = "object",
                    Properties = new Dictionary<string, V1JSONSchemaProps>
                    {
                        ["free"] = new() { Type = "object", XKubernetesPreserveUnknownFields = true },
                        ["port"] = new() { XKubernetesIntOrString = true },
                        ["template"] = new() { Type = "object", XKubernetesEmbeddedResource = true, Properties = new Dictionary<string, V1JSONSchemaProps> { ["spec"] = new() { Type = "object" } } },
                        ["labels"] = new() { Type = "object", AdditionalProperties = new V1JSONSchemaProps { Type = "string", EnumProperty = ["a", "b"] } },
                    },
                },
            },
        });
        var two = Parse(documents.V2)["definitions"]!["com.example.v1.Foo"]!;
        var spec = two["properties"]!["spec"]!["properties"]!;
        Assert.Null(spec["free"]!["type"]);
        Assert.Null(spec["port"]!["anyOf"]);
        Assert.Equal(["kind", "apiVersion"], spec["template"]!["required"]!.AsArray().Select(r => (string?)r));
        Assert.StartsWith("Standard object's metadata.", (string?)two["properties"]!["metadata"]!["description"]);
        var three = Parse(documents.V3("apis/example.com/v1")!)["components"]!["schemas"]!["com.example.v1.Foo"]!["properties"]!["spec"]!["properties"]!;
        Assert.Equal(2, three["port"]!["anyOf"]!.AsArray().Count);
        Assert.NotEqual(0, documents.V2Protobuf.Json.Length);
    }

    [Fact]
    public void Of_a_kind_that_keeps_unknown_fields_at_its_root_v2_says_nothing_but_that_it_is_an_object()
    {
        var documents = Of(new() { Type = "object", XKubernetesPreserveUnknownFields = true, Properties = new Dictionary<string, V1JSONSchemaProps> { ["spec"] = new() { Type = "object" } } });
        Assert.Equal(["type", "x-kubernetes-group-version-kind"], Parse(documents.V2)["definitions"]!["com.example.v1.Foo"]!.AsObject().Select(p => p.Key).Order());
        Assert.NotNull(Parse(documents.V3("apis/example.com/v1")!)["components"]!["schemas"]!["com.example.v1.Foo"]!["properties"]!["metadata"]);
    }

    private static OpenApiDocuments Of(V1JSONSchemaProps schema)
    {
        var definition = new V1CustomResourceDefinition
        {
            Metadata = new V1ObjectMeta { Name = "foos.example.com" },
            Spec = new V1CustomResourceDefinitionSpec
            {
                Group = "example.com",
                Scope = "Namespaced",
                Names = new V1CustomResourceDefinitionNames { Plural = "foos", Singular = "foo", Kind = "Foo", ListKind = "FooList" },
                Versions = [new V1CustomResourceDefinitionVersion { Name = "v1", Served = true, Storage = true, Schema = new V1CustomResourceValidation { OpenAPIV3Schema = schema } }],
            },
        };
        return new OpenApiDocuments(KindRegistry.WithCustom([new CustomResourceKind(definition, definition.Spec.Versions[0])]), "v1.36.0");
    }

    private static JsonNode Parse(OpenApiDocument document) => JsonNode.Parse(document.Json.Span)!;

    private static JsonNode Schema3(string path, string name) => Parse(Documents.V3(path)!)["components"]!["schemas"]![name]!;

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => p.Key == "$ref" && p.Value is JsonValue value ? [(string)value!] : References(p.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };
}
