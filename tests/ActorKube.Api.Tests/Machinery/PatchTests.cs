using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using CsCheck;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery;

public class PatchTests
{
    private const string Deployment = """
        {"metadata":{"name":"web","labels":{"a":"1","b":"2"},"finalizers":["x/a","x/b"]},
         "spec":{"replicas":3,"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}},
          "template":{"spec":{
            "containers":[
              {"name":"web","image":"web:1","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"ports":[{"containerPort":80,"protocol":"TCP"}],"args":["x","y"]},
              {"name":"side","image":"side:1"}],
            "volumes":[{"name":"data","emptyDir":{}}],
            "tolerations":[{"key":"t1"}]}}}}
        """;

    private static JsonNode Patched(string patch, string mediaType = Patch.Strategic, string original = Deployment) =>
        JsonNode.Parse(Patch.ApplyTo(Encoding.UTF8.GetBytes(original), mediaType, Encoding.UTF8.GetBytes(patch), typeof(V1Deployment)))!;

    private static void AssertJson(string expected, JsonNode? actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {expected}\nbut got  {actual?.ToJsonString()}");

    private static JsonNode Pod(JsonNode deployment) => deployment["spec"]!["template"]!["spec"]!;

    [Fact]
    public void Set_image_changes_one_container_and_leaves_the_others()
    {
        var pod = Pod(Patched("""{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"web"},{"name":"side"}],"containers":[{"name":"web","image":"web:2"}]}}}}"""));
        Assert.Equal("web:2", pod["containers"]![0]!["image"]!.GetValue<string>());
        Assert.Equal(2, pod["containers"]![0]!["env"]!.AsArray().Count);
        Assert.Equal("side:1", pod["containers"]![1]!["image"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("string", "struct field ObjectMeta.metadata.labels of type map[string]string", "cannot restore map from string")]
    [InlineData("object", "struct field PodSpec.spec.containers of type []v1.Container", "cannot restore slice from map")]
    [InlineData("number", "struct field Pod.spec of type v1.PodSpec", "cannot restore struct from: int64")]
    [InlineData("bool", "struct field PodSpec.spec.nodeName of type string", "cannot convert bool to string")]
    [InlineData("array", "struct field PodSpec.spec.nodeName of type string", "cannot convert []interface {} to string")]
    public void A_strategic_patch_whose_result_has_a_wrong_type_is_refused_in_the_converters_words(string found, string field, string expected)
    {
        var error = $"json: cannot unmarshal {found} into Go {field}";
        Assert.EndsWith(": " + expected, Patch.ResultIsInvalid(Patch.Strategic, "{}"u8, error).Status.Message);
        Assert.EndsWith(": " + error, Patch.ResultIsInvalid(Patch.Merge, "{}"u8, error).Status.Message);
    }

    [Fact]
    public void Maps_merge_and_null_removes() =>
        AssertJson("""{"b":"3","c":"4"}""", Patched("""{"metadata":{"labels":{"a":null,"b":"3","c":"4"}}}""")["metadata"]!["labels"]);

    [Fact]
    public void Lists_without_a_merge_key_are_replaced()
    {
        var pod = Pod(Patched("""{"spec":{"template":{"spec":{"tolerations":[{"key":"t2"}],"containers":[{"name":"web","args":["z"]}]}}}}"""));
        AssertJson("""[{"key":"t2"}]""", pod["tolerations"]);
        AssertJson("""["z"]""", pod["containers"]![0]!["args"]);
    }

    [Fact]
    public void An_element_is_removed_by_its_key() =>
        AssertJson("""[{"name":"B","value":"2"}]""", Pod(Patched("""{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"$patch":"delete","name":"A"}]}]}}}}"""))["containers"]![0]!["env"]);

    [Fact]
    public void Elements_are_told_apart_by_numbers_too() => AssertJson(
        """[{"containerPort":80,"protocol":"TCP","name":"http"}]""",
        Pod(Patched("""{"spec":{"template":{"spec":{"containers":[{"name":"web","ports":[{"containerPort":80,"name":"http"}]}]}}}}"""))["containers"]![0]!["ports"]);

    [Fact]
    public void A_whole_list_is_replaced_on_request() => AssertJson(
        """[{"name":"new","image":"n"}]""",
        Pod(Patched("""{"spec":{"template":{"spec":{"containers":[{"name":"new","image":"n"},{"$patch":"replace"}]}}}}"""))["containers"]);

    [Fact]
    public void A_map_is_replaced_or_emptied_on_request()
    {
        AssertJson("""{"type":"Recreate"}""", Patched("""{"spec":{"strategy":{"$patch":"replace","type":"Recreate"}}}""")["spec"]!["strategy"]);
        AssertJson("{}", Patched("""{"spec":{"strategy":{"$patch":"delete"}}}""")["spec"]!["strategy"]);
    }

    [Fact]
    public void Only_the_keys_that_are_named_stay() =>
        AssertJson("""{"type":"Recreate"}""", Patched("""{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}""")["spec"]!["strategy"]);

    [Fact]
    public void A_volume_changes_its_kind_by_retainKeys() => AssertJson(
        """[{"name":"data","configMap":{"name":"c"}}]""",
        Pod(Patched("""{"spec":{"template":{"spec":{"volumes":[{"name":"data","$retainKeys":["name","configMap"],"configMap":{"name":"c"}}]}}}}"""))["volumes"]);

    [Fact]
    public void Plain_values_are_united_and_removed_by_a_parallel_list()
    {
        AssertJson("""["x/c","x/a","x/b"]""", Patched("""{"metadata":{"finalizers":["x/c"]}}""")["metadata"]!["finalizers"]);
        AssertJson("""["x/b"]""", Patched("""{"metadata":{"$deleteFromPrimitiveList/finalizers":["x/a"]}}""")["metadata"]!["finalizers"]);
        AssertJson(
            """["x/b","x/c"]""",
            Patched("""{"metadata":{"$deleteFromPrimitiveList/finalizers":["x/a"],"$setElementOrder/finalizers":["x/b","x/c"],"finalizers":["x/c"]}}""")["metadata"]!["finalizers"]);
    }

    [Theory]
    [InlineData("""{"containers":[{"name":"new"}]}""", "new,web,side")]
    [InlineData("""{"$setElementOrder/containers":[{"name":"web"},{"name":"new"}],"containers":[{"name":"new"}]}""", "web,new,side")]
    [InlineData("""{"$setElementOrder/containers":[{"name":"side"},{"name":"web"}]}""", "side,web")]
    [InlineData("""{"$setElementOrder/containers":[{"name":"side"},{"name":"new"}],"containers":[{"name":"new"},{"name":"web","$patch":"delete"}]}""", "side,new")]
    public void Elements_stand_in_the_order_Kubernetes_gives_them(string podPatch, string names)
    {
        var pod = Pod(Patched("""{"spec":{"template":{"spec":""" + podPatch + "}}}"));
        Assert.Equal(names, string.Join(',', pod["containers"]!.AsArray().Select(c => c!["name"]!.GetValue<string>())));
    }

    [Fact]
    public void Nulls_and_directives_do_not_reach_values_that_were_not_there_before()
    {
        var pod = Pod(Patched("""{"spec":{"template":{"spec":{"securityContext":{"runAsUser":1,"fsGroup":null,"seLinuxOptions":{"$patch":"replace","level":"s0"}}}}}}"""));
        AssertJson("""{"runAsUser":1,"seLinuxOptions":{"level":"s0"}}""", pod["securityContext"]);
    }

    [Theory]
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}}""", 422, "map: map[image:x] does not contain declared merge key: name")]
    [InlineData("""{"spec":{"strategy":{"$retainKeys":["type"],"rollingUpdate":{}}}}""", 400, "invalid patch format of retainKeys")]
    [InlineData("""{"spec":{"strategy":{"$patch":"explode"}}}""", 422, "unknown patch type: explode in map: map[$patch:explode]")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":["x"]}}}}""", 422, "expected a map[string]interface {}, but received a string")]
    [InlineData("""[]""", 400, "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}")]
    [InlineData("""{""", 400, "error decoding patch: unexpected end of JSON input")]
    public void Says_what_is_wrong_with_a_strategic_patch(string patch, int code, string message)
    {
        var error = Assert.Throws<ApiException>(() => Patched(patch));
        Assert.Equal((code, message), (error.Code, error.Message));
    }

    [Theory]
    [InlineData("""[{"op":"replace","path":"/spec/replicas","value":5}]""", "/spec/replicas", "5")]
    [InlineData("""[{"op":"add","path":"/metadata/labels/c~1d","value":"x"}]""", "/metadata/labels", """{"a":"1","b":"2","c/d":"x"}""")]
    [InlineData("""[{"op":"remove","path":"/metadata/labels/a"}]""", "/metadata/labels", """{"b":"2"}""")]
    [InlineData("""[{"op":"add","path":"/metadata/finalizers/0","value":"y"},{"op":"add","path":"/metadata/finalizers/-","value":"z"}]""", "/metadata/finalizers", """["y","x/a","x/b","z"]""")]
    [InlineData("""[{"op":"move","from":"/metadata/labels/a","path":"/metadata/labels/z"}]""", "/metadata/labels", """{"b":"2","z":"1"}""")]
    [InlineData("""[{"op":"copy","from":"/metadata/labels","path":"/metadata/annotations"}]""", "/metadata/annotations", """{"a":"1","b":"2"}""")]
    [InlineData("""[{"op":"test","path":"/spec/replicas","value":3},{"op":"remove","path":"/metadata/finalizers/-1"}]""", "/metadata/finalizers", """["x/a"]""")]
    [InlineData("""[{"op":"test","path":"/spec/paused","value":null}]""", "/spec/replicas", "3")]
    public void Json_patches_follow_the_RFC(string patch, string path, string expected)
    {
        JsonNode? node = Patched(patch, Patch.Json);
        foreach (var step in path[1..].Split('/'))
        {
            node = node![step];
        }

        AssertJson(expected, node);
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/spec/replicas","value":4}]""")]
    [InlineData("""[{"op":"remove","path":"/spec/nothing"}]""")]
    [InlineData("""[{"op":"add","path":"/spec/nothing/deep","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/metadata/finalizers/9","value":1}]""")]
    [InlineData("""[{"op":"nope","path":"/spec"}]""")]
    [InlineData("""[{"op":"move","from":"/spec","path":"/spec/template"}]""")]
    public void A_json_patch_that_does_not_apply_is_422(string patch)
    {
        var error = Assert.Throws<ApiException>(() => Patched(patch, Patch.Json));
        Assert.Equal((422, "Invalid", "the server rejected our request due to an error in our request"), (error.Code, error.Reason, error.Message));
    }

    [Fact]
    public void Merge_patches_replace_lists_and_remove_by_null()
    {
        var result = Patched("""{"metadata":{"labels":{"a":null},"finalizers":["q"]},"spec":{"strategy":null,"selector":{"matchLabels":{"x":null,"y":"1"}}}}""", Patch.Merge);
        AssertJson("""{"b":"2"}""", result["metadata"]!["labels"]);
        AssertJson("""["q"]""", result["metadata"]!["finalizers"]);
        Assert.False(result["spec"]!.AsObject().ContainsKey("strategy"));
        AssertJson("""{"matchLabels":{"y":"1"}}""", result["spec"]!["selector"]);
    }

    [Fact]
    public void Fields_given_twice_in_a_patch_are_reported()
    {
        var strict = new List<string>();
        Patch.ApplyTo("{}"u8, Patch.Merge, """{"spec":{"replicas":1,"replicas":2}}"""u8, typeof(V1Deployment), strict);
        Assert.Equal(["duplicate field \"spec.replicas\""], strict);
    }

    [Fact]
    public void What_is_wrong_with_the_form_of_a_JSON_patch_is_reported_as_such()
    {
        var strict = new List<string>();
        Patch.ApplyTo("""{"spec":{}}"""u8, Patch.Json, """[{"op":"add","path":"/spec/paused","foo":1,"value":true,"value":false}]"""u8, typeof(V1Deployment), strict);
        Assert.Equal(["json patch duplicate field \"[0].value\"", "json patch unknown field \"[0].foo\""], strict);
    }

    [Fact]
    public void Merging_a_patch_twice_changes_nothing_more() => Gen.Select(Maps, Maps).Sample((target, patch) =>
    {
        var once = JsonMergePatch.Apply(JsonNode.Parse(target), JsonNode.Parse(patch));
        var twice = JsonMergePatch.Apply(once?.DeepClone(), JsonNode.Parse(patch));
        return JsonNode.DeepEquals(once, twice);
    });

    [Fact]
    public void Merging_lists_keeps_what_the_patch_does_not_name() => Gen.Select(Names, Names).Sample((there, patched) =>
    {
        var original = Containers(there, "old");
        var patch = Containers(patched, "new");
        var result = Pod(Patched(patch, Patch.Strategic, original))["containers"]!.AsArray();
        var images = result.ToDictionary(c => c!["name"]!.GetValue<string>(), c => c!["image"]!.GetValue<string>());
        return images.Count == result.Count
            && images.Keys.ToHashSet().SetEquals(there.Union(patched))
            && images.All(i => i.Value == (patched.Contains(i.Key) ? "new" : "old"))
            && result.Select(c => c!["name"]!.GetValue<string>()).Where(n => !patched.Contains(n)).SequenceEqual(there.Except(patched));
    });

    private static string Containers(string[] names, string image) =>
        """{"spec":{"template":{"spec":{"containers":[""" + string.Join(',', names.Select(n => $$"""{"name":"{{n}}","image":"{{image}}"}""")) + "]}}}}";

    private static readonly Gen<string[]> Names = Gen.OneOf(new[] { "a", "b", "c", "d", "e" }.Select(Gen.Const).ToArray()).Array[0, 5].Select(n => n.Distinct().ToArray());

    private static readonly Gen<string> Maps =
        Gen.Select(Gen.OneOf(new[] { "a", "b", "c" }.Select(Gen.Const).ToArray()), Gen.OneOf(new[] { "1", "null", "[1,null]", "{}", "{\"x\":1}", "{\"x\":null,\"y\":2}" }.Select(Gen.Const).ToArray()))
            .Array[0, 4].Select(pairs => "{" + string.Join(',', pairs.DistinctBy(p => p.Item1).Select(p => $"\"{p.Item1}\":{p.Item2}")) + "}");
}
