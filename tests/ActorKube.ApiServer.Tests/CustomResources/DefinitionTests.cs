using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Definitions;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.CustomResources;

public sealed class DefinitionTests
{
    private static readonly CustomResourceDefinitionStrategy Strategy = new();
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void A_new_definition_gets_its_names_and_its_stored_version()
    {
        var definition = Definition();
        Assert.Equal("foo", definition.Spec.Names.Singular);
        Assert.Equal("FooList", definition.Spec.Names.ListKind);
        Assert.Equal("None", definition.Spec.Conversion.Strategy);
        Assert.Equal(["v1"], definition.Status.StoredVersions);
        Assert.Empty(Strategy.ValidateCreate(definition));
    }

    [Theory]
    [InlineData("group", "\"example\"", "spec.group: Invalid value: \"example\": should be a domain with at least one dot")]
    [InlineData("scope", "\"Wide\"", "spec.scope: Unsupported value: \"Wide\": supported values: \"Cluster\", \"Namespaced\"")]
    [InlineData("preserveUnknownFields", "true", "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead")]
    public void Says_what_is_wrong_with_the_spec(string field, string value, string error) =>
        Assert.Contains(error, Strategy.ValidateCreate(Definition(spec => spec[field] = JsonNode.Parse(value))).Select(e => e.ToString()));

    [Theory]
    [InlineData("""{"properties":{"a":{"type":"string"}}}""", "type: Required value: must not be empty at the root")]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", "properties[a].type: Required value: must not be empty for specified object fields")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array"}}}""", "properties[a].items: Required value: must be specified")]
    [InlineData("""{"type":"object","anyOf":[{"properties":{"b":{"minimum":1}}}]}""", "properties[b]: Required value: because it is defined in spec.versions[0].schema.openAPIV3Schema.anyOf[0].properties[b]")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","anyOf":[{"type":"string"}]}}}""", "properties[a].anyOf[0].type: Forbidden: must be empty to be structural")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","default":5}}}""", "properties[a].default: Invalid value: \"integer\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object","properties":{"k":{"type":"string"}}}}}}""", "properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}""", "properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"strin"}}}""", "properties[a].type: Unsupported value: \"strin\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"")]
    [InlineData("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}}""", "properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified")]
    public void Says_what_is_wrong_with_a_schema(string schema, string error) =>
        Assert.Contains(Strategy.ValidateCreate(Definition(schema: schema)), e => e.ToString().StartsWith("spec.versions[0].schema.openAPIV3Schema." + error, StringComparison.Ordinal));

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]}}}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"x-kubernetes-validations":[{"rule":"self.a != ''"}]}""")]
    [InlineData("""{"type":"object","x-kubernetes-preserve-unknown-fields":true}""")]
    [InlineData("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":5}}}}}""")]
    public void Takes_structural_schemas(string schema) => Assert.Empty(Strategy.ValidateCreate(Definition(schema: schema)));

    [Fact]
    public void A_stored_version_stays_until_it_is_taken_off_the_list()
    {
        var old = Definition();
        var changed = ApiJson.Copy(old);
        changed.Spec.Versions[0].Name = "v2";
        Strategy.PrepareForUpdate(changed, old);
        Assert.Equal(["v1", "v2"], changed.Status.StoredVersions);
        Assert.Contains(Strategy.ValidateUpdate(changed, old), e => e.Field == "status.storedVersions[0]");
    }

    [Fact]
    public void Names_are_accepted_then_it_is_served_then_it_is_established()
    {
        var definition = Definition();
        definition.Status = DefinitionConditions.Decide(definition, [definition], isServed: false, Now)!;
        Assert.Equal(["NamesAccepted=True", "Established=False"], definition.Status.Conditions.Select(c => $"{c.Type}={c.Status}"));
        definition.Status = DefinitionConditions.Decide(definition, [definition], isServed: true, Now)!;
        Assert.Equal(["NamesAccepted=True", "Established=True"], definition.Status.Conditions.Select(c => $"{c.Type}={c.Status}"));
        Assert.Null(DefinitionConditions.Decide(definition, [definition], isServed: true, Now.AddHours(1)));
    }

    [Fact]
    public void A_name_that_another_definition_of_the_group_has_is_refused()
    {
        var first = Definition();
        first.Status = DefinitionConditions.Decide(first, [first], isServed: false, Now)!;
        var second = Definition(spec => spec["names"] = JsonNode.Parse("""{"plural":"bars","singular":"bar","kind":"Foo","listKind":"BarList"}"""));
        second.Metadata.Name = "bars.example.com";
        var status = DefinitionConditions.Decide(second, [first, second], isServed: false, Now)!;
        Assert.Equal("KindConflict: \"Foo\" is already in use", $"{status.Conditions[0].Reason}: {status.Conditions[0].Message}");
        Assert.Equal("NotAccepted", status.Conditions[1].Reason);
        Assert.Equal("bars", status.AcceptedNames.Plural);
    }

    private static V1CustomResourceDefinition Definition(Action<JsonObject>? change = null, string schema = """{"type":"object","properties":{"spec":{"type":"object"}}}""")
    {
        var json = JsonNode.Parse($$$"""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"foos.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
            "names":{"plural":"foos","kind":"Foo"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{{{schema}}}}}]}}
            """)!;
        change?.Invoke((JsonObject)json["spec"]!);
        var definition = ApiJson.Deserialize<V1CustomResourceDefinition>(JsonTree.ToUtf8(json));
        Strategy.Default(definition);
        Strategy.PrepareForCreate(definition);
        return definition;
    }
}
