using System.Text.Json.Nodes;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.CustomResources.Schemas;

namespace ActorKube.ApiServer.Tests.CustomResources;

public sealed class SchemaTests
{
    [Theory]
    [InlineData("""{"type":"integer"}""", "\"a\"", "f: Invalid value: \"string\": f in body must be of type integer: \"string\"")]
    [InlineData("""{"type":"string"}""", "null", "f: Invalid value: \"null\": f in body must be of type string: \"null\"")]
    [InlineData("""{"x-kubernetes-int-or-string":true}""", "true", "f: Invalid value: \"boolean\": f in body must be of type integer,string: \"boolean\"")]
    [InlineData("""{"type":"string","enum":["a","b"]}""", "\"c\"", "f: Unsupported value: \"c\": supported values: \"a\", \"b\"")]
    [InlineData("""{"type":"string","maxLength":2}""", "\"abc\"", "f: Too long: may not be more than 2 bytes")]
    [InlineData("""{"type":"string","minLength":2}""", "\"a\"", "f: Invalid value: \"a\": f in body should be at least 2 chars long")]
    [InlineData("""{"type":"string","pattern":"^a+$"}""", "\"b\"", "f: Invalid value: \"b\": f in body should match '^a+$'")]
    [InlineData("""{"type":"string","format":"date-time"}""", "\"b\"", "f: Invalid value: \"b\": f in body must be of type date-time: \"b\"")]
    [InlineData("""{"type":"integer","maximum":10}""", "11", "f: Invalid value: 11: f in body should be less than or equal to 10")]
    [InlineData("""{"type":"integer","minimum":1,"exclusiveMinimum":true}""", "1", "f: Invalid value: 1: f in body should be greater than 1")]
    [InlineData("""{"type":"number","multipleOf":0.5}""", "0.7", "f: Invalid value: 0.7: f in body should be a multiple of 0.5")]
    [InlineData("""{"type":"array","items":{"type":"string"},"maxItems":1}""", "[\"a\",\"b\"]", "f: Too many: 2: must have at most 1 items")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "[\"a\",1]", "f[1]: Invalid value: \"integer\": f[1] in body must be of type string: \"integer\"")]
    [InlineData("""{"type":"object","required":["a"]}""", "{}", "f.a: Required value")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"string"}}""", "{\"a\":1}", "f.a: Invalid value: \"integer\": f.a in body must be of type string: \"integer\"")]
    [InlineData("""{"type":"object","not":{"required":["a"]}}""", "{\"a\":1}", "<nil>: Invalid value: \"\": \"f\" must not validate the schema (not)")]
    [InlineData("""{"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]}""", "{\"a\":1,\"b\":1}", "<nil>: Invalid value: \"\": \"f\" must validate one and only one schema (oneOf). Found 2 valid alternatives")]
    public void Says_what_is_wrong_as_Kubernetes_does(string schema, string value, string error)
    {
        Assert.Equal([error], SchemaValidation.Validate(JsonNode.Parse(value), Schema(schema), "f").Errors.Select(e => e.ToString()));
    }

    [Theory]
    [InlineData("""{"type":"integer"}""", "1.0")]
    [InlineData("""{"type":"number"}""", "1")]
    [InlineData("""{"type":"string","nullable":true}""", "null")]
    [InlineData("""{"x-kubernetes-int-or-string":true}""", "\"50%\"")]
    [InlineData("""{"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]}""", "{\"a\":1}")]
    [InlineData("""{"type":"string","format":"nothing-that-is-known"}""", "\"b\"")]
    public void Takes_what_the_schema_allows(string schema, string value) => Assert.Empty(SchemaValidation.Validate(JsonNode.Parse(value), Schema(schema), "f").Errors);

    [Fact]
    public void What_did_not_change_passes_though_a_rule_came_after_it()
    {
        var schema = Schema("""{"type":"object","properties":{"a":{"type":"string","maxLength":1},"b":{"type":"string","maxLength":1}}}""");
        var (old, changed) = (JsonNode.Parse("""{"a":"long","b":"x"}"""), JsonNode.Parse("""{"a":"long","b":"longer"}"""));
        Assert.Equal(["b"], SchemaValidation.ValidateUpdate(changed, old, schema).Errors.Select(e => e.Field));
        Assert.Empty(SchemaValidation.ValidateUpdate(old!.DeepClone(), old, schema).Errors);
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}}}""", """{"a":"x","b":1}""", """{"a":"x"}""", "b")]
    [InlineData("""{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"object"}}}""", """{"a":{"x":1},"b":1}""", """{"a":{},"b":1}""", "a.x")]
    [InlineData("""{"type":"object","properties":{"l":{"type":"array","items":{"type":"object","properties":{"a":{"type":"string"}}}}}}""", """{"l":[{"a":"x"},{"b":1}]}""", """{"l":[{"a":"x"},{}]}""", "l[1].b")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"object","properties":{"a":{"type":"string"}}}}""", """{"x":{"a":"1","b":2}}""", """{"x":{"a":"1"}}""", "x.b")]
    [InlineData("""{"type":"object","properties":{"e":{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"object"}}}}}""", """{"e":{"apiVersion":"v1","kind":"A","metadata":{},"spec":{},"x":1}}""", """{"e":{"apiVersion":"v1","kind":"A","metadata":{},"spec":{}}}""", "e.x")]
    public void Removes_fields_that_the_schema_does_not_know(string schema, string value, string pruned, string path)
    {
        var node = JsonNode.Parse(value);
        var unknown = new List<string>();
        Assert.True(Pruning.HasUnknown(node, Schema(schema)));
        Pruning.Prune(node, Schema(schema), "", unknown);
        Assert.Equal(pruned, node!.ToJsonString());
        Assert.Equal([path], unknown);
        Assert.False(Pruning.HasUnknown(node, Schema(schema)));
    }

    [Fact]
    public void Fills_defaults_also_in_place_of_a_null_that_is_not_allowed()
    {
        var schema = Schema("""{"type":"object","properties":{"a":{"type":"object","default":{},"properties":{"b":{"type":"integer","default":5}}},"c":{"type":"string","default":"x"},"d":{"type":"string","nullable":true,"default":"y"},"e":{"type":"string"}}}""");
        var node = JsonNode.Parse("""{"c":null,"d":null,"e":null}""")!;
        Assert.True(Defaulting.Changes(node, schema));
        Defaulting.DropNulls(node, schema);
        Defaulting.Default(node, schema);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"a":{"b":5},"c":"x","d":null}"""), node), node.ToJsonString());
        Assert.False(Defaulting.Changes(node, schema));
    }

    [Theory]
    [InlineData("""{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}""", """["a","b","a"]""", "l[2]: Duplicate value: \"a\"")]
    [InlineData("""{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object"}}""", """[{"k":1,"v":1},{"k":1,"v":2}]""", "l[1]: Duplicate value: {\"k\":1}")]
    public void Items_of_sets_and_maps_differ(string schema, string list, string error)
    {
        var errors = new List<ActorKube.Api.Machinery.FieldError>();
        ListTypes.Validate(JsonNode.Parse(list), Schema(schema), "l", errors);
        Assert.Equal([error], errors.Select(e => e.ToString()));
    }

    [Theory]
    [InlineData("date", "2024-02-29", "2023-02-29")]
    [InlineData("date-time", "2024-02-29T10:00:00.5+02:00", "2024-02-29 10:00:00")]
    [InlineData("duration", "1h30m", "eleven")]
    [InlineData("byte", "aGFsbG8=", "a%b")]
    [InlineData("ipv4", "10.0.0.1", "10.0.0.256")]
    [InlineData("ipv6", "fe80::1", "10.0.0.1")]
    [InlineData("cidr", "10.0.0.0/8", "10.0.0.0/33")]
    [InlineData("mac", "01:23:45:67:89:ab", "01:23")]
    [InlineData("uuid", "a987fbc9-4bed-3078-cf07-9141ba07c9f3", "a987")]
    [InlineData("email", "a@example.com", "a.example.com")]
    [InlineData("hostname", "a.example.com", "a..example.com")]
    [InlineData("uri", "https://example.com/x", "not a uri")]
    [InlineData("isbn", "978-0321751041", "978-0321751042")]
    [InlineData("hexcolor", "#FFAA00", "#GG0000")]
    public void Formats_are_checked(string format, string good, string bad)
    {
        Assert.True(Formats.Matches(format, good));
        Assert.False(Formats.Matches(format, bad));
    }

    [Theory]
    [InlineData(@"^\d+$", "12", "1a")]
    [InlineData(@"^[[:alpha:]]+$", "ab", "a1")]
    [InlineData(@"^(?P<x>a|b)$", "a", "c")]
    [InlineData(@"^[^\]]$", "a", "]")]
    [InlineData(@"^\pL$", "ä", "1")]
    [InlineData(@"^a$", "a", "a\n")]
    public void Expressions_are_Gos(string pattern, string good, string bad)
    {
        var regex = new GoRegex(pattern);
        Assert.True(regex.IsMatch(good));
        Assert.False(regex.IsMatch(bad));
    }

    [Theory]
    [InlineData(".status.conditions[?(@.type==\"Ready\")].status", "True")]
    [InlineData(".spec.list[1]", "b")]
    [InlineData(".spec.list[-1]", "c")]
    [InlineData(".spec.map['a\\.b/c']", "x")]
    [InlineData(".spec.map.a\\.b/c", "x")]
    [InlineData(".spec.nothing.at.all", "")]
    [InlineData(".metadata.labels.l", "m")]
    public void Paths_lead_to_values(string path, string expected)
    {
        var value = new ActorKube.Api.Machinery.CustomObject
        {
            Metadata = new k8s.Models.V1ObjectMeta { Labels = new Dictionary<string, string> { ["l"] = "m" } },
            Content = (JsonObject)JsonNode.Parse("""{"spec":{"list":["a","b","c"],"map":{"a.b/c":"x"}},"status":{"conditions":[{"type":"A","status":"False"},{"type":"Ready","status":"True"}]}}""")!,
        };
        Assert.Equal(expected, JsonPath.Parse(path).Find(value).FirstOrDefault()?.ToString() ?? "");
    }

    private static StructuralSchema Schema(string json) => StructuralSchema.From((JsonObject)JsonNode.Parse(json)!);
}
