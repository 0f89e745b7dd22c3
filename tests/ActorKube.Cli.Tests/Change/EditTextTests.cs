using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Change;

namespace ActorKube.Cli.Tests.Change;

public sealed class EditTextTests
{
    private static readonly JsonObject Value = PodTemplatesTests.Json("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","managedFields":[{"manager":"x"}]},"data":{"k":"v","n":"#1"}}""");

    [Fact]
    public void The_text_is_the_object_under_a_comment_and_reads_back_as_it()
    {
        var text = EditText.Of(Value);
        Assert.StartsWith("# Please edit the object below.", text, StringComparison.Ordinal);
        Assert.Contains("\nkind: ConfigMap\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("managedFields", text, StringComparison.Ordinal);
        Assert.Empty(EditText.Patch(EditText.Read(text)!, EditText.Read(EditText.Of(Value))!));
        Assert.Equal("#1", (string?)EditText.Read(text)!["data"]!["n"]);
    }

    [Fact]
    public void What_was_wrong_stands_above_what_the_user_wrote()
    {
        var first = EditText.Again("data:\n  k: x\n", "one\ntwo");
        var second = EditText.Again(first, "three");
        Assert.Contains("# one\n# two\n#\ndata:", first, StringComparison.Ordinal);
        Assert.Contains("# three\n#\ndata:", second, StringComparison.Ordinal);
        Assert.DoesNotContain("# one", second, StringComparison.Ordinal);
        Assert.Equal("data:\n  k: x\n", EditText.Body(second));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only\n# comments\n")]
    public void An_empty_text_is_no_object(string text) => Assert.Null(EditText.Read(text));

    [Theory]
    [InlineData("a: [")]
    [InlineData("just text")]
    [InlineData("a: 1\na: 2")]
    public void A_text_that_is_no_object_is_refused(string text) => Assert.StartsWith("error parsing edited-file: ", Assert.Throws<CliException>(() => EditText.Read(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"a":1,"b":{"c":1,"d":2}}""", """{"a":1,"b":{"c":1}}""", """{"b":{"d":null}}""")]
    [InlineData("""{"l":[1,2]}""", """{"l":[2]}""", """{"l":[2]}""")]
    [InlineData("""{"a":1}""", """{"a":{"b":1}}""", """{"a":{"b":1}}""")]
    [InlineData("""{"a":{}}""", """{"a":{}}""", """{}""")]
    public void The_patch_makes_the_one_of_the_other(string before, string after, string patch)
    {
        var made = EditText.Patch(PodTemplatesTests.Json(before), PodTemplatesTests.Json(after));
        Assert.Equal(patch, made.ToJsonString());
        Assert.True(JsonNode.DeepEquals(PodTemplatesTests.Json(after), JsonMergePatch.Apply(PodTemplatesTests.Json(before), made)));
    }
}
