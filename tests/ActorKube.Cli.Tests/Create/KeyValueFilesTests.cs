using System.Text;
using ActorKube.Cli.Create;

namespace ActorKube.Cli.Tests.Create;

public sealed class KeyValueFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("akctl-data").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Literals_files_and_folders_become_keys()
    {
        Write("conf/a.txt", "one");
        Write("conf/b.txt", "two");
        var single = Write("single", "three");
        var data = KeyValueFiles.Read(["k=v=w", "quoted=\"x\""], [single, $"renamed={single}", Path.Combine(_folder, "conf")], []);
        Assert.Equal(
            [("a.txt", "one"), ("b.txt", "two"), ("k", "v=w"), ("quoted", "x"), ("renamed", "three"), ("single", "three")],
            data.Select(d => (d.Key, Encoding.UTF8.GetString(d.Value))));
    }

    [Fact]
    public void A_file_of_variables_may_have_comments_and_names_alone()
    {
        var data = KeyValueFiles.Read([], [], [Write("env", "# note\nA=1\n\n  B=two words\nPATH\nNOT_SET_ANYWHERE_AT_ALL\n")]);
        Assert.Equal(["A", "B", "PATH"], data.Keys);
        Assert.Equal("two words", Encoding.UTF8.GetString(data["B"]));
    }

    [Theory]
    [InlineData("a=1", "a=2")]
    [InlineData("no-value", "b=1")]
    [InlineData("sp ace=1", "b=1")]
    public void What_makes_no_sense_is_refused(string one, string two) => Assert.Throws<CliException>(() => KeyValueFiles.Read([one, two], [], []));

    [Fact]
    public void Bytes_that_are_no_text_go_into_binary_data()
    {
        var map = Objects.ConfigMap("c", new Dictionary<string, byte[]> { ["bin"] = [0xff, 0xfe], ["text"] = Encoding.UTF8.GetBytes("ü") });
        Assert.Equal("//4=", (string?)map["binaryData"]!["bin"]);
        Assert.Equal("ü", (string?)map["data"]!["text"]);
    }

    [Theory]
    [InlineData("nginx", "nginx")]
    [InlineData("registry.example:5000/team/web_app:1.2", "web-app")]
    [InlineData("web@sha256:abc", "web")]
    public void Containers_are_named_after_their_images(string image, string name) => Assert.Equal(name, Objects.ContainerName(image));

    private string Write(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }
}
