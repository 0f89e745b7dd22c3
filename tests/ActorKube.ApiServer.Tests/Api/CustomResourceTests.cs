namespace ActorKube.ApiServer.Tests.Api;

/// <summary>Custom resources by kubectl, against a whole server.</summary>
public sealed class CustomResourceTests(TestServer server) : IClassFixture<TestServer>
{
    private static string Definition(string plural, string kind) => $$"""
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: {{plural}}.stable.example.com}
        spec:
          group: stable.example.com
          scope: Namespaced
          names: {plural: {{plural}}, kind: {{kind}}}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas} }
            selectableFields: [{jsonPath: .spec.color}]
            additionalPrinterColumns: [{name: Replicas, type: integer, jsonPath: .spec.replicas}]
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    description: What is wanted.
                    type: object
                    properties:
                      replicas: {type: integer, minimum: 1, default: 1}
                      color: {type: string, enum: [red, green]}
                      tags: {type: array, x-kubernetes-list-type: set, items: {type: string} }
                  status: {type: object, properties: {replicas: {type: integer} } }
          - name: v1beta1
            served: true
            storage: false
            deprecated: true
            schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true} }
        """;

    [Fact]
    public async Task Kubectl_validates_no_fields_of_a_kind_that_keeps_unknown_ones()
    {
        var ns = await server.NamespaceAsync();
        await RunAsync("apply -f -", Definition("frees", "Free"));
        await RunAsync("wait --for=condition=Established crd/frees.stable.example.com --timeout=20s");
        // Of a List kubectl validates the items itself, by the OpenAPI document.
        const string list = """{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"stable.example.com/v1beta1","kind":"Free","metadata":{"name":"a"},"anything":{"goes":1}}]}""";
        Assert.Contains("free.stable.example.com/a created", await RunAsync($"-n {ns} apply -f - --cache-dir=/tmp/none-{ns}", list));
    }

    [Fact]
    public async Task A_definition_is_served_validated_explained_and_deleted_with_its_objects()
    {
        var ns = await server.NamespaceAsync();
        await RunAsync("apply -f -", Definition("widgets", "Widget"));
        await RunAsync("wait --for=condition=Established crd/widgets.stable.example.com --timeout=10s");
        await RunAsync($"-n {ns} apply -f -", Object("Widget", "a", "{color: red}"));
        Assert.Equal("1 1", await RunAsync($"-n {ns} get widget a -o jsonpath=\"{{.spec.replicas}} {{.metadata.generation}}\""));
        Assert.Matches("NAME +REPLICAS\na +1", await RunAsync($"-n {ns} get widgets --field-selector spec.color=red"));
        Assert.Contains("spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1", await FailAsync($"-n {ns} apply -f -", Object("Widget", "b", "{replicas: 0}")));
        Assert.Contains("unknown field \"spec.size\"", await FailAsync($"-n {ns} apply -f -", Object("Widget", "b", "{size: 1}")));
        Assert.Contains("scaled", await RunAsync($"-n {ns} scale widget a --replicas=3"));
        Assert.Contains("replicas\t<integer>", await RunAsync("explain widgets.spec"));
        Assert.Contains("stable.example.com/v1beta1 Widget is deprecated", await RunAsync($"-n {ns} get widgets.v1beta1.stable.example.com a -o name"));
        Assert.Contains("is not supported", await FailAsync($"-n {ns} patch widget a -p {{}}"));
        await RunAsync($"-n {ns} patch widget a --subresource=status --type=merge -p {{\\\"status\\\":{{\\\"replicas\\\":2}},\\\"spec\\\":{{\\\"replicas\\\":9}}}}");
        Assert.Equal("3 2 2", await RunAsync($"-n {ns} get widget a -o jsonpath=\"{{.spec.replicas}} {{.status.replicas}} {{.metadata.generation}}\""));
        await RunAsync("delete crd widgets.stable.example.com --timeout=20s");
        Assert.Contains("the server doesn't have a resource type \"widgets\"", await FailAsync($"-n {ns} get widgets --cache-dir=/tmp/none-{ns}"));
        await RunAsync("apply -f -", Definition("widgets", "Widget"));
        await RunAsync("wait --for=condition=Established crd/widgets.stable.example.com --timeout=10s");
        Assert.Contains("No resources found", await RunAsync($"-n {ns} get widgets"));
    }

    [Fact]
    public async Task Appliers_own_the_fields_of_a_custom_resource()
    {
        var ns = await server.NamespaceAsync();
        await RunAsync("apply -f -", Definition("gadgets", "Gadget"));
        await RunAsync("wait --for=condition=Established crd/gadgets.stable.example.com --timeout=10s");
        await RunAsync($"-n {ns} apply --server-side --field-manager=one -f -", Object("Gadget", "a", "{color: red, tags: [x]}"));
        await RunAsync($"-n {ns} apply --server-side --field-manager=two -f -", Object("Gadget", "a", "{tags: [z]}"));
        Assert.Contains("conflict with \"one\": .spec.color", await FailAsync($"-n {ns} apply --server-side --field-manager=two -f -", Object("Gadget", "a", "{color: green, tags: [z]}")));
        Assert.Equal("""red ["x","z"]""", await RunAsync($"-n {ns} get gadget a -o jsonpath=\"{{.spec.color}} {{.spec.tags}}\""));
    }

    private static string Object(string kind, string name, string spec) => $$"""
        apiVersion: stable.example.com/v1
        kind: {{kind}}
        metadata: {name: {{name}}}
        spec: {{spec}}
        """;

    private async Task<string> RunAsync(string arguments, string? input = null)
    {
        var (code, output) = await server.KubectlAsync(arguments, input);
        Assert.True(code == 0, $"kubectl {arguments}: {output}");
        return output;
    }

    private async Task<string> FailAsync(string arguments, string? input = null)
    {
        var (code, output) = await server.KubectlAsync(arguments, input);
        Assert.True(code != 0, $"kubectl {arguments}: {output}");
        return output;
    }
}
