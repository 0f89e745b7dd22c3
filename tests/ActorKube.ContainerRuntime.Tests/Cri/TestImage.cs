using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ActorKube.ContainerRuntime.Tests.Cri;

/// <summary>Builds a tiny image out of the machine's static busybox, so that no test needs a registry or the internet.</summary>
public static class TestImage
{
    /// <summary>Where Debian's busybox-static puts its program.</summary>
    public const string BusyboxPath = "/usr/bin/busybox";

    private static readonly string[] Applets =
    [
        "sh", "cat", "echo", "sleep", "true", "false", "ls", "id", "env", "printf", "kill", "ps", "wget", "httpd", "nc", "head", "tail", "wc", "date",
        "stty", "mkdir", "rm", "touch", "hostname", "ip", "seq", "dd", "tr", "pwd", "test", "md5sum",
    ];

    /// <summary>A docker-archive (what <c>docker save</c> writes) with one layer: busybox, its applets and the extra files.</summary>
    public static MemoryStream DockerArchive(string reference, string[]? command = null, IReadOnlyDictionary<string, string>? files = null)
    {
        var layer = Layer(files ?? new Dictionary<string, string>());
        var config = JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = "amd64",
            os = "linux",
            config = new { Env = new[] { "PATH=/bin", "FROM_IMAGE=yes" }, Cmd = command ?? ["/bin/sleep", "2147483647"], WorkingDir = "/" },
            rootfs = new { type = "layers", diff_ids = new[] { "sha256:" + Digest(layer) } },
            history = new[] { new { created_by = "test" } },
        });
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new[]
        {
            new { Config = Digest(config) + ".json", RepoTags = new[] { reference }, Layers = new[] { Digest(layer) + "/layer.tar" } },
        });
        return Tar((Digest(config) + ".json", config), (Digest(layer) + "/layer.tar", layer), ("manifest.json", manifest));
    }

    /// <summary>An OCI layout with the same contents; the reference stands where <c>skopeo</c> and <c>umoci</c> put it.</summary>
    public static MemoryStream OciArchive(string reference, string[]? command = null)
    {
        var layer = Layer(new Dictionary<string, string>());
        var config = JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = "amd64",
            os = "linux",
            config = new { Env = new[] { "PATH=/bin" }, Cmd = command ?? ["/bin/sleep", "2147483647"] },
            rootfs = new { type = "layers", diff_ids = new[] { "sha256:" + Digest(layer) } },
        });
        var manifest = Encoding.UTF8.GetBytes($$$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
             "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:{{{Digest(config)}}}","size":{{{config.Length}}}},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:{{{Digest(layer)}}}","size":{{{layer.Length}}}}]}
            """);
        var index = Encoding.UTF8.GetBytes($$$"""
            {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:{{{Digest(manifest)}}}",
             "size":{{{manifest.Length}}},"annotations":{"org.opencontainers.image.ref.name":"{{{reference}}}"}}]}
            """);
        return Tar(
            ("oci-layout", Encoding.UTF8.GetBytes("""{"imageLayoutVersion":"1.0.0"}""")),
            ("blobs/sha256/" + Digest(layer), layer),
            ("blobs/sha256/" + Digest(config), config),
            ("blobs/sha256/" + Digest(manifest), manifest),
            ("index.json", index));
    }

    private static byte[] Layer(IReadOnlyDictionary<string, string> files)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var directory in (string[])["bin", "etc", "tmp", "var", "root", "www"])
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, directory + "/") { Mode = Mode(directory == "tmp" ? 511 : 493) });
            }

            using var busybox = File.OpenRead(BusyboxPath);
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "bin/busybox") { Mode = Mode(493), DataStream = busybox });
            foreach (var applet in Applets)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = "busybox" });
            }

            foreach (var (path, text) in files.Append(new("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")))
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, path) { Mode = Mode(420), DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }
        }

        return stream.ToArray();
    }

    private static MemoryStream Tar(params (string Path, byte[] Bytes)[] files)
    {
        var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var (path, bytes) in files)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, path) { Mode = Mode(420), DataStream = new MemoryStream(bytes) });
            }
        }

        stream.Position = 0;
        return stream;
    }

    private static UnixFileMode Mode(int bits) => (UnixFileMode)bits;

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
