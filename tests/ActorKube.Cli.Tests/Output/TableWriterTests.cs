using ActorKube.Cli.Output;

namespace ActorKube.Cli.Tests.Output;

public sealed class TableWriterTests
{
    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell() => Assert.Equal(
        ["NAME    READY", "a       1/1", "bcdef   0/1"],
        TableWriter.Lines(["NAME", "READY"], [["a", "1/1"], ["bcdef", "0/1"]]));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(150, "2m30s")]
    [InlineData(3600, "60m")]
    [InlineData(4 * 3600, "4h")]
    [InlineData(72 * 3600, "3d")]
    public void Ages_are_short(int seconds, string age) => Assert.Equal(age, Age.Of(TimeSpan.FromSeconds(seconds)));
}
