using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using ActorKube.ContainerRuntime.Images;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorKube.ContainerRuntime.Tests.Images;

public class ImageStoreTests
{
    [Fact]
    public async Task Imports_an_oci_archive_and_finds_it_again_after_reopening()
    {
        using var directory = new TemporaryDirectory();
        var store = Open(directory);
        var names = await store.ImportAsync(new MemoryStream(Hello("example.org/hello:1", "one")));
        Assert.Equal(["example.org/hello:1"], names);
        var image = Open(directory).Find("example.org/hello:1");
        Assert.NotNull(image);
        Assert.Equal(["/hello"], image.Config.Entrypoint!);
        Assert.Equal(image.Id, store.Find(image.Id)!.Id);
        store.UnpackFlat(image, directory["flat"]);
        Assert.Equal("one", await File.ReadAllTextAsync(directory["flat/hello"]));
    }

    [Fact]
    public async Task Imports_a_compressed_archive()
    {
        using var directory = new TemporaryDirectory();
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(Hello("example.org/hello:gz", "z"));
        compressed.Position = 0;
        Assert.Equal(["example.org/hello:gz"], await Open(directory).ImportAsync(compressed));
    }

    [Fact]
    public async Task Removing_an_image_frees_what_nothing_else_needs()
    {
        using var directory = new TemporaryDirectory();
        var store = Open(directory);
        await store.ImportAsync(new MemoryStream(Hello("example.org/a:1", "same")));
        await store.ImportAsync(new MemoryStream(Hello("example.org/b:1", "same", env: "X=1")));
        await store.RemoveAsync("example.org/a:1");
        await store.RemoveAsync("example.org/a:1");
        Assert.Null(store.Find("example.org/a:1"));
        var kept = store.Find("example.org/b:1")!;
        Assert.True(kept.AllBlobs.All(store.Blobs.Contains));
        await store.RemoveAsync(kept.Id);
        Assert.Empty(store.Blobs.All());
        Assert.Equal((0, 0), store.Usage());
    }

    [Fact]
    public async Task A_moved_tag_leaves_the_old_image_without_a_name()
    {
        using var directory = new TemporaryDirectory();
        var store = Open(directory);
        await store.ImportAsync(new MemoryStream(Hello("example.org/a:1", "old")));
        var old = store.Find("example.org/a:1")!.Id;
        await store.ImportAsync(new MemoryStream(Hello("example.org/a:1", "new")));
        Assert.Null(store.Find(old));
        Assert.NotEqual(old, store.Find("example.org/a:1")!.Id);
    }

    [Fact]
    public async Task Refuses_a_blob_that_is_not_what_its_name_says()
    {
        using var directory = new TemporaryDirectory();
        var archive = Hello("example.org/a:1", "content-to-forge");
        archive[archive.AsSpan().IndexOf("content-to-forge"u8)] ^= 1;
        var error = await Assert.ThrowsAsync<ContainerRuntimeException>(() => Open(directory).ImportAsync(new MemoryStream(archive)));
        Assert.Contains("has the digest", error.Message, StringComparison.Ordinal);
        Assert.Empty(Open(directory).List());
    }

    [Fact]
    public async Task Something_else_than_an_archive_is_refused_with_a_reason()
    {
        using var directory = new TemporaryDirectory();
        var error = await Assert.ThrowsAsync<ContainerRuntimeException>(() => Open(directory).ImportAsync(new MemoryStream(Encoding.ASCII.GetBytes(new string('x', 2000)))));
        Assert.Contains("not a readable tar", error.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("docker-archive")]
    [InlineData("oci-archive")]
    public async Task Imports_what_skopeo_writes(string format)
    {
        Skip.IfNot(File.Exists("/usr/bin/skopeo"), "skopeo is not installed");
        using var directory = new TemporaryDirectory();
        await File.WriteAllBytesAsync(directory["in.tar"], Hello("example.org/hello:1", "skopeo"));
        using (var skopeo = Process.Start("skopeo", ["copy", "-q", "--insecure-policy", $"oci-archive:{directory["in.tar"]}", $"{format}:{directory["out.tar"]}:example.org/other:2"]))
            await skopeo.WaitForExitAsync();
        await using var archive = File.OpenRead(directory["out.tar"]);
        var store = Open(directory);
        Assert.Equal(["example.org/other:2"], await store.ImportAsync(archive));
        store.UnpackFlat(store.Find("example.org/other:2")!, directory["flat"]);
        Assert.Equal("skopeo", await File.ReadAllTextAsync(directory["flat/hello"]));
    }

    [Fact]
    public void The_same_files_make_the_same_archive() => Assert.Equal(Hello("example.org/a:1", "x"), Hello("example.org/a:1", "x"));

    private static ImageStore Open(TemporaryDirectory directory) => new(directory["store"], NullLogger.Instance, overlay: PosixFile.IsRoot);

    private static byte[] Hello(string name, string content, string env = "A=1") =>
        new ImageBuilder(name) { Config = new OciProcessConfig { Entrypoint = ["/hello"], Env = [env] } }
            .Executable("/hello", Encoding.UTF8.GetBytes(content))
            .ToArray();
}
