using ActorKube.Cli.Change;

namespace ActorKube.Cli.Tests.Change;

public sealed class KeyChangesTests
{
    [Fact]
    public void Words_before_the_first_change_name_objects()
    {
        var changes = KeyChanges.Read(["pod", "web-1", "tier=a=b", "old-", "empty="], "label");
        Assert.Equal(["pod", "web-1"], changes.Resources);
        Assert.Equal("a=b", changes.Set["tier"]);
        Assert.Equal("", changes.Set["empty"]);
        Assert.Equal(["old"], changes.Removed);
    }

    [Theory]
    [InlineData("all resources must be specified before label changes: web", "pod", "a=b", "web")]
    [InlineData("can not both modify and remove a label in the same command", "pod", "web", "a=b", "a-")]
    [InlineData("invalid label spec: =b", "pod", "web", "=b")]
    public void What_makes_no_sense_is_refused(string message, params string[] words) =>
        Assert.Equal(message, Assert.Throws<CliException>(() => KeyChanges.Read(words, "label")).Message);

    [Fact]
    public void Only_another_value_is_in_the_way()
    {
        var current = new Dictionary<string, string> { ["same"] = "1", ["other"] = "1", ["old"] = "x" };
        var changes = KeyChanges.Read(["same=1", "other=2", "new=3", "old-"], "label");
        Assert.Equal(["'other' already has a value (1)"], changes.Declared(current));
        Assert.Equal([("new", "3"), ("other", "2"), ("same", "1")], changes.Apply(current).Select(p => (p.Key, p.Value)).Order());
    }
}
