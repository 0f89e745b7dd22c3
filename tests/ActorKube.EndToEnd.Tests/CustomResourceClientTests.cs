using System.Net;
using System.Text.Json.Serialization;
using ActorKube.EndToEnd.Tests.Infrastructure;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>The official client libraries, unchanged, on kinds that they define themselves.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class CustomResourceClientTests(SharedCluster shared, ITestOutputHelper output)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task The_CSharp_generic_client_and_its_watch_know_a_kind_of_their_own()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        await using var port = new PortIntoHost(space.Kubectl.Host.Namespace, new IPEndPoint(IPAddress.Loopback, 6443));
        using var client = ClientTests.CSharpClient(space.Kubectl.Kubeconfig, port.Port);
        using var limit = new CancellationTokenSource(Long);
        var group = $"cs-{space.Name}.example.com";
        await client.ApiextensionsV1.CreateCustomResourceDefinitionAsync(Definition(group), cancellationToken: limit.Token);
        await foreach (var (_, definition) in client.ApiextensionsV1.WatchListCustomResourceDefinitionAsync(fieldSelector: $"metadata.name=lamps.{group}", cancellationToken: limit.Token))
        {
            if (definition.Status?.Conditions?.Any(c => c is { Type: "Established", Status: "True" }) is true)
                break;
        }

        using var lamps = new GenericClient(client, group, "v1", "lamps", false);
        var created = await lamps.CreateNamespacedAsync(Some(group, "desk", 5), space.Name, limit.Token);
        Assert.Equal(("white", 1), (created.Spec.Color, created.Metadata.Generation ?? 0));
        var seen = new List<string>();
        var begun = new TaskCompletionSource();
        var watching = Task.Run(async () =>
        {
            await foreach (var (type, lamp) in lamps.WatchNamespacedAsync<Lamp>(space.Name, cancel: limit.Token))
            {
                seen.Add($"{type} {lamp.Spec.Watts} {lamp.Spec.Color}");
                begun.TrySetResult();
                if (type == WatchEventType.Deleted)
                    return;
            }
        });
        await begun.Task.WaitAsync(limit.Token);
        var bad = await Assert.ThrowsAsync<HttpOperationException>(() => lamps.CreateNamespacedAsync(Some(group, "dark", 0), space.Name, limit.Token));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, bad.Response.StatusCode);
        var patched = await lamps.PatchNamespacedAsync<Lamp>(new V1Patch("""{"spec":{"watts":9}}""", V1Patch.PatchType.MergePatch), space.Name, "desk", limit.Token);
        patched.Spec.Watts = 11;
        var replaced = await lamps.ReplaceNamespacedAsync(patched, space.Name, "desk", limit.Token);
        Assert.Equal(11, (await lamps.ReadNamespacedAsync<Lamp>(space.Name, "desk", limit.Token)).Spec.Watts);
        Assert.Equal(replaced.Metadata.ResourceVersion, Assert.Single((await lamps.ListNamespacedAsync<Lamps>(space.Name, cancel: limit.Token)).Items).Metadata.ResourceVersion);
        await lamps.DeleteNamespacedAsync<V1Status>(space.Name, "desk", limit.Token);
        await watching.WaitAsync(limit.Token);
        Assert.Equal(["Added 5 white", "Modified 9 white", "Modified 11 white", "Deleted 11 white"], seen);
        await client.ApiextensionsV1.DeleteCustomResourceDefinitionAsync($"lamps.{group}", cancellationToken: limit.Token);
    }

    [SkippableFact]
    public async Task The_JavaScript_object_API_and_informer_know_a_kind_of_their_own()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        var folder = Path.Combine(Programs.Root, "tests/ActorKube.EndToEnd.Tests/JavaScript");
        Skip.If(Programs.Find("node") is null, "needs node: tests/run.sh installs it");
        Skip.IfNot(Directory.Exists(Path.Combine(folder, "node_modules")), "needs the client's packages: tests/run.sh (npm ci) fetches them");
        await using var space = await shared.NamespaceAsync();
        var run = await space.Kubectl.Host.RunAsync("node", [Path.Combine(folder, "customresources.js"), space.Kubectl.Kubeconfig, space.Name]);
        output.WriteLine(run.Out + run.Error);
        Assert.EndsWith("\nok\n", run.Must());
    }

    private static Lamp Some(string group, string name, int watts) =>
        new() { ApiVersion = $"{group}/v1", Kind = "Lamp", Metadata = new V1ObjectMeta { Name = name }, Spec = new LampSpec { Watts = watts } };

    private static V1CustomResourceDefinition Definition(string group) => new()
    {
        Metadata = new V1ObjectMeta { Name = $"lamps.{group}" },
        Spec = new V1CustomResourceDefinitionSpec
        {
            Group = group,
            Scope = "Namespaced",
            Names = new V1CustomResourceDefinitionNames { Plural = "lamps", Kind = "Lamp" },
            Versions =
            [
                new V1CustomResourceDefinitionVersion
                {
                    Name = "v1",
                    Served = true,
                    Storage = true,
                    Schema = new V1CustomResourceValidation
                    {
                        OpenAPIV3Schema = new V1JSONSchemaProps
                        {
                            Type = "object",
                            Properties = new Dictionary<string, V1JSONSchemaProps>
                            {
                                ["spec"] = new()
                                {
                                    Type = "object",
                                    Properties = new Dictionary<string, V1JSONSchemaProps> { ["watts"] = new() { Type = "integer", Minimum = 1 }, ["color"] = new() { Type = "string", DefaultProperty = "white" } },
                                },
                            },
                        },
                    },
                },
            ],
        },
    };

    private sealed class Lamp : IKubernetesObject<V1ObjectMeta>
    {
        [JsonPropertyName("apiVersion")]
        public string ApiVersion { get; set; } = "";

        [JsonPropertyName("kind")]
        public string Kind { get; set; } = "";

        [JsonPropertyName("metadata")]
        public V1ObjectMeta Metadata { get; set; } = new();

        [JsonPropertyName("spec")]
        public LampSpec Spec { get; set; } = new();
    }

    private sealed class LampSpec
    {
        [JsonPropertyName("watts")]
        public int Watts { get; set; }

        [JsonPropertyName("color")]
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Color { get; set; }
    }

    private sealed class Lamps : IKubernetesObject<V1ListMeta>, IItems<Lamp>
    {
        [JsonPropertyName("apiVersion")]
        public string ApiVersion { get; set; } = "";

        [JsonPropertyName("kind")]
        public string Kind { get; set; } = "";

        [JsonPropertyName("metadata")]
        public V1ListMeta Metadata { get; set; } = new();

        [JsonPropertyName("items")]
        public IList<Lamp> Items { get; set; } = [];
    }
}
