using ActorKube.EndToEnd.Tests.Infrastructure;

namespace ActorKube.EndToEnd.Tests;

/// <summary>Images from a registry, open and with a password.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class RegistryTests(SharedCluster shared)
{
    // The password is "s3cret".
    private const string Passwords = "jo:$2b$05$bWBONuuiiBFtY2dsZ2mWEeQ8jsDtuRzVvx9rw1SxhJ7fFO/FK1Qfm\n";

    [SkippableFact]
    public async Task Images_are_pulled_from_a_registry_with_and_without_a_secret()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        Skip.If(Programs.Find("docker-registry") is null || Programs.Find("skopeo") is null, "needs docker-registry and skopeo: tests/run.sh installs them");
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await using var open = await StartAsync(kubectl.Host, 5000, "");
        await using var closed = await StartAsync(kubectl.Host, 5001, Passwords);
        var archive = Path.Combine(kubectl.Host.Folder, "pushed.tar");
        await File.WriteAllBytesAsync(archive, SharedCluster.BusyboxArchive("tools/box:1"));
        await PushAsync("127.0.0.1:5000/tools/box:1");
        await PushAsync("127.0.0.1:5001/tools/box:1", "--dest-creds", "jo:s3cret");

        await kubectl.ApplyAsync(Box("open", "127.0.0.1:5000/tools/box:1"));
        await kubectl.OkAsync("wait", "pod/open", "--for=condition=Ready", "--timeout=30s");
        var description = await kubectl.OkAsync("describe", "pod", "open");
        Assert.Contains("Successfully pulled image \"127.0.0.1:5000/tools/box:1\"", description);
        Assert.Matches(@"Image ID: +127\.0\.0\.1:5000/tools/box@sha256:[0-9a-f]{64}", description);

        await kubectl.ApplyAsync(Box("refused", "127.0.0.1:5001/tools/box:1"));
        await kubectl.UntilAsync(o => o is "ErrImagePull" or "ImagePullBackOff", TimeSpan.FromSeconds(30), "get", "pod", "refused", "-o", "jsonpath={.status.containerStatuses[0].state.waiting.reason}");
        await kubectl.OkAsync("create", "secret", "docker-registry", "jo", "--docker-server=127.0.0.1:5001", "--docker-username=jo", "--docker-password=s3cret");
        await kubectl.ApplyAsync(Box("let-in", "127.0.0.1:5001/tools/box:1").Replace("spec:\n", "spec:\n  imagePullSecrets: [{ name: jo }]\n", StringComparison.Ordinal));
        await kubectl.OkAsync("wait", "pod/let-in", "--for=condition=Ready", "--timeout=30s");
        Assert.Equal("hello", await kubectl.OkAsync("exec", "let-in", "--", "echo", "hello"));
        Assert.NotEqual("True", await kubectl.OkAsync("get", "pod", "refused", "-o", "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}"));

        async Task PushAsync(string target, params string[] options) =>
            (await kubectl.Host.RunAsync("skopeo", ["copy", "--insecure-policy", "--dest-tls-verify=false", .. options, $"oci-archive:{archive}", $"docker://{target}"])).Must();
    }

    private static string Box(string name, string image) =>
        PodTests.Pod(name, """command: ["sleep", "1000"]""").Replace(SharedCluster.Busybox, image, StringComparison.Ordinal);

    private static async Task<HostProcess> StartAsync(TestHost host, int port, string passwords)
    {
        var folder = Directory.CreateDirectory(Path.Combine(host.Folder, $"registry-{port}")).FullName;
        var auth = "";
        if (passwords.Length > 0)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "htpasswd"), passwords);
            auth = $"auth:\n  htpasswd:\n    realm: test\n    path: {folder}/htpasswd\n";
        }

        var config = Path.Combine(folder, "config.yml");
        await File.WriteAllTextAsync(config, $"version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: {folder}/data\nhttp:\n  addr: 127.0.0.1:{port}\n{auth}");
        var registry = host.Start("docker-registry", $"registry-{port}.log", "serve", config);
        await registry.PrintsAsync("listening on");
        return registry;
    }
}
