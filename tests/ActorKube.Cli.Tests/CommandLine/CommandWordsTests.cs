using ActorKube.Cli.CommandLine;

namespace ActorKube.Cli.Tests.CommandLine;

public sealed class CommandWordsTests
{
    [Fact]
    public void Words_after_two_dashes_are_not_parsed()
    {
        var words = CommandWords.Of(["exec", "web", "--", "ls", "--", "-l"]);
        Assert.Equal(["exec", "web"], words.Words);
        Assert.Equal(["ls", "--", "-l"], words.Tail!);
    }

    [Fact]
    public void A_flag_whose_value_may_be_left_out_never_takes_the_next_word() =>
        Assert.Equal(["delete", "--cascade=background", "pod", "web"], CommandWords.Of(["delete", "--cascade", "pod", "web"]).Words);

    [Fact]
    public void An_empty_value_is_a_value() => Assert.Equal(["get", "--api-group", "", "x"], CommandWords.Of(["get", "--api-group=", "x"]).Words);
}
