using ActorKube.Cli.Output;

namespace ActorKube.Cli.Tests.Output;

public sealed class TableWriterTests
{
    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell() => Assert.Equal(
        ["NAME    READY", "a       1/1", "bcdef   0/1"],
        TableWriter.Lines(["NAME", "READY"], [["a", "1/1"], ["bcdef", "0/1"]]));
}
