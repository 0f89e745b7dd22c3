using System.Text;
using ActorKube.Kubelet.Tests.Fakes;
using ActorKube.Kubelet.Volumes;
using CsCheck;

namespace ActorKube.Kubelet.Tests.Volumes;

public sealed class AtomicWriterTests : IDisposable
{
    private const UnixFileMode Mode = (UnixFileMode)0b110_100_100;

    private readonly TemporaryDirectory _directory = new();
    private readonly FakeMounter _mounter = new();
    private readonly AtomicWriter _writer;

    public AtomicWriterTests() => _writer = new AtomicWriter(TimeProvider.System, _mounter);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Files_are_links_through_data_and_change_together()
    {
        Assert.True(Write(("a", "1"), ("b", "1")));
        Assert.Equal("..data/a", new FileInfo(_directory["a"]).LinkTarget);
        var first = new FileInfo(_directory["..data"]).LinkTarget;
        Assert.True(Write(("a", "2"), ("b", "2")));
        Assert.NotEqual(first, new FileInfo(_directory["..data"]).LinkTarget);
        Assert.Equal("2", File.ReadAllText(_directory["a"]));
        Assert.False(Directory.Exists(_directory[first!]));
    }

    [Fact]
    public void Writing_the_same_again_touches_nothing()
    {
        Write(("a", "1"));
        var before = new FileInfo(_directory["..data"]).LinkTarget;
        Assert.False(Write(("a", "1")));
        Assert.Equal(before, new FileInfo(_directory["..data"]).LinkTarget);
    }

    [Fact]
    public void Writers_that_meet_write_one_after_the_other()
    {
        Parallel.For(0, 200, i => Write(("a", $"{i}"), ($"b{i % 3}", $"{i}")));
        Assert.True(Write(("a", "end")));
        Assert.Equal(["..data", "a"], new DirectoryInfo(_directory.Path).EnumerateFileSystemInfos().Select(f => f.Name).Where(n => !n.StartsWith("..2", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal("end", File.ReadAllText(_directory["a"]));
    }

    [Fact]
    public void Modes_and_owners_are_set()
    {
        _writer.Write(_directory.Path, new Dictionary<string, VolumeFile> { ["key"] = new("s"u8.ToArray(), (UnixFileMode)0b100_000_000, 1000) }, 2000);
        Assert.True(Modes.Has(_directory["key"], (UnixFileMode)0b100_000_000));
        Assert.Contains(_mounter.Owners, o => o.Path.EndsWith("/key", StringComparison.Ordinal) && o is { User: 1000, Group: 2000 });
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../x")]
    [InlineData("..hidden")]
    [InlineData("")]
    public void Paths_that_lead_out_are_refused(string path) => Assert.Throws<ArgumentException>(() => Write((path, "x")));

    [Fact]
    public void After_any_series_of_writes_exactly_the_last_files_are_there()
    {
        var name = Gen.Int[0, 5].Select(n => new[] { "a", "b", "c.txt", "d/e", "d/f", "g/h/i" }[n]);
        var files = Gen.Dictionary(name, Gen.Int[0, 3].Select(n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)))[0, 5];
        files.Array[1, 6].Sample(
            series =>
            {
                using var directory = new TemporaryDirectory();
                foreach (var one in series)
                    _writer.Write(directory.Path, one.ToDictionary(f => f.Key, f => new VolumeFile(Encoding.UTF8.GetBytes(f.Value), Mode)));
                var visible = new DirectoryInfo(directory.Path).EnumerateFileSystemInfos().Where(f => !f.Name.StartsWith("..", StringComparison.Ordinal)).Select(f => f.Name);
                Assert.Equal(series[^1].Keys.Select(k => k.Split('/')[0]).Distinct().Order(), visible.Order());
                Assert.All(series[^1], f => Assert.Equal(f.Value, File.ReadAllText(Path.Combine(directory.Path, f.Key))));
                Assert.Single(new DirectoryInfo(directory.Path).EnumerateDirectories(), d => d.LinkTarget is null);
            },
            iter: 100);
    }

    private bool Write(params (string Path, string Text)[] files) =>
        _writer.Write(_directory.Path, files.ToDictionary(f => f.Path, f => new VolumeFile(Encoding.UTF8.GetBytes(f.Text), Mode)));
}
