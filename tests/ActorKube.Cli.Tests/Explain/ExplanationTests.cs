using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.Explain;

namespace ActorKube.Cli.Tests.Explain;

public sealed class ExplanationTests
{
    private const string Document = """
        {"components":{"schemas":{
          "a.Deployment":{"type":"object","description":"A Deployment.","required":["spec"],"x-kubernetes-group-version-kind":[{"group":"apps","version":"v1","kind":"Deployment"}],
            "properties":{"spec":{"allOf":[{"$ref":"#/components/schemas/a.Spec"}],"description":"What is wanted."},"labels":{"type":"object","additionalProperties":{"type":"string"},"description":"Labels."}}},
          "a.Spec":{"type":"object","description":"A wish.","properties":{
            "ports":{"type":"array","items":{"$ref":"#/components/schemas/a.Port"},"description":"The ports."},
            "policy":{"type":"string","enum":["A","B"],"description":"How."},
            "again":{"$ref":"#/components/schemas/a.Spec"}}},
          "a.Port":{"type":"object","description":"A port.","properties":{"number":{"type":"integer","description":"Its number."}}}}}}
        """;

    [Fact]
    public void Tells_of_a_kind_and_its_fields() => Assert.Equal("""
        GROUP:      apps
        KIND:       Deployment
        VERSION:    v1

        DESCRIPTION:
            A Deployment.
            
        FIELDS:
          labels	<map[string]string>
            Labels.

          spec	<Spec> -required-
            What is wanted.



        """, Of(recursive: false));

    [Fact]
    public void Tells_of_a_field_what_it_is_and_what_its_type_is() => Assert.Contains("""
        FIELD: ports <[]Port>


        DESCRIPTION:
            The ports.
            A port.
            
        FIELDS:
          number	<integer>
            Its number.
        """, Of(recursive: false, "spec", "ports"), StringComparison.Ordinal);

    [Fact]
    public void All_fields_below_end_where_a_type_leads_to_itself() => Assert.EndsWith("""
        FIELDS:
          again	<Spec>
            again	<Spec>
            policy	<string>
            enum: A, B
            ports	<[]Port>
              number	<integer>
          policy	<string>
          enum: A, B
          ports	<[]Port>
            number	<integer>


        """, Of(recursive: true, "spec"), StringComparison.Ordinal);

    [Fact]
    public void A_field_that_is_not_there_is_an_error() => Assert.Equal("field \"nope\" does not exist", Assert.Throws<CliException>(() => Of(false, "spec", "nope")).Message);

    private static string Of(bool recursive, params string[] path) =>
        new Explanation(new Schemas(JsonNode.Parse(Document)!), KindRegistry.BuiltIn.Find("apps", "v1", "deployments")!).Of(path, recursive);
}
