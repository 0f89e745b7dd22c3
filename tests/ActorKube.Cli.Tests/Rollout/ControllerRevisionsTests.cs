using System.Text.Json.Nodes;
using ActorKube.Cli.Rollout;

namespace ActorKube.Cli.Tests.Rollout;

public sealed class ControllerRevisionsTests
{
    private static readonly JsonObject Revision = JsonNode.Parse("""{"revision":3,"data":{"spec":{"template":{"$patch":"replace","spec":{"containers":[{"name":"a"}]}}}}}""")!.AsObject();

    [Fact]
    public void The_mark_of_the_patch_is_no_part_of_the_template() =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"spec":{"containers":[{"name":"a"}]}}"""), ControllerRevisions.Template(Revision)));

    [Theory]
    [InlineData("a", true)]
    [InlineData("b", false)]
    public void An_owner_with_the_same_template_is_at_the_revision(string container, bool current)
    {
        var owner = JsonNode.Parse("""{"spec":{"template":{"spec":{"containers":[{"name":"?"}]}}}}""".Replace("?", container, StringComparison.Ordinal))!.AsObject();
        Assert.Equal(current, ControllerRevisions.IsCurrent(owner, Revision));
    }
}
