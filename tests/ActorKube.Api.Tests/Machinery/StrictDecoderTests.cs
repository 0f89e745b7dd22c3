using System.Text;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery;

public class StrictDecoderTests
{
    private static Decoded Decode<T>(string json) => StrictDecoder.Decode(Encoding.UTF8.GetBytes(json), typeof(T));

    [Fact]
    public void Names_unknown_and_duplicate_fields_with_their_paths()
    {
        var decoded = Decode<V1Deployment>("""
            {"kind":"Deployment","metadata":{"name":"a","labels":{"x":"1","x":"2"}},"foo":1,
             "spec":{"replicas":1,"replicas":2,"template":{"spec":{"containers":[{"name":"c","imagex":"i"},{"name":"d","ports":[{"port":1}]}]}}}}
            """);
        Assert.Null(decoded.Error);
        Assert.Equal(
            """
            strict decoding error: duplicate field "metadata.labels.x", unknown field "foo", duplicate field "spec.replicas", unknown field "spec.template.spec.containers[0].imagex", unknown field "spec.template.spec.containers[1].ports[0].port"
            """,
            decoded.StrictError);
        var deployment = Assert.IsType<V1Deployment>(decoded.Value);
        Assert.Equal(2, deployment.Spec.Replicas);
        Assert.Equal("2", deployment.Metadata.Labels["x"]);
    }

    [Fact]
    public void A_field_that_is_unknown_and_stands_twice_is_only_unknown() => Assert.Equal(
        "strict decoding error: unknown field \"spec.foo\", duplicate field \"spec.paused\"",
        Decode<V1Deployment>("""{"spec":{"foo":1,"foo":2,"paused":true,"paused":false}}""").StrictError);

    [Theory]
    [InlineData("""{"spec":{"replicas":"3"}}""", "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"replicas":1.5}}""", "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"replicas":3000000000}}""", "json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"env":[{"name":"a","value":1}]}]}}}}""", "json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string")]
    [InlineData("""{"spec":[]}""", "json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec")]
    [InlineData("""{"metadata":{"labels":{"a":true}}}""", "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":{}}}}}""", "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container")]
    [InlineData("""[]""", "json: cannot unmarshal array into Go value of type v1.Deployment")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"lots"}}}]}}}}""", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    public void Words_a_wrong_type_as_Kubernetes_does(string json, string error) => Assert.Equal(error, Decode<V1Deployment>(json).Error);

    [Theory]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData("{", "unexpected end of JSON input")]
    [InlineData("{\"a\":", "unexpected end of JSON input")]
    [InlineData("nope", "invalid character 'o' in literal null (expecting 'u')")]
    [InlineData("hello", "invalid character 'h' looking for beginning of value")]
    [InlineData("{a:1}", "invalid character 'a' looking for beginning of object key string")]
    [InlineData("{\"spec\": x}", "invalid character 'x' looking for beginning of value")]
    [InlineData("{} {}", "invalid character '{' after top-level value")]
    public void Words_malformed_JSON_as_Go_does(string json, string error) => Assert.Equal(error, Decode<V1Pod>(json).Error);

    [Fact]
    public void Says_which_kind_could_not_be_handled()
    {
        Assert.Equal(
            "Deployment in version \"v1\" cannot be handled as a Deployment: boom",
            StrictDecoder.CannotHandle("Deployment", "v1", "Deployment", "boom", "{}"u8));
        Assert.Equal(
            "the object provided is unrecognized (must be of type Pod): boom (6e6f7065)",
            StrictDecoder.CannotHandle(null, null, "Pod", "boom", "nope"u8));
    }

    [Fact]
    public void Finds_apiVersion_and_kind_wherever_they_stand()
    {
        Assert.True(StrictDecoder.TryReadKind("""{"spec":{"kind":"no"},"kind":"Pod","apiVersion":"v1"}"""u8, out var version, out var kind, out _));
        Assert.Equal(("v1", "Pod"), (version, kind));
        Assert.False(StrictDecoder.TryReadKind("""{"kind":1}"""u8, out _, out _, out var error));
        Assert.StartsWith("couldn't get version/kind; json parse error: json: cannot unmarshal number", error);
    }

    [Fact]
    public void Nulls_count_as_not_given_and_empty_lists_and_maps_are_dropped()
    {
        var decoded = Decode<V1Service>("""
            {"metadata":{"name":"a","creationTimestamp":null,"labels":{},"annotations":{"k":null}},
             "spec":{"ports":[{"port":null,"targetPort":"http"}],"externalIPs":[],"selector":null}}
            """);
        Assert.Null(decoded.Error);
        var service = (V1Service)decoded.Value!;
        Assert.Null(service.Metadata.Labels);
        Assert.Equal("", service.Metadata.Annotations["k"]);
        Assert.Equal(0, service.Spec.Ports[0].Port);
        Assert.Null(service.Spec.ExternalIPs);
    }

    [Fact]
    public void Numbers_are_quantities_too()
    {
        var decoded = Decode<V1Container>("""{"name":"c","resources":{"limits":{"cpu":0.5,"memory":1024}}}""");
        var container = (V1Container)decoded.Value!;
        Assert.Equal("500m", container.Resources.Limits["cpu"].ToString());
        Assert.Equal("1024", container.Resources.Limits["memory"].ToString());
    }

    [Fact]
    public void Times_and_bytes_are_checked()
    {
        Assert.Equal(
            "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\"",
            Decode<V1Pod>("""{"metadata":{"creationTimestamp":"yesterday"}}""").Error);
        Assert.Equal("illegal base64 data at input byte 3", Decode<V1Secret>("""{"data":{"a":"abc!"}}""").Error);
        Assert.Null(Decode<V1Secret>("""{"data":{"a":"aGk="}}""").Error);
        Assert.Null(Decode<V1Lease>("""{"spec":{"renewTime":"2024-05-01T10:00:00.123456Z"}}""").Error);
    }

    [Fact]
    public void Yaml_follows_the_rules_of_YAML_1_1()
    {
        var json = Encoding.UTF8.GetString(YamlJson.Convert("""
            a: yes
            b: "yes"
            c: 0644
            d: 1e3
            e: 1.5
            f: ~
            g: 2024-01-01
            h: 0x1F
            i: '1'
            j: 12_000
            on: off
            k: |
              two
              lines
            l: [a, 1, {x: y}]
            """u8));
        Assert.Equal("""{"a":true,"b":"yes","c":420,"d":1000,"e":1.5,"f":null,"g":"2024-01-01","h":31,"i":"1","j":12000,"true":false,"k":"two\nlines\n","l":["a",1,{"x":true}]}""", json);
    }

    [Fact]
    public void Yaml_anchors_and_merge_keys_are_expanded() => Assert.Equal(
        """{"base":{"a":1,"b":2},"copy":{"a":1,"b":2},"more":{"b":3,"a":1}}""",
        Encoding.UTF8.GetString(YamlJson.Convert("base: &x {a: 1, b: 2}\ncopy: *x\nmore:\n  <<: *x\n  b: 3\n"u8)));

    [Fact]
    public void Yaml_that_explodes_is_refused()
    {
        var yaml = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (var i = 1; i < 9; i++)
        {
            yaml.Append($"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        Assert.False(YamlJson.TryConvert(Encoding.UTF8.GetBytes(yaml.ToString()), out _, out _, out var error));
        Assert.Contains("excessive aliasing", error);
    }

    [Fact]
    public void A_key_given_twice_in_yaml_is_a_strict_error()
    {
        var decoded = StrictDecoder.DecodeYaml("metadata:\n  name: a\n  name: b\n"u8, typeof(V1Pod));
        Assert.Equal("strict decoding error: yaml: unmarshal errors:\n  line 3: key \"name\" already set in map", decoded.StrictError);
    }

    [Theory]
    [InlineData("a: b: c\n", "mapping values are not allowed in this context")]
    [InlineData("a: 1\n b: 2\n", "line 2: mapping values are not allowed in this context")]
    [InlineData("{", "line 1: did not find expected node content")]
    public void Broken_yaml_says_what_and_where_as_Go_does(string yaml, string expected)
    {
        Assert.False(YamlJson.TryConvert(Encoding.UTF8.GetBytes(yaml), out _, out _, out var error));
        Assert.Equal("error converting YAML to JSON: yaml: " + expected, error);
    }

    [Fact]
    public void Streams_of_documents_are_split_at_their_markers() =>
        Assert.Equal(["a: 1\n\n", "b: ---x\n"], YamlJson.SplitDocuments("# only a comment\n---\na: 1\n\n---\n\n--- # next\nb: ---x"));
}
