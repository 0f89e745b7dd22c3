using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;

namespace ActorKube.Api.Tests.Machinery;

public sealed class FieldChangesTests
{
    [Theory]
    [InlineData("""{"spec":{"replicas":2}}""", """{"spec":{"replicas":3}}""", ".spec.replicas: 2 → 3")]
    [InlineData("""{"spec":{}}""", """{"spec":{"paused":true}}""", ".spec.paused: + true")]
    [InlineData("""{"spec":{"paused":true}}""", """{"spec":{}}""", ".spec.paused: - true")]
    [InlineData("""{"metadata":{"labels":{"a/b":"x"}}}""", """{"metadata":{"labels":{"a/b":"y"}}}""", """.metadata.labels["a/b"]: x → y""")]
    [InlineData("""{"c":[{"name":"a","image":"v1"},{"name":"b"}]}""", """{"c":[{"name":"b"},{"name":"a","image":"v2"}]}""", """.c[name="a"].image: v1 → v2""")]
    [InlineData("""{"c":[{"name":"a"}]}""", """{"c":[{"name":"a"},{"name":"b"}]}""", """.c[name="b"]: + {"name":"b"}""")]
    [InlineData("""{"args":["x"]}""", """{"args":["x","y"]}""", """.args: ["x"] → ["x","y"]""")]
    [InlineData("""{"metadata":{"resourceVersion":"1","managedFields":[1],"generation":1}}""", """{"metadata":{"resourceVersion":"2","managedFields":[2],"generation":2}}""", "")]
    [InlineData("""{"status":{"n":1},"spec":{"n":1}}""", """{"status":{"n":2},"spec":{"n":2}}""", ".spec.n: 1 → 2, .status.n: 1 → 2")]
    public void Names_what_is_different(string before, string after, string expected) =>
        Assert.Equal(expected, FieldChanges.Summary(Between(before, after), 5));

    [Fact]
    public void A_list_in_which_a_name_stands_twice_is_compared_as_a_whole()
    {
        var change = Assert.Single(Between("""{"c":[{"name":"a"},{"name":"a"}]}""", """{"c":[{"name":"a"}]}"""));

        Assert.Equal(".c", change.Path);
    }

    [Theory]
    [InlineData("""{"spec":{"n":1}}""", """{"spec":{"n":2}}""", true)]
    [InlineData("""{"metadata":{}}""", """{"metadata":{"deletionTimestamp":"now"}}""", true)]
    [InlineData("""{"metadata":{"annotations":{"deployment.kubernetes.io/revision":"1"}},"status":{}}""", """{"metadata":{"annotations":{"deployment.kubernetes.io/revision":"2"}},"status":{"n":1}}""", false)]
    public void Notes_of_controllers_are_no_wishes(string before, string after, bool expected) =>
        Assert.Equal(expected, FieldChanges.IsOfWishes(Between(before, after)));

    [Fact]
    public void Says_how_many_there_are_beside_those_it_shows() =>
        Assert.Equal(".a: 1 → 2 + 2 more", FieldChanges.Summary(Between("""{"a":1,"b":1,"c":1}""", """{"a":2,"b":2,"c":2}"""), 1));

    [Fact]
    public void Leaves_have_the_paths_that_changes_have() =>
        Assert.Equal(
            [".a", """.c[name="x"].name""", """.c[name="x"].image""", ".args", ".empty"],
            FieldChanges.Leaves((JsonObject)JsonNode.Parse("""{"a":1,"c":[{"name":"x","image":"v"}],"args":["p"],"empty":{}}""")!).Select(l => l.Path));

    private static IReadOnlyList<FieldChange> Between(string before, string after) => FieldChanges.Between((JsonObject)JsonNode.Parse(before)!, (JsonObject)JsonNode.Parse(after)!);
}
