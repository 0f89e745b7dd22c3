using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using ActorKube.Api.Kinds;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.Registry;
using Microsoft.AspNetCore.Http;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>
/// What this server offers: <c>/api</c>, <c>/apis</c> and below, in the plain and in the aggregated form.
/// Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
/// </summary>
internal sealed class Discovery(Func<KindRegistry> kinds, ResponseWriter responses)
{
    private const string AggregatedV2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    private const string AggregatedV2Beta1 = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

    private volatile Snapshot? _snapshot;

    // Everything that is made from one registry of kinds; another registry makes all of it anew.
    private sealed record Snapshot(KindRegistry Kinds, List<IGrouping<string, ResourceKind>> Groups, ConcurrentDictionary<(bool Core, bool Beta), (ReadOnlyMemory<byte> Body, string Hash)> Aggregated)
    {
        public static Snapshot Of(KindRegistry kinds)
        {
            var custom = kinds.All.OfType<CustomResourceKind>().OrderBy(k => k.Group, StringComparer.Ordinal).ThenBy(k => k.Version, VersionOrder.Instance).ThenBy(k => k.Resource, StringComparer.Ordinal);
            return new Snapshot(kinds, [.. kinds.All.Where(k => k is not CustomResourceKind).Concat(custom).GroupBy(k => k.Group)], []);
        }
    }

    private List<IGrouping<string, ResourceKind>> Listed => Current.Groups;

    private Snapshot Current
    {
        get
        {
            var now = kinds();
            return _snapshot is { } known && known.Kinds == now ? known : _snapshot = Snapshot.Of(now);
        }
    }

    /// <summary>Answers a discovery path; false for another path.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext http, string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (segments)
        {
            case []:
                await responses.WriteBytesAsync(http, 200, Paths()).ConfigureAwait(false);
                return true;
            case ["api"]:
                await GroupsAsync(http, true).ConfigureAwait(false);
                return true;
            case ["apis"]:
                await GroupsAsync(http, false).ConfigureAwait(false);
                return true;
            case ["api", var version]:
                return await ResourcesAsync(http, "", version).ConfigureAwait(false);
            case ["apis", var group] when Group(group) is { } found:
                await responses.WriteBytesAsync(http, 200, ResponseWriter.Render(json => WriteGroup(json, found, true))).ConfigureAwait(false);
                return true;
            case ["apis", var group, var version]:
                return await ResourcesAsync(http, group, version).ConfigureAwait(false);
            default:
                return false;
        }
    }

    private async Task GroupsAsync(HttpContext http, bool core)
    {
        foreach (var range in http.Request.Headers.Accept.ToString().Split(','))
        {
            var accepted = range.Replace(" ", "", StringComparison.Ordinal);
            if (accepted.Contains("as=APIGroupDiscoveryList", StringComparison.Ordinal) && accepted.Contains("g=apidiscovery.k8s.io", StringComparison.Ordinal))
            {
                var beta = accepted.Contains("v=v2beta1", StringComparison.Ordinal);
                if (beta || accepted.Contains("v=v2", StringComparison.Ordinal))
                {
                    await AggregatedAsync(http, core, beta).ConfigureAwait(false);
                    return;
                }
            }
            else if (accepted.StartsWith("application/json", StringComparison.Ordinal) || accepted.StartsWith("*/*", StringComparison.Ordinal))
            {
                break;
            }
        }

        http.Response.Headers.Vary = "Accept";
        await responses.WriteBytesAsync(http, 200, core ? Versions(http) : Groups()).ConfigureAwait(false);
    }

    private async Task AggregatedAsync(HttpContext http, bool core, bool beta)
    {
        var current = Current;
        var document = current.Aggregated.GetOrAdd((core, beta), _ =>
        {
            var body = ResponseWriter.Render(json => WriteAggregated(json, current.Groups, core, beta));
            return (body, $"\"{Convert.ToHexString(SHA256.HashData(body.Span))}\"");
        });

        http.Response.Headers.ETag = document.Hash;
        http.Response.Headers.Vary = "Accept";
        if (http.Request.Headers.IfNoneMatch == document.Hash)
        {
            http.Response.StatusCode = 304;
            return;
        }

        await responses.WriteBytesAsync(http, 200, document.Body, false, beta ? AggregatedV2Beta1 : AggregatedV2).ConfigureAwait(false);
    }

    private async Task<bool> ResourcesAsync(HttpContext http, string group, string version)
    {
        var served = Listed.Find(g => g.Key == group)?.Where(k => k.Version == version).ToList() ?? [];
        if (served.Count == 0)
        {
            return false;
        }

        await responses.WriteBytesAsync(http, 200, ResponseWriter.Render(json => WriteResources(json, served))).ConfigureAwait(false);
        return true;
    }

    private IGrouping<string, ResourceKind>? Group(string name) => name.Length == 0 ? null : Listed.Find(g => g.Key == name);

    private ReadOnlyMemory<byte> Paths() => ResponseWriter.Render(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("paths");
        var groups = Listed.Where(g => g.Key.Length > 0).SelectMany(g => new[] { $"/apis/{g.Key}" }.Concat(g.Select(k => $"/apis/{k.ApiVersion}").Distinct()));
        foreach (var path in new[] { "/api", "/api/v1", "/apis" }.Concat(groups).Concat(["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]))
        {
            json.WriteStringValue(path);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static ReadOnlyMemory<byte> Versions(HttpContext http) => ResponseWriter.Render(json =>
    {
        json.WriteStartObject();
        json.WriteString("kind", "APIVersions");
        json.WriteStartArray("versions");
        json.WriteStringValue("v1");
        json.WriteEndArray();
        json.WriteStartArray("serverAddressByClientCIDRs");
        json.WriteStartObject();
        json.WriteString("clientCIDR", "0.0.0.0/0");
        json.WriteString("serverAddress", http.Request.Host.Value);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    });

    private ReadOnlyMemory<byte> Groups() => ResponseWriter.Render(json =>
    {
        json.WriteStartObject();
        json.WriteString("kind", "APIGroupList");
        json.WriteString("apiVersion", "v1");
        json.WriteStartArray("groups");
        foreach (var group in Listed.Where(g => g.Key.Length > 0))
        {
            WriteGroup(json, group, false);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void WriteGroup(Utf8JsonWriter json, IGrouping<string, ResourceKind> group, bool typed)
    {
        json.WriteStartObject();
        if (typed)
        {
            json.WriteString("kind", "APIGroup");
            json.WriteString("apiVersion", "v1");
        }

        json.WriteString("name", group.Key);
        var versions = group.Select(k => k.Version).Distinct().ToList();
        json.WriteStartArray("versions");
        versions.ForEach(v => WriteVersion(json, group.Key, v));
        json.WriteEndArray();
        json.WritePropertyName("preferredVersion");
        WriteVersion(json, group.Key, versions[0]);
        json.WriteEndObject();
    }

    private static void WriteVersion(Utf8JsonWriter json, string group, string version)
    {
        json.WriteStartObject();
        json.WriteString("groupVersion", $"{group}/{version}");
        json.WriteString("version", version);
        json.WriteEndObject();
    }

    private static void WriteResources(Utf8JsonWriter json, List<ResourceKind> served)
    {
        json.WriteStartObject();
        json.WriteString("kind", "APIResourceList");
        json.WriteString("apiVersion", "v1");
        json.WriteString("groupVersion", served[0].ApiVersion);
        json.WriteStartArray("resources");
        foreach (var kind in served)
        {
            WriteResource(json, kind.Resource, kind.Singular, kind.Namespaced, null, kind.Kind, kind.Verbs, kind.ShortNames, kind.Categories, StorageVersions.HashOf(kind));
            foreach (var subresource in kind.Subresources)
            {
                WriteResource(json, $"{kind.Resource}/{subresource.Name}", "", kind.Namespaced, KindOf(kind, subresource), subresource.Kind, subresource.Verbs, [], [], null);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteResource(
        Utf8JsonWriter json, string name, string singular, bool namespaced, (string Group, string Version)? other, string kind,
        IReadOnlyList<string> verbs, IReadOnlyList<string> shortNames, IReadOnlyList<string> categories, string? storageVersionHash)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("singularName", singular);
        json.WriteBoolean("namespaced", namespaced);
        if (other is { } group)
        {
            json.WriteString("group", group.Group);
            json.WriteString("version", group.Version);
        }

        json.WriteString("kind", kind);
        WriteTexts(json, "verbs", verbs, true);
        WriteTexts(json, "shortNames", shortNames, false);
        WriteTexts(json, "categories", categories, false);
        if (storageVersionHash is not null)
        {
            json.WriteString("storageVersionHash", storageVersionHash);
        }

        json.WriteEndObject();
    }

    private static void WriteAggregated(Utf8JsonWriter json, List<IGrouping<string, ResourceKind>> groups, bool core, bool beta)
    {
        json.WriteStartObject();
        json.WriteString("kind", "APIGroupDiscoveryList");
        json.WriteString("apiVersion", beta ? "apidiscovery.k8s.io/v2beta1" : "apidiscovery.k8s.io/v2");
        json.WriteStartObject("metadata");
        json.WriteEndObject();
        json.WriteStartArray("items");
        foreach (var group in groups.Where(g => g.Key.Length == 0 == core))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            if (!core)
            {
                json.WriteString("name", group.Key);
            }

            json.WriteEndObject();
            json.WriteStartArray("versions");
            foreach (var version in group.GroupBy(k => k.Version))
            {
                json.WriteStartObject();
                json.WriteString("version", version.Key);
                json.WriteStartArray("resources");
                foreach (var kind in version)
                {
                    WriteAggregatedResource(json, kind);
                }

                json.WriteEndArray();
                json.WriteString("freshness", "Current");
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteAggregatedResource(Utf8JsonWriter json, ResourceKind kind)
    {
        json.WriteStartObject();
        json.WriteString("resource", kind.Resource);
        WriteResponseKind(json, kind.Group, kind.Version, kind.Kind);
        json.WriteString("scope", kind.Namespaced ? "Namespaced" : "Cluster");
        json.WriteString("singularResource", kind.Singular);
        WriteTexts(json, "verbs", kind.Verbs, true);
        WriteTexts(json, "shortNames", kind.ShortNames, false);
        WriteTexts(json, "categories", kind.Categories, false);
        if (kind.Subresources.Count > 0)
        {
            json.WriteStartArray("subresources");
            foreach (var subresource in kind.Subresources)
            {
                var (group, version) = KindOf(kind, subresource) ?? (kind.Group, kind.Version);
                json.WriteStartObject();
                json.WriteString("subresource", subresource.Name);
                WriteResponseKind(json, group, version, subresource.Kind);
                WriteTexts(json, "verbs", subresource.Verbs, true);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteResponseKind(Utf8JsonWriter json, string group, string version, string kind)
    {
        json.WriteStartObject("responseKind");
        json.WriteString("group", group);
        json.WriteString("version", version);
        json.WriteString("kind", kind);
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts, bool always)
    {
        if (texts.Count == 0 && !always)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    // Subresources whose body is a kind of another group than their resource.
    private static (string Group, string Version)? KindOf(ResourceKind kind, Subresource subresource) => subresource.Kind switch
    {
        "Scale" => ("autoscaling", "v1"),
        "Eviction" => ("policy", "v1"),
        "TokenRequest" => ("authentication.k8s.io", "v1"),
        _ => null,
    };
}
