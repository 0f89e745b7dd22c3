using System.Text;
using ActorKube.Api.Machinery.ServerSideApply;
using CsCheck;

namespace ActorKube.Api.Tests.Machinery.ServerSideApply;

public class FieldSetTests
{
    private static readonly Gen<PathElement> GenElement = Gen.OneOf(
        Gen.OneOf("a", "b", "c", "name").Select(PathElement.Field),
        Gen.OneOf("x", "y<&>\"").Select(v => PathElement.Key("name", v)),
        Gen.Select(Gen.Int[1, 2], Gen.OneOf("TCP", "UDP")).Select((port, protocol) => PathElement.Key(KeyValuePair.Create("protocol", FieldValue.Of(protocol)), KeyValuePair.Create("port", FieldValue.Of((long)port)))),
        Gen.OneOf(Gen.OneOf("s", "t").Select(FieldValue.Of), Gen.Long[0, 2].Select(FieldValue.Of), Gen.Bool.Select(FieldValue.Of), Gen.OneOf(0.5, 1.5).Select(FieldValue.Of)).Select(PathElement.Member),
        Gen.Int[0, 2].Select(PathElement.At));

    private static readonly Gen<List<List<PathElement>>> GenPaths = GenElement.List[1, 4].List[0, 12];

    private static readonly Gen<FieldSet> GenSet = GenPaths.Select(paths => FieldSet.Of(paths));

    [Fact]
    public void A_set_has_the_paths_it_was_made_of_and_no_others() => Gen.Select(GenPaths, GenElement.List[1, 4]).Sample((paths, other) =>
    {
        var set = FieldSet.Of(paths);
        var texts = paths.Select(FieldSet.PathText).Distinct(StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        Assert.All(paths, p => Assert.True(set.Has(p)));
        Assert.True(texts.SetEquals(set.Paths().Select(FieldSet.PathText)));
        Assert.Equal(texts.Count, set.Count);
        Assert.Equal(texts.Contains(FieldSet.PathText(other)), set.Has(other));
    });

    [Fact]
    public void Operations_are_those_of_sets_of_paths() => Gen.Select(GenSet, GenSet, GenSet).Sample((a, b, c) =>
    {
        Assert.True(Of(a.Union(b)).SetEquals(Of(a).Union(Of(b))));
        Assert.True(Of(a.Intersection(b)).SetEquals(Of(a).Intersect(Of(b))));
        Assert.True(Of(a.Difference(b)).SetEquals(Of(a).Except(Of(b))));
        Assert.True(Of(a.RecursiveDifference(b)).SetEquals(Of(a).Where(p => !Of(b).Any(q => p == q || p.StartsWith(q + "|", StringComparison.Ordinal)))));
        Assert.Equal(Of(a).IsSupersetOf(Of(b)), a.Covers(b));
        Assert.Equal(Of(a).Overlaps(Of(b)), a.Intersects(b));
        Assert.Equal(Of(a).SetEquals(Of(b)), a.Equals(b));
        Assert.Equal(a.Union(b).Union(c), c.Union(b.Union(a)));
        Assert.Equal(a, a.Difference(b).Union(a.Intersection(b)));
    });

    [Fact]
    public void FieldsV1_come_back_as_they_went() => GenSet.Sample(set =>
    {
        var json = FieldsV1Format.Write(set);
        Assert.Equal(set, FieldsV1Format.Read(json));
        Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(FieldsV1Format.Write(FieldsV1Format.Read(json))));
    });

    [Theory]
    [InlineData("""{"f:spec":{"f:replicas":{}}}""", ".spec.replicas")]
    [InlineData("""{"f:metadata":{"f:labels":{".":{},"f:app":{}}}}""", ".metadata.labels\n.metadata.labels.app")]
    [InlineData("""{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}""", ".ports[port=80,protocol=\"TCP\"]\n.ports[port=80,protocol=\"TCP\"].port")]
    [InlineData("""{"f:finalizers":{".":{},"v:\"a/b\"":{}}}""", ".finalizers\n.finalizers[=\"a/b\"]")]
    [InlineData("""{"f:list":{"i:3":{}}}""", ".list[3]")]
    [InlineData("""{"f:a.b/c":{}}""", ".a.b/c")]
    public void FieldsV1_are_read_and_written_as_Kubernetes_does(string json, string paths)
    {
        var set = FieldsV1Format.Read(Encoding.UTF8.GetBytes(json));
        Assert.Equal(paths, set.ToString());
        Assert.Equal(json, Encoding.UTF8.GetString(FieldsV1Format.Write(set)));
    }

    [Fact]
    public void Text_in_keys_is_escaped_as_Go_escapes_it() =>
        Assert.Equal("""{"k:{\"name\":\"a\\u003cb\\u0026\\\"\"}":{}}""", Encoding.UTF8.GetString(FieldsV1Format.Write(FieldSet.Of(new List<PathElement> { PathElement.Key("name", "a<b&\"") }))));

    [Theory]
    [InlineData("""{"q:new":{"f:a":{}},"f:b":{}}""", ".b")]
    [InlineData("""{"f:b":null}""", ".b")]
    [InlineData("{}", "")]
    public void Steps_of_an_unknown_kind_are_left_out(string json, string paths) => Assert.Equal(paths, FieldsV1Format.Read(Encoding.UTF8.GetBytes(json)).ToString());

    [Theory]
    [InlineData("""{"f":{}}""")]
    [InlineData("""{"fa":{}}""")]
    [InlineData("""{"i:x":{}}""")]
    [InlineData("""{"k:3":{}}""")]
    [InlineData("""{"v:{":{}}""")]
    [InlineData("""["f:a"]""")]
    [InlineData("""{"f:a":{}} {}""")]
    public void What_is_no_set_is_refused(string json) => Assert.ThrowsAny<System.Text.Json.JsonException>(() => FieldsV1Format.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void A_filter_keeps_only_what_its_pattern_names()
    {
        var resize = FieldFilter.Including(FieldSet.OfFields("spec", "containers", "*", "resources"));
        var set = FieldsV1Format.Read("""{"f:metadata":{"f:labels":{}},"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:image":{},"f:resources":{"f:limits":{"f:cpu":{}}}}},"f:nodeName":{}}}"""u8);
        Assert.Equal(".spec.containers[name=\"a\"]\n.spec.containers[name=\"a\"].resources.limits.cpu", resize.Apply(set).ToString());
        Assert.Equal(".metadata.labels", FieldFilter.Excluding(FieldSet.OfFields("spec")).Apply(set).ToString());
    }

    private static HashSet<string> Of(FieldSet set) => set.Paths().Select(p => string.Join('|', p.Select(e => e.Serialize()))).ToHashSet(StringComparer.Ordinal);
}
