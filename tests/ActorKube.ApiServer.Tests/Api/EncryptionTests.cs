using System.Security.Cryptography;
using Akka.Configuration;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Api;

public sealed class EncryptionTests
{
    [Fact]
    public async Task Secrets_are_nowhere_in_the_store_and_keys_can_be_rotated()
    {
        var server = new TestServer { Settings = "actorkube.apiserver.encryption.resources = [secrets]" };
        await server.InitializeAsync();
        try
        {
            await server.Admin.CoreV1.CreateNamespacedSecretAsync(Secret("kept", "hunter2-kept"), "default");
            await server.Admin.CoreV1.CreateNamespacedSecretAsync(Secret("gone", "hunter2-gone"), "default");
            await server.Admin.CoreV1.DeleteNamespacedSecretAsync("gone", "default");
            await server.Admin.CoreV1.CreateNamespacedConfigMapAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "open" }, Data = new Dictionary<string, string> { ["k"] = "hunter2-open" } }, "default");
            await server.StopAsync();
            Assert.True(Stored(server, "hunter2-open"));
            foreach (var word in new[] { "hunter2-kept", Convert.ToBase64String("hunter2-kept"u8), Convert.ToBase64String("hunter2-gone"u8) })
            {
                Assert.False(Stored(server, word));
            }

            var file = Path.Combine(server.DataDirectory, "encryption-keys");
            var old = await File.ReadAllLinesAsync(file);
            await File.WriteAllLinesAsync(file, [$"key2:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}", .. old]);
            await server.StartAsync();
            await UntilAsync(() => Stored(server, "k8s:enc:aesgcm:v1:key2:"));
            Assert.Equal("hunter2-kept", await ReadAsync(server));
            await server.StopAsync();

            // The old key is needed no more; without the new one, it says so.
            await File.WriteAllLinesAsync(file, (await File.ReadAllLinesAsync(file))[..1]);
            await server.StartAsync();
            Assert.Equal("hunter2-kept", await ReadAsync(server));
            await server.StopAsync();
            await File.WriteAllLinesAsync(file, old);
            await server.StartAsync();
            var refused = await Assert.ThrowsAsync<HttpOperationException>(() => ReadAsync(server));
            Assert.Contains("is encrypted with the key 'key2', which is not in actorkube.apiserver.encryption.key-file", (string?)System.Text.Json.Nodes.JsonNode.Parse(refused.Response.Content)!["message"]);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_resource_that_there_is_not_is_a_configuration_error()
    {
        var server = new TestServer { Settings = "actorkube.apiserver.encryption.resources = [secret]" };
        var refused = await Assert.ThrowsAnyAsync<Exception>(server.StartAsync);
        Assert.Contains("actorkube.apiserver.encryption.resources: there is no resource 'secret'", refused.ToString());
        await server.DisposeAsync();
    }

    private static V1Secret Secret(string name, string value) => new() { Metadata = new V1ObjectMeta { Name = name }, StringData = new Dictionary<string, string> { ["password"] = value } };

    private static async Task<string> ReadAsync(TestServer server) =>
        System.Text.Encoding.UTF8.GetString((await server.Admin.CoreV1.ReadNamespacedSecretAsync("kept", "default")).Data["password"]);

    private static bool Stored(TestServer server, string word) => Directory.EnumerateFiles(Path.Combine(server.DataDirectory, "store"), "*", SearchOption.AllDirectories).Any(file =>
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        return bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, false)).IndexOf(System.Text.Encoding.UTF8.GetBytes(word)) >= 0;
    });

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!holds())
        {
            await Task.Delay(20, limit.Token);
        }
    }
}
