using System.Formats.Tar;
using System.Text;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Tests.Images;

public class LayerUnpackerTests
{
    private const string NeedsRoot = "overlay layers need root: whiteouts are device nodes";

    [Fact]
    public void Refuses_a_name_that_leaves_the_layer()
    {
        using var directory = new TemporaryDirectory();
        var target = Directory.CreateDirectory(directory["layer"]).FullName;
        var error = Assert.Throws<InvalidDataException>(() => Unpack(Tar(File("a/../../evil", "x")), target));
        Assert.Contains("points outside of the layer", error.Message, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(directory["evil"]));
    }

    [Fact]
    public void Follows_a_symbolic_link_inside_the_image_and_never_on_the_host()
    {
        using var directory = new TemporaryDirectory();
        var target = Directory.CreateDirectory(directory["layer"]).FullName;
        var outside = Directory.CreateDirectory(directory["outside"]).FullName;
        Unpack(Tar(Link("abs", outside), Link("up", "../../outside"), File("abs/f", "1"), File("up/g", "2")), target);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        Assert.Equal("1", System.IO.File.ReadAllText(target + outside + "/f"));
        Assert.Equal("2", System.IO.File.ReadAllText(Path.Combine(target, "outside/g")));
    }

    [Fact]
    public void A_later_layer_deletes_replaces_and_empties_in_a_flat_tree()
    {
        using var directory = new TemporaryDirectory();
        Unpack(Tar(File("gone", "1"), File("dir/old", "2"), File("keep", "3"), File("opq/a", "4")), directory.Path);
        Unpack(Tar(File(".wh.gone", ""), File("keep", "new"), File("opq/b", "5"), File("opq/.wh..wh..opq", "")), directory.Path);
        Assert.False(System.IO.File.Exists(directory["gone"]));
        Assert.Equal("new", System.IO.File.ReadAllText(directory["keep"]));
        Assert.Equal(["b"], Directory.EnumerateFileSystemEntries(directory["opq"]).Select(Path.GetFileName));
        Assert.True(System.IO.File.Exists(directory["dir/old"]));
    }

    [Fact]
    public void A_tar_may_lack_its_end_marker_but_not_its_content()
    {
        using var directory = new TemporaryDirectory();
        var tar = RawEntry("f", '0', new byte[1000]);
        Unpack(tar[..(512 + 1000)], directory.Path);
        Assert.Equal(1000, new FileInfo(directory["f"]).Length);
        Assert.ThrowsAny<InvalidDataException>(() => Unpack(tar[..(512 + 100)], Directory.CreateDirectory(directory["other"]).FullName));
    }

    [Fact]
    public void Keeps_long_names_and_binary_attributes()
    {
        var name = string.Join('/', Enumerable.Repeat("directory-with-a-long-name", 12)) + "/file";
        Assert.Equal(name, new TarStream(new MemoryStream(Tar(File(name, "x")))).Next()!.Name);

        // A file capability is bytes, not text: 0x80 and up must survive.
        var value = new byte[] { 1, 0, 0, 2, 0x80, 0xFF, 0x0A, 0 };
        var record = new List<byte>(Encoding.ASCII.GetBytes(" SCHILY.xattr.security.capability="));
        record.AddRange(value);
        record.Add((byte)'\n');
        record.InsertRange(0, Encoding.ASCII.GetBytes($"{record.Count + 2}"));
        var raw = RawEntry("pax", 'x', [.. record]).Concat(RawEntry("bin/ping", '0', [1])).ToArray();
        Assert.Equal(value, new TarStream(new MemoryStream(raw)).Next()!.Xattrs["security.capability"]);
    }

    [SkippableFact]
    public void Overlay_layers_say_what_they_delete()
    {
        Skip.IfNot(PosixFile.IsRoot, NeedsRoot);
        using var directory = new TemporaryDirectory();
        Unpack(Tar(File(".wh.gone", ""), File("opq/.wh..wh..opq", ""), File("opq/new", "1")), directory.Path, UnpackMode.Overlay);
        Assert.Equal(LayerNode.Whiteout, LayerTree.Kind(directory["gone"]));
        Assert.Equal("y"u8.ToArray(), PosixFile.GetXattr(directory["opq"], LayerTree.OpaqueXattr));
    }

    [SkippableFact]
    public void A_directory_that_is_only_implied_keeps_the_lower_layers_mode()
    {
        Skip.IfNot(PosixFile.IsRoot, NeedsRoot);
        using var directory = new TemporaryDirectory();
        var (lower, upper) = (Directory.CreateDirectory(directory["lower"]).FullName, Directory.CreateDirectory(directory["upper"]).FullName);
        Unpack(Tar(new PaxTarEntry(TarEntryType.Directory, "tmp/") { Mode = (UnixFileMode)0x3FF, Uid = 7 }, Link("lib", "usr/lib"), Dir("usr/lib")), lower, UnpackMode.Overlay);
        Unpack(Tar(File("tmp/f", "x"), File("lib/g", "y")), upper, UnpackMode.Overlay, lower);
        Assert.Equal((7, 0, 0x3FF), PosixFile.Owner(Path.Combine(upper, "tmp")));
        Assert.True(System.IO.File.Exists(Path.Combine(upper, "usr/lib/g")));
        Assert.False(Path.Exists(Path.Combine(upper, "lib")));
    }

    [SkippableFact]
    public void A_hard_link_to_a_lower_layers_file_brings_it_up()
    {
        Skip.IfNot(PosixFile.IsRoot, NeedsRoot);
        using var directory = new TemporaryDirectory();
        var (lower, upper) = (Directory.CreateDirectory(directory["lower"]).FullName, Directory.CreateDirectory(directory["upper"]).FullName);
        Unpack(Tar(File("bin/a", "x")), lower, UnpackMode.Overlay);
        Unpack(Tar(new PaxTarEntry(TarEntryType.HardLink, "bin/b") { LinkName = "bin/a" }), upper, UnpackMode.Overlay, lower);
        Assert.Equal("x", System.IO.File.ReadAllText(Path.Combine(upper, "bin/b")));
    }

    [SkippableFact]
    public void Files_are_found_through_links_and_whiteouts_as_overlay_shows_them()
    {
        Skip.IfNot(PosixFile.IsRoot, NeedsRoot);
        using var directory = new TemporaryDirectory();
        var (lower, upper) = (Directory.CreateDirectory(directory["lower"]).FullName, Directory.CreateDirectory(directory["upper"]).FullName);
        Unpack(Tar(File("etc/passwd", "root"), File("etc/group", "g"), Link("etc/alias", "../../../etc/passwd")), lower, UnpackMode.Overlay);
        Unpack(Tar(File("etc/.wh.group", "")), upper, UnpackMode.Overlay, lower);
        var tree = new LayerTree([upper, lower]);
        Assert.Equal(Path.Combine(lower, "etc/passwd"), tree.ResolveFile("/etc/alias"));
        Assert.Null(tree.ResolveFile("/etc/group"));
    }

    private static void Unpack(byte[] tar, string target, UnpackMode mode = UnpackMode.Flat, params string[] lowers) =>
        new LayerUnpacker(target, lowers, mode, PosixFile.IsRoot).Apply(new MemoryStream(tar), CancellationToken.None);

    private static System.Formats.Tar.TarEntry File(string name, string content) =>
        new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) };

    private static System.Formats.Tar.TarEntry Dir(string name) => new PaxTarEntry(TarEntryType.Directory, name) { Mode = (UnixFileMode)0x1ED };

    private static System.Formats.Tar.TarEntry Link(string name, string target) => new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static byte[] Tar(params System.Formats.Tar.TarEntry[] entries)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
                writer.WriteEntry(entry);
        }
        return stream.ToArray();
    }

    private static byte[] RawEntry(string name, char type, byte[] content)
    {
        var block = new byte[512 + (content.Length + 511) / 512 * 512];
        Encoding.ASCII.GetBytes(name).CopyTo(block, 0);
        Encoding.ASCII.GetBytes("0000644\0").CopyTo(block, 100);
        Encoding.ASCII.GetBytes(Convert.ToString(content.Length, 8).PadLeft(11, '0')).CopyTo(block, 124);
        block[156] = (byte)type;
        Encoding.ASCII.GetBytes("        ").CopyTo(block, 148);
        var sum = block.Take(512).Sum(b => b);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(block, 148);
        content.CopyTo(block, 512);
        return block;
    }
}
