using System.Text.Json.Nodes;
using ActorKube.Cli.Apply;

namespace ActorKube.Cli.Tests.Apply;

public sealed class LastAppliedTests
{
    [Fact]
    public void The_text_is_the_one_kubectl_writes()
    {
        var manifest = JsonNode.Parse("""{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","annotations":{"b":"<&>"}},"spec":{"n":1.5}}""")!.AsObject();
        var annotated = LastApplied.Annotate(manifest);
        Assert.Equal(
            """{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"b":"\u003c\u0026\u003e"},"name":"a"},"spec":{"n":1.5}}""" + "\n",
            (string?)annotated["metadata"]!["annotations"]![LastApplied.Key]);
        Assert.False(manifest["metadata"]!["annotations"]!.AsObject().ContainsKey(LastApplied.Key));
    }

    [Fact]
    public void Annotating_again_changes_nothing()
    {
        var once = LastApplied.Annotate(new JsonObject { ["kind"] = "Pod" });
        Assert.True(JsonNode.DeepEquals(once, LastApplied.Annotate(once)));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"kind":"Pod","metadata":{"annotations":{}}}"""), LastApplied.Of(once)));
    }
}
