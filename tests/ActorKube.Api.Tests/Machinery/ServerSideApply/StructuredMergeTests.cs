using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using CsCheck;

namespace ActorKube.Api.Tests.Machinery.ServerSideApply;

public class StructuredMergeTests
{
    private static readonly Gen<JsonObject> GenObject = Gen.Select(
        Gen.Int[0, 3].Nullable(), Gen.Bool.Nullable(), Gen.OneOf("a", "b", "c", "d").HashSet[0, 4], Gen.Select(Gen.OneOf("i", "j", "k"), Gen.Int[0, 2].Nullable()).List[0, 3],
        Gen.Dictionary(Gen.OneOf("x", "y", "z"), Gen.Int[0, 2])[0, 3],
        (number, flag, set, list, map) =>
        {
            var value = new JsonObject();
            if (number is { } n)
            {
                value["number"] = n;
            }

            if (flag is { } f)
            {
                value["flag"] = f;
            }

            if (set.Count > 0)
            {
                value["set"] = new JsonArray([.. set.Select(s => JsonValue.Create(s))]);
            }

            if (list.Count > 0)
            {
                value["list"] = new JsonArray([.. list.DistinctBy(l => l.Item1).Select(l => l.Item2 is { } v ? new JsonObject { ["name"] = l.Item1, ["value"] = v } : new JsonObject { ["name"] = l.Item1 })]);
            }

            if (map.Count > 0)
            {
                value["map"] = new JsonObject([.. map.Select(m => KeyValuePair.Create<string, JsonNode?>(m.Key, m.Value))]);
            }

            return value;
        });

    [Theory]
    [InlineData("{set: [a, b, c]}", "{set: [c, a]}", "{set: [b, c, a]}")]
    [InlineData("{set: [a, b, c, d]}", "{set: [e, b]}", "{set: [a, e, b, c, d]}")]
    [InlineData("{set: [a, b, c]}", "{set: [a, b, c]}", "{set: [a, b, c]}")]
    [InlineData("{set: [a, b]}", "{set: [c, d]}", "{set: [a, b, c, d]}")]
    [InlineData("{set: [b, c]}", "{set: [a, b]}", "{set: [a, b, c]}")]
    [InlineData("{list: [{name: a, value: 1}, {name: b}]}", "{list: [{name: b, value: 2}]}", "{list: [{name: a, value: 1}, {name: b, value: 2}]}")]
    [InlineData("{list: [{name: a, value: 1}]}", "{list: [{name: a, more: {x: 1}}]}", "{list: [{name: a, value: 1, more: {x: 1}}]}")]
    [InlineData("{atomicList: [a, b]}", "{atomicList: [c]}", "{atomicList: [c]}")]
    [InlineData("{map: {x: 1, y: 2}}", "{map: {y: 3}}", "{map: {x: 1, y: 3}}")]
    [InlineData("{struct: {a: 1}}", "{struct: {}}", "{struct: {a: 1}}")]
    [InlineData("{struct: {a: 1}}", "{struct: null}", "{struct: {a: 1}}")]
    [InlineData("{number: 1}", "{number: null}", "{number: null}")]
    public void A_configuration_is_laid_over_an_object(string live, string configuration, string merged) =>
        Assert.Equal(Json(merged).ToJsonString(), StructuredMerge.Merge(Json(live), Json(configuration), ApplyState.Small)!.ToJsonString());

    [Fact]
    public void Merging_gives_all_that_the_configuration_gives_and_loses_nothing() => Gen.Select(GenObject, GenObject).Sample((live, configuration) =>
    {
        var merged = StructuredMerge.Merge(live, configuration, ApplyState.Small)!;
        Assert.Empty(SchemaValidation.Validate(merged, ApplyState.Small));
        var (of, has) = (JsonFieldSet.Of(configuration, ApplyState.Small), JsonFieldSet.Of(merged, ApplyState.Small));
        Assert.True(has.Covers(of) && has.Covers(JsonFieldSet.Of(live, ApplyState.Small)));
        Assert.True(JsonComparison.Of(live, merged, ApplyState.Small).Removed.IsEmpty);
        Assert.True(of.Covers(JsonComparison.Of(live, merged, ApplyState.Small).Changed.Intersection(has)));
        Assert.True(JsonNode.DeepEquals(merged, StructuredMerge.Merge(merged, configuration, ApplyState.Small)));
    });

    [Fact]
    public void Applying_twice_is_applying_once_and_what_is_applied_is_there() => Gen.Select(GenObject, GenObject, GenObject).Sample((first, second, other) =>
    {
        var state = new ApplyState();
        state.Apply("a", first.ToJsonString());
        state.Apply("b", other.ToJsonString(), force: true);
        state.Apply("a", second.ToJsonString(), force: true);
        var once = (state.Content(), state.Owns("a"), state.Owns("b"));
        state.Apply("a", second.ToJsonString());
        Assert.Equal(once, (state.Content(), state.Owns("a"), state.Owns("b")));
        Assert.True(JsonFieldSet.Of(state.Live, ApplyState.Small).Covers(JsonFieldSet.Of(second, ApplyState.Small)));
        Assert.Equal(JsonFieldSet.Of(second, ApplyState.Small).ToString().Replace("\n", " ", StringComparison.Ordinal), state.Owns("a") ?? "");
    });

    [Fact]
    public void An_only_applier_leaves_exactly_what_it_gives() => Gen.Select(GenObject, GenObject).Sample((first, second) =>
    {
        var state = new ApplyState();
        state.Apply("a", first.ToJsonString());
        state.Apply("a", second.ToJsonString());
        Assert.Equal(JsonFieldSet.Of(second, ApplyState.Small), JsonFieldSet.Of(Json(state.Content()), ApplyState.Small));
    });

    private static JsonObject Json(string yaml) => (JsonObject)JsonTree.Parse(YamlJson.Convert(Encoding.UTF8.GetBytes(yaml)))!;
}
