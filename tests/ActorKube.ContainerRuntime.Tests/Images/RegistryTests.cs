using System.Net;
using System.Text;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorKube.ContainerRuntime.Tests.Images;

/// <summary>Pulls from a real registry (Debian's docker-registry) on loopback, filled by skopeo.</summary>
public class RegistryTests
{
    [SkippableFact]
    public async Task Pulls_every_layer_format_and_reports_a_missing_image()
    {
        using var registry = await LocalRegistry.StartAsync();
        using var directory = new TemporaryDirectory();
        var archive = new ImageBuilder("example.org/app:1") { Config = new OciProcessConfig { Cmd = ["/app"] } }
            .Executable("app", Encoding.UTF8.GetBytes(new string('a', 100_000))).File("etc/gone", [1])
            .NextLayer().File("etc/.wh.gone", []).File("etc/new", [2])
            .ToArray();
        await File.WriteAllBytesAsync(directory["app.tar"], archive);
        foreach (var format in new[] { "gzip", "zstd" })
            await registry.PushAsync(directory["app.tar"], $"app:{format}", "--dest-compress", "--dest-compress-format", format);

        var store = Open(directory);
        var name = $"localhost:{registry.Port}/app:gzip";
        var pulls = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => store.PullAsync(name, null)));
        Assert.Single(pulls.Select(p => p.Id).Distinct());
        var image = store.Find(name)!;
        Assert.Equal(name, Assert.Single(image.Tags));
        Assert.StartsWith($"localhost:{registry.Port}/app@sha256:", Assert.Single(image.Digests), StringComparison.Ordinal);
        store.UnpackFlat(image, directory["flat"]);
        Assert.Equal(100_000, new FileInfo(directory["flat/app"]).Length);
        Assert.Equal(["new"], Directory.EnumerateFileSystemEntries(directory["flat/etc"]).Select(Path.GetFileName));

        var zstd = await store.PullAsync($"localhost:{registry.Port}/app:zstd", null);
        store.UnpackFlat(zstd, directory["flat-zstd"]);
        Assert.Equal(100_000, new FileInfo(directory["flat-zstd/app"]).Length);

        // By digest, into an empty store.
        var byDigest = await Open(directory, "second").PullAsync(image.Digests[0], null);
        Assert.Equal((image.Id, 0), (byDigest.Id, byDigest.Tags.Length));

        var nope = $"localhost:{registry.Port}/nope:1";
        var missing = await Assert.ThrowsAsync<ContainerRuntimeException>(() => store.PullAsync(nope, null));
        Assert.Equal($"failed to pull and unpack image \"{nope}\": failed to resolve reference \"{nope}\": {nope}: not found", missing.Message);
        Assert.True(missing.IsNotFound);
    }

    [SkippableFact]
    public async Task A_registry_that_asks_for_a_password_refuses_who_has_none_or_a_wrong_one()
    {
        using var registry = await LocalRegistry.StartAsync("jo:$2y$05$c1yNbZT2nAtYUp0yKvrxgOSb3p3Kpc2zTQGmW7W0iAG/9sC3L3E6q");
        using var directory = new TemporaryDirectory();
        var name = $"localhost:{registry.Port}/app:1";
        var error = await Assert.ThrowsAsync<ContainerRuntimeException>(() => Open(directory).PullAsync(name, null));
        Assert.EndsWith("no basic auth credentials", error.Message, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<ContainerRuntimeException>(() => Open(directory).PullAsync(name, new AuthConfig { Username = "jo", Password = "wrong" }));
        Assert.Contains("authorization failed", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Answers_the_challenge_that_the_registry_makes(bool bearer)
    {
        using var directory = new TemporaryDirectory();
        var origin = new ImageStore(directory["origin"], NullLogger.Instance, overlay: false);
        await origin.ImportAsync(new MemoryStream(new ImageBuilder("example.org/app:1").File("f", [1]).ToArray()));
        var image = origin.Find("example.org/app:1")!;
        var basic = "Basic " + Convert.ToBase64String("jo:secret"u8);
        var seen = new List<string>();
        using var listener = new HttpListener();
        var port = LocalRegistry.FreePort();
        listener.Prefixes.Add($"http://localhost:{port}/");
        listener.Start();
        var server = ServeAsync(listener, (request, response) =>
        {
            var (path, authorization) = (request.Url!.AbsolutePath, request.Headers["Authorization"]);
            seen.Add($"{path}{request.Url.Query} {authorization}");
            if (path == "/token")
                return """{"access_token":"t0k3n"}"""u8.ToArray();
            if (authorization != (bearer ? "Bearer t0k3n" : basic))
            {
                response.StatusCode = 401;
                response.Headers["WWW-Authenticate"] = bearer ? $"Bearer realm=\"http://localhost:{port}/token\",service=\"reg\",scope=\"repository:app:pull\"" : "Basic realm=\"reg\"";
                return [];
            }
            var isManifest = path.EndsWith("/manifests/1", StringComparison.Ordinal);
            response.ContentType = isManifest ? MediaTypes.OciManifest : "application/octet-stream";
            return origin.Blobs.Read(isManifest ? image.AllBlobs[0] : path[(path.LastIndexOf('/') + 1)..]);
        });
        var pulled = await Open(directory).PullAsync($"localhost:{port}/app:1", new AuthConfig { Auth = Convert.ToBase64String("jo:secret"u8) });
        listener.Stop();
        await server;
        Assert.Equal(image.Id, pulled.Id);
        Assert.Equal(bearer ? 1 : 0, seen.Count(s => s == $"/token?scope=repository%3Aapp%3Apull&service=reg {basic}"));
        // Nobody but the token server sees the password where tokens are used.
        Assert.Equal(bearer, !seen.Exists(s => s.StartsWith("/v2/", StringComparison.Ordinal) && s.Contains("Basic", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_download_that_breaks_off_or_brings_the_wrong_bytes_is_tried_again()
    {
        using var directory = new TemporaryDirectory();
        var origin = new ImageStore(directory["origin"], NullLogger.Instance, overlay: false);
        await origin.ImportAsync(new MemoryStream(new ImageBuilder("example.org/app:1").File("f", new byte[5000]).ToArray()));
        var image = origin.Find("example.org/app:1")!;
        using var listener = new HttpListener();
        var port = LocalRegistry.FreePort();
        listener.Prefixes.Add($"http://localhost:{port}/");
        listener.Start();
        var asked = 0;
        var server = ServeAsync(listener, (request, response) =>
        {
            var path = request.Url!.AbsolutePath;
            if (path.EndsWith("/manifests/1", StringComparison.Ordinal))
                return origin.Blobs.Read(image.AllBlobs[0]);
            var blob = origin.Blobs.Read(path[(path.LastIndexOf('/') + 1)..]);
            if (!path.EndsWith(image.LayerBlobs[0], StringComparison.Ordinal))
                return blob;
            switch (++asked)
            {
                case 1:
                    response.StatusCode = 503;
                    return [];
                case 2:
                    blob[700] ^= 1;
                    return blob;
                default:
                    return blob;
            }
        });
        var pulled = await Open(directory).PullAsync($"localhost:{port}/app:1", null);
        listener.Stop();
        await server;
        Assert.Equal((image.Id, 3), (pulled.Id, asked));
    }

    [Fact]
    public async Task Says_who_could_not_be_reached()
    {
        using var directory = new TemporaryDirectory();
        var port = LocalRegistry.FreePort();
        var error = await Assert.ThrowsAsync<ContainerRuntimeException>(() => Open(directory).PullAsync($"127.0.0.1:{port}/app:1", null));
        Assert.Contains($"failed to do request: Get \"http://127.0.0.1:{port}/v2/app/manifests/1\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("Connection refused", error.Message, StringComparison.Ordinal);
    }

    private static async Task ServeAsync(HttpListener listener, Func<HttpListenerRequest, HttpListenerResponse, byte[]> answer)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            var body = answer(context.Request, context.Response);
            await context.Response.OutputStream.WriteAsync(body);
            context.Response.Close();
        }
    }

    private static ImageStore Open(TemporaryDirectory directory, string name = "store") =>
        new(directory[name], NullLogger.Instance, new RegistryOptions { RetryDelay = TimeSpan.FromMilliseconds(1) }, overlay: PosixFile.IsRoot);
}
