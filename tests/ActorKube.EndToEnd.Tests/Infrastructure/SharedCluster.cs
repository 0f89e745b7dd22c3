using ActorKube.ContainerRuntime.Images;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>One cluster for all tests that leave it as they found it; each works in a namespace of its own. It has the image <see cref="Busybox"/>.</summary>
public sealed class SharedCluster : IAsyncLifetime
{
    /// <summary>An image with the machine's static busybox: a shell and the small programs.</summary>
    public const string Busybox = "actorkube.test/busybox:1";

    private static readonly string[] Applets =
        ["sh", "cat", "cp", "date", "echo", "env", "expr", "false", "hostname", "httpd", "id", "kill", "ls", "mkdir", "mv", "nc", "nslookup", "ps", "rm", "seq", "sleep", "stat", "stty", "tar", "touch", "true", "tty", "wc", "wget"];

    private int _namespaces;

    internal DevCluster Cluster { get; private set; } = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (Programs.Missing is not null)
            return;
        Cluster = await DevCluster.StartAsync();
        var archive = Path.Combine(Cluster.Host.Folder, "busybox.tar");
        await File.WriteAllBytesAsync(archive, BusyboxArchive(Busybox));
        var loaded = (await Cluster.Host.RunAsync(Programs.Akctl, ["--kubeconfig", Cluster.Kubectl.Kubeconfig, "image", "load", archive])).Must();
        Assert.Equal($"n1: loaded {Busybox}\n", loaded);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (Cluster is not null)
            await Cluster.DisposeAsync();
    }

    internal static byte[] BusyboxArchive(string name)
    {
        var image = new ImageBuilder(name)
            .Executable("bin/busybox", File.ReadAllBytes(Programs.Find("busybox")!))
            .Directory("tmp", (UnixFileMode)0x3FF)
            .File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000::/:/bin/sh\n"u8.ToArray())
            .File("etc/group", "root:x:0:\nguest:x:1000:\n"u8.ToArray());
        foreach (var applet in Applets)
            image.Symlink($"bin/{applet}", "busybox");
        image.Config = image.Config with { Cmd = ["/bin/sh"], Env = ["PATH=/bin"] };
        return image.ToArray();
    }

    /// <summary>A new namespace, deleted in the background when disposed.</summary>
    internal async Task<TestNamespace> NamespaceAsync(string? kubectl = null)
    {
        var all = Cluster.Kubectl with { Program = kubectl ?? "kubectl" };
        var name = $"test-{Interlocked.Increment(ref _namespaces)}";
        await all.OkAsync("create", "namespace", name);
        return new TestNamespace(all with { Namespace = name });
    }
}

/// <summary>A namespace of one test.</summary>
internal sealed class TestNamespace(Kubectl kubectl) : IAsyncDisposable
{
    public Kubectl Kubectl => kubectl;

    public string Name => kubectl.Namespace;

    public async ValueTask DisposeAsync()
    {
        await kubectl.OkAsync("delete", "pods", "--all", "--force", "--grace-period=0", "--wait=false");
        await kubectl.OkAsync("delete", "namespace", Name, "--wait=false");
    }
}

/// <summary>The tests that share a cluster.</summary>
[CollectionDefinition(Name)]
public sealed class SharedClusterTests : ICollectionFixture<SharedCluster>
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "one cluster";
}
