using ActorKube.Cli.Copy;

namespace ActorKube.Cli.Tests.Copy;

public sealed class CopySpecTests
{
    [Theory]
    [InlineData("file", null, null, "file")]
    [InlineData("./a:b", null, null, "./a:b")]
    [InlineData("/a:b", null, null, "/a:b")]
    [InlineData("pod:/tmp/x", "pod", null, "/tmp/x")]
    [InlineData("ns/pod:x:y", "pod", "ns", "x:y")]
    public void Reads_one_end(string text, string? pod, string? ns, string path) => Assert.Equal(new CopySpec(pod, ns, path), CopySpec.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("pod:")]
    [InlineData(":x")]
    [InlineData("a/b/c:x")]
    public void What_makes_no_sense_is_refused(string text) => Assert.Throws<CliException>(() => CopySpec.Parse(text));

    [Theory]
    [InlineData("/var/log/", "log", "/var")]
    [InlineData("/etc", "etc", "/")]
    [InlineData("file", "file", ".")]
    public void A_path_has_a_folder_and_a_name(string path, string name, string folder) => Assert.Equal((name, folder), (CopySpec.BaseOf(path), CopySpec.FolderOf(path)));
}
