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
        Skip.IfNot(File.Exists("/usr/bin/curl"), "curl is not installed");
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.OkAsync("create", "serviceaccount", "reader");
        await kubectl.OkAsync("create", "role", "reader", "--verb=get", "--resource=pods");
        await kubectl.OkAsync("create", "rolebinding", "reader", "--role=reader", $"--serviceaccount={space.Name}:reader");
        await kubectl.ApplyAsync(PodTests.Pod("box", """
            command: ["sleep", "1000"]
                volumeMounts:
                - { name: machine, mountPath: /usr, readOnly: true }
                - { name: machine, mountPath: /lib, subPath: lib, readOnly: true }
                - { name: machine, mountPath: /lib64, subPath: lib64, readOnly: true }
              volumes: [{ name: machine, hostPath: { path: /usr } }]
              serviceAccountName: reader
            """));
        await kubectl.OkAsync("wait", "pod/box", "--for=condition=Ready", "--timeout=30s");

        Assert.Equal(space.Name, await kubectl.OkAsync("exec", "box", "--", "cat", $"{Mounted}/namespace"));
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", await kubectl.OkAsync("exec", "box", "--", "cat", $"{Mounted}/ca.crt"), StringComparison.Ordinal);
        Assert.Equal("644", (await kubectl.OkAsync("exec", "box", "--", "stat", "-Lc", "%a", $"{Mounted}/token")).Trim());
        var self = JsonNode.Parse(await kubectl.OkAsync("exec", "box", "--", "sh", "-c", Request($"api/v1/namespaces/{space.Name}/pods/box")))!;
        Assert.Equal("box", self["metadata"]!["name"]!.GetValue<string>());
        var refused = JsonNode.Parse(await kubectl.OkAsync("exec", "box", "--", "sh", "-c", Request($"api/v1/namespaces/{space.Name}/secrets")))!;
        Assert.Equal(
            $"secrets is forbidden: User \"system:serviceaccount:{space.Name}:reader\" cannot list resource \"secrets\" in API group \"\" in the namespace \"{space.Name}\"",
            refused["message"]!.GetValue<string>());

        var token = await kubectl.OkAsync("exec", "box", "--", "cat", $"{Mounted}/token");
        Assert.Contains($"system:serviceaccount:{space.Name}:reader", (await WithTokenAsync(kubectl, token, "auth", "whoami")).Must(), StringComparison.Ordinal);

        // The token is bound to its pod: with the pod it ends.
        await kubectl.OkAsync("delete", "pod", "box");
        await kubectl.UntilAsync(o => o == "", Soon, "get", "pods", "-o", "name");
        Assert.Contains("Unauthorized", (await WithTokenAsync(kubectl, token, "get", "pods")).Error, StringComparison.Ordinal);
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
        Assert.Contains($"system:serviceaccount:{space.Name}:build", (await WithTokenAsync(kubectl, token, "auth", "whoami")).Must(), StringComparison.Ordinal);

        await kubectl.OkAsync("delete", "serviceaccount", "build");
        await kubectl.UntilAsync(o => o == "", Soon, "get", "secrets", "-o", "name");
    }

    // With nothing else to show who asks: a client certificate would count first.
    private static async Task<Output> WithTokenAsync(Kubectl kubectl, string token, params string[] arguments)
    {
        var server = await kubectl.OkAsync("config", "view", "-o", "jsonpath={.clusters[0].cluster.server}");
        return await kubectl.Host.RunAsync("kubectl", ["--kubeconfig", "/dev/null", "--server", server, "--insecure-skip-tls-verify", "--token", token, "--namespace", kubectl.Namespace, .. arguments]);
    }

    // As programs in pods find it: by the variables of the Service `kubernetes`.
    private static string Request(string path) =>
        $"/usr/bin/curl -s --cacert {Mounted}/ca.crt -H \"Authorization: Bearer $(cat {Mounted}/token)\" https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/{path}";
}
