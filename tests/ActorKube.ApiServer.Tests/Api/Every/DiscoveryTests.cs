using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;

namespace ActorKube.ApiServer.Tests.Api.Every;

/// <summary>What the server says of every kind, against the published tables.</summary>
public sealed class DiscoveryTests(TestServer server) : IClassFixture<TestServer>, IDisposable
{
    // Printers that are not named after their kind.
    private static readonly Dictionary<string, string> Printers = new(StringComparer.Ordinal)
    {
        ["Endpoints"] = "endpointColumnDefinitions",
        ["NetworkPolicy"] = "networkPolicyColumnDefinitioins",
        ["RoleBinding"] = "roleBindingsColumnDefinitions",
        ["ClusterRoleBinding"] = "clusterRoleBindingsColumnDefinitions",
        ["ControllerRevision"] = "controllerRevisionColumnDefinition",
        ["MutatingWebhookConfiguration"] = "mutatingWebhookColumnDefinitions",
        ["ValidatingWebhookConfiguration"] = "validatingWebhookColumnDefinitions",
        ["ValidatingAdmissionPolicy"] = "validatingAdmissionPolicy",
        ["ValidatingAdmissionPolicyBinding"] = "validatingAdmissionPolicyBinding",
        ["MutatingAdmissionPolicy"] = "mutatingAdmissionPolicy",
        ["MutatingAdmissionPolicyBinding"] = "mutatingAdmissionPolicyBinding",
        ["PriorityLevelConfiguration"] = "priorityLevelColumnDefinitions",
        ["ResourceSlice"] = "nodeResourceSliceColumnDefinitions",
        ["CSIDriver"] = "csiDriverColumnDefinitions",
        ["CSINode"] = "csiNodeColumnDefinitions",
        ["CSIStorageCapacity"] = "csiStorageCapacityColumnDefinitions",
        ["IPAddress"] = "ipAddressColumnDefinitions",
    };

    private readonly HttpClient _admin = server.Http(server.Server.Certificates.Admin());

    public static TheoryData<string> Listed => [.. KindRegistry.BuiltIn.All.Where(k => k.Allows("list") && k.ClrType is not null).Select(k => k.ToString())];

    public void Dispose() => _admin.Dispose();

    [Theory]
    [MemberData(nameof(Listed))]
    public async Task Tables_have_the_published_columns(string name)
    {
        var kind = KindRegistry.BuiltIn.All.Single(k => k.ToString() == name);
        var printer = Printers.GetValueOrDefault(kind.Kind, $"{char.ToLowerInvariant(kind.Kind[0])}{kind.Kind[1..]}ColumnDefinitions");
        var published = Rows("table-columns.tsv").Where(r => r[0] == printer).Select(r => $"{r[2]} {r[3]} {r[4]} {r[5]}").ToList();
        var table = await JsonAsync($"{(kind.Group.Length == 0 ? "/api" : "/apis")}/{kind.ApiVersion}/{kind.Resource}", "application/json;as=Table;v=v1;g=meta.k8s.io");
        var columns = table["columnDefinitions"]!.AsArray().Select(c => $"{c!["name"]} {c["type"]} {c["format"]} {c["priority"]}").ToList();
        Assert.Equal(published.Count > 0 ? published : ["Name string name 0", "Created At date  0"], columns);
        Assert.All(table["rows"]!.AsArray(), row => Assert.Equal(columns.Count, row!["cells"]!.AsArray().Count));
    }

    [Fact]
    public async Task Every_resource_and_subresource_is_discovered_as_published()
    {
        var published = new List<string>();
        var found = new List<string>();
        foreach (var version in Rows("resources.tsv").GroupBy(r => r[0].Length == 0 ? $"/api/{r[1]}" : $"/apis/{r[0]}/{r[1]}"))
        {
            foreach (var row in version)
            {
                var namespaced = row[4] == "Namespaced";
                published.Add($"{version.Key} {row[2]} {row[3]} {namespaced} {Sorted(row[5], '/')} [{row[6]}] [{row[7]}]");
                foreach (var part in row[8].Split(';', StringSplitOptions.RemoveEmptyEntries))
                {
                    var (open, colon) = (part.IndexOf('(', StringComparison.Ordinal), part.IndexOf(':', StringComparison.Ordinal));
                    published.Add($"{version.Key} {row[2]}/{part[..open]} {part[(open + 1)..colon]} {namespaced} {Sorted(part[(colon + 1)..^1], '/')} [] []");
                }
            }

            foreach (var resource in (await JsonAsync(version.Key, "application/json"))["resources"]!.AsArray())
            {
                found.Add($"{version.Key} {resource!["name"]} {resource["kind"]} {resource["namespaced"]!.GetValue<bool>()} {Sorted(string.Join('/', resource["verbs"]!.AsArray()), '/')} [{string.Join(',', resource["shortNames"]?.AsArray() ?? [])}] [{string.Join(',', resource["categories"]?.AsArray() ?? [])}]");
            }
        }

        Assert.Empty(published.Except(found).Select(p => "missing: " + p).Concat(found.Except(published).Select(f => "unexpected: " + f)));
    }

    // The hashes of a real Kubernetes, where events are stored as the core group's and autoscalers in version 2.
    [Theory]
    [InlineData("/api/v1", "configmaps", "qFsyl6wFWjQ=")]
    [InlineData("/api/v1", "pods", "xPOwRZ+Yhw8=")]
    [InlineData("/apis/apps/v1", "deployments", "8aSe+NMegvE=")]
    [InlineData("/apis/events.k8s.io/v1", "events", "r2yiGXH7wu8=")]
    [InlineData("/apis/autoscaling/v1", "horizontalpodautoscalers", "qwQve8ut294=")]
    [InlineData("/api/v1", "bindings", null)]
    [InlineData("/api/v1", "pods/status", null)]
    public async Task Stored_resources_tell_by_a_hash_what_they_are_stored_as(string path, string resource, string? hash) =>
        Assert.Equal(hash, (string?)(await JsonAsync(path, "application/json"))["resources"]!.AsArray().Single(r => (string?)r!["name"] == resource)!["storageVersionHash"]);

    private static string Sorted(string names, char separator) => string.Join(separator, names.Split(separator, StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));

    private static IEnumerable<string[]> Rows(string table)
    {
        using var reader = new StreamReader(typeof(KindRegistry).Assembly.GetManifestResourceStream(table)!);
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            yield return line.Split('\t');
        }
    }

    private async Task<JsonNode> JsonAsync(string url, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await _admin.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonNode.Parse(body)!;
    }
}
