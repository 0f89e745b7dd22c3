using ActorKube.Kubelet.Tests.Fakes;
using ActorKube.Kubelet.Volumes;

namespace ActorKube.Kubelet.Tests.Volumes;

public sealed class SubPathTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Links_inside_the_volume_are_followed()
    {
        Directory.CreateDirectory(_directory["..ts"]);
        File.WriteAllText(_directory["..ts/key"], "x");
        File.CreateSymbolicLink(_directory["..data"], "..ts");
        File.CreateSymbolicLink(_directory["key"], "..data/key");
        Assert.Equal(_directory["..ts/key"], SubPath.Resolve(_directory.Path, "key"));
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("../../..")]
    [InlineData("sub/../../outside")]
    public void Links_that_lead_out_are_refused(string target)
    {
        File.CreateSymbolicLink(_directory["evil"], target);
        Assert.Throws<ArgumentException>(() => SubPath.Resolve(_directory.Path, "evil/x"));
    }

    [Fact]
    public void Circles_of_links_end()
    {
        File.CreateSymbolicLink(_directory["a"], "b");
        File.CreateSymbolicLink(_directory["b"], "a");
        Assert.Throws<ArgumentException>(() => SubPath.Resolve(_directory.Path, "a"));
    }

    [Fact]
    public void What_is_missing_becomes_a_directory()
    {
        Assert.Equal(_directory["a/b"], SubPath.Resolve(_directory.Path, "a/b"));
        Assert.True(Directory.Exists(_directory["a/b"]));
    }
}
