using System.CommandLine;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Commands;

namespace ActorKube.Cli.Tests.CommandLine;

public sealed class CompletionsTests
{
    private readonly RootCommand _root = Root();

    [Theory]
    [InlineData("akctl", "")]
    [InlineData("get", "", "get")]
    [InlineData("get", "pods web", "get", "-n", "shop", "pods", "--watch", "web")]
    [InlineData("get", "pods", "-n", "shop", "get", "--output=yaml", "pods")]
    [InlineData("undo", "deploy", "rollout", "undo", "deploy")]
    public void Finds_the_command_and_its_arguments(string command, string arguments, params string[] words)
    {
        var (found, rest) = Completions.Place(_root, words);
        Assert.Equal(command, found is RootCommand ? "akctl" : found.Name);
        Assert.Equal(arguments, string.Join(' ', rest));
    }

    [Fact]
    public void Flags_with_a_value_end_in_an_equals_sign() =>
        Assert.Equal(["--watch", "--watch-only"], Completions.Flags(_root, Completions.Place(_root, ["get"]).Command, "--wat").Order());

    [Fact]
    public void Flags_of_every_command_are_among_them() => Assert.Contains("--namespace=", Completions.Flags(_root, Completions.Place(_root, ["get"]).Command, "--"));

    [Fact]
    public void The_cluster_that_is_meant_is_known() =>
        Assert.Equal(["--context=c", "--namespace=shop", "--server=x"], Completions.Global(["get", "--context", "c", "pods", "-n", "shop", "--server=x", "-n"]));

    private static RootCommand Root()
    {
        var root = new RootCommand();
        foreach (var option in GlobalOptions.All)
            root.Add(option);
        root.Add(GetCommand.Create());
        root.Add(RolloutCommand.Create());
        return root;
    }
}
