using System.Text.Json.Nodes;
using ActorKube.Cli.Paths;

namespace ActorKube.Cli.Tests.Paths;

public sealed class CustomColumnsTests
{
    private static readonly JsonObject[] Objects =
    [
        JsonNode.Parse("""{"metadata":{"name":"a"},"images":["x","y"],"map":{"k":"v","l":[1,2]}}""")!.AsObject(),
        JsonNode.Parse("""{"metadata":{"name":"longer"}}""")!.AsObject(),
    ];

    [Fact]
    public void Shows_what_each_path_finds() => Assert.Equal(
        "NAME     IMAGES   MAP\na        x,y      map[k:v l:[1 2]]\nlonger   <none>   <none>\n",
        CustomColumns.Parse("NAME:.metadata.name,IMAGES:{.images[*]},MAP:map").Table(Objects, headings: true));

    [Fact]
    public void Headings_can_be_left_out() => Assert.Equal("a\nlonger\n", CustomColumns.Parse("NAME:.metadata.name").Table(Objects, headings: false));

    [Fact]
    public void A_file_has_a_line_of_headings_and_a_line_of_paths() => Assert.Equal(
        "NAME     N\na        <none>\nlonger   <none>\n", CustomColumns.ParseFile("NAME  N\n.metadata.name  .n\n").Table(Objects, headings: true));

    [Theory]
    [InlineData("")]
    [InlineData("NAME")]
    [InlineData("NAME:.x[")]
    public void What_makes_no_sense_is_refused(string spec) => Assert.Throws<CliException>(() => CustomColumns.Parse(spec));
}
