using System.Text.Json.Nodes;
using ActorKube.EndToEnd.Tests.Infrastructure;

namespace ActorKube.EndToEnd.Tests;

/// <summary>Who pods, service accounts and people with certificates are to the API server.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class IdentityTests(SharedCluster shared)
{
    private const string Mounted = "/var/run/secrets/kubernetes.io/serviceaccount";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task A_pod_reaches_the_API_as_its_service_account()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.OkAsync("create", "serviceaccount", "reader");
        await kubectl.OkAsync("create", "role", "reader", "--verb=get", "--resource=pods");
        await kubectl.OkAsync("create", "rolebinding", "reader", "--role=reader", $"--serviceaccount={space.Name}:reader");
        await kubectl.ApplyAsync(PodTests.Pod("box", """command: ["sleep", "1000"]""").Replace("spec:\n", "spec:\n  serviceAccountName: reader\n", StringComparison.Ordinal));
        await kubectl.OkAsync("wait", "pod/box", "--for=condition=Ready", "--timeout=30s");

        Assert.Equal(space.Name, await kubectl.OkAsync("exec", "box", "--", "cat", $"{Mounted}/namespace"));
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", await kubectl.OkAsync("exec", "box", "--", "cat", $"{Mounted}/ca.crt"), StringComparison.Ordinal);
        Assert.Equal("644", (await kubectl.OkAsync("exec", "box", "--", "stat", "-Lc", "%a", $"{Mounted}/token")).Trim());
        var self = await FromPodAsync(kubectl, $"api/v1/namespaces/{space.Name}/pods/box");
        Assert.Equal("box", self["metadata"]!["name"]!.GetValue<string>());
        var refused = await kubectl.RunAsync("exec", "box", "--", "sh", "-c", Request($"api/v1/namespaces/{space.Name}/secrets"));
        Assert.Contains("403", refused.Error, StringComparison.Ordinal);

        var token = await kubectl.OkAsync("exec", "box", "--", "cat", $"{Mounted}/token");
        var me = JsonNode.Parse(await kubectl.OkAsync("auth", "whoami", "--token", token, "-o", "json"))!["status"]!["userInfo"]!;
        Assert.Equal($"system:serviceaccount:{space.Name}:reader", me["username"]!.GetValue<string>());

        // The token is bound to its pod: with the pod it ends.
        await kubectl.OkAsync("delete", "pod", "box");
        await kubectl.UntilAsync(o => o == "", Soon, "get", "pods", "-o", "name");
        Assert.Contains("Unauthorized", (await kubectl.RunAsync("get", "pods", "--token", token)).Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_token_secret_is_filled_and_goes_with_its_account()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.ApplyAsync("""
            apiVersion: v1
            kind: ServiceAccount
            metadata: { name: build }
            ---
            apiVersion: v1
            kind: Secret
            metadata: { name: build-token, annotations: { kubernetes.io/service-account.name: build } }
            type: kubernetes.io/service-account-token

            """);

        var encoded = await kubectl.UntilAsync(o => o.Length > 0, Soon, "get", "secret", "build-token", "-o", "jsonpath={.data.token}");
        var token = System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(encoded));
        Assert.Contains($"system:serviceaccount:{space.Name}:build", await kubectl.OkAsync("auth", "whoami", "--token", token), StringComparison.Ordinal);

        await kubectl.OkAsync("delete", "serviceaccount", "build");
        await kubectl.UntilAsync(o => o == "", Soon, "get", "secrets", "-o", "name");
    }

    private static async Task<JsonNode> FromPodAsync(Kubectl kubectl, string path) => JsonNode.Parse(await kubectl.OkAsync("exec", "box", "--", "sh", "-c", Request(path)))!;

    // As programs in pods find it: by the variables of the Service `kubernetes`.
    private static string Request(string path) =>
        $"wget -qO- --no-check-certificate --header \"Authorization: Bearer $(cat {Mounted}/token)\" https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/{path}";
}
