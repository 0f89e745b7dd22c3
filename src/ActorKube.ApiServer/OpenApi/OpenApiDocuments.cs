using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>
/// The documents under <c>/openapi/v2</c> and <c>/openapi/v3</c>: built when first asked for, then kept as bytes with an ETag until the kinds in them change.
/// Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition
/// </summary>
public sealed class OpenApiDocuments(Func<KindRegistry> kinds, string serverVersion)
{
    private readonly ConcurrentDictionary<string, (IReadOnlyList<ResourceKind> Members, Lazy<OpenApiDocument> Document)> _documents = new();

    /// <summary>Documents of kinds that stay.</summary>
    public OpenApiDocuments(KindRegistry kinds, string serverVersion)
        : this(() => kinds, serverVersion)
    {
    }

    /// <summary>The whole API in one OpenAPI v2 document.</summary>
    public OpenApiDocument V2 => Get("v2", kinds().All, () => Build2());

    /// <summary><see cref="V2"/> in the protobuf form of gnostic.</summary>
    public OpenApiDocument V2Protobuf => Keep(
        "v2-protobuf", kinds().All, () => OpenApiDocument.From(OpenApiProtobuf.Write(JsonNode.Parse(V2.Json.Span)!)));

    /// <summary>The list of group versions at <c>/openapi/v3</c>, each with the URL of its document, whose hash changes with its content.</summary>
    public OpenApiDocument V3Index => Get("v3", kinds().All, () => new JsonObject
    {
        ["paths"] = new JsonObject(GroupVersions().Select(path => KeyValuePair.Create<string, JsonNode?>(
            path, new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={V3(path)!.Hash}" }))),
    });

    /// <summary>The OpenAPI v3 document of <c>api/v1</c> or <c>apis/&lt;group&gt;/&lt;version&gt;</c>; null when there is no such group version.</summary>
    public OpenApiDocument? V3(string path)
    {
        var members = kinds().All.Where(k => DiscoveryPaths.PathOf(k) == path && k.ClrType is not null).ToList();
        return members.Count > 0 || DiscoveryPaths.Of(kinds().All).Any(p => p.Document == path) ? Get(path, members, () => Build3(path, members)) : null;
    }

    private IEnumerable<string> GroupVersions() => kinds().All.Where(k => k.ClrType is not null).Select(DiscoveryPaths.PathOf)
        .Concat(DiscoveryPaths.Of(kinds().All).Select(p => p.Document)).Distinct().Order(StringComparer.Ordinal);

    private OpenApiDocument Get(string key, IReadOnlyList<ResourceKind> members, Func<JsonObject> build) => Keep(key, members, () => OpenApiDocument.From(build()));

    private OpenApiDocument Keep(string key, IReadOnlyList<ResourceKind> members, Func<OpenApiDocument> build)
    {
        if (_documents.TryGetValue(key, out var known) && (ReferenceEquals(known.Members, members) || known.Members.SequenceEqual(members)))
        {
            return known.Document.Value;
        }

        var document = new Lazy<OpenApiDocument>(build);
        _documents[key] = (members, document);
        return document.Value;
    }

    private JsonObject Build2()
    {
        var schemas = new SchemaBuilder("#/definitions/", version3: false);
        var operations = new OperationBuilder(schemas, version3: false);
        var paths = Paths(kinds().All.Where(k => k.ClrType is not null), DiscoveryPaths.Of(kinds().All), operations);
        return new JsonObject
        {
            ["swagger"] = "2.0",
            ["info"] = Info(),
            ["paths"] = paths,
            ["definitions"] = schemas.ToJson(),
            ["parameters"] = operations.SharedParameters,
            ["securityDefinitions"] = new JsonObject { ["BearerToken"] = Bearer() },
            ["security"] = new JsonArray(new JsonObject { ["BearerToken"] = new JsonArray() }),
        };
    }

    private JsonObject Build3(string path, IEnumerable<ResourceKind> members)
    {
        var schemas = new SchemaBuilder("#/components/schemas/", version3: true);
        var paths = Paths(members, DiscoveryPaths.Of(kinds().All).Where(p => p.Document == path), new OperationBuilder(schemas, version3: true));
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = Info(),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas.ToJson(), ["securitySchemes"] = new JsonObject { ["BearerToken"] = Bearer() } },
        };
    }

    private static JsonObject Bearer() => new() { ["type"] = "apiKey", ["name"] = "authorization", ["in"] = "header", ["description"] = "Bearer Token authentication" };

    private static JsonObject Paths(IEnumerable<ResourceKind> members, IEnumerable<(string Document, string Path, Operation Operation)> others, OperationBuilder operations)
    {
        var paths = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var (_, path, operation) in others)
            paths[path] = operations.Item(path, operation);
        foreach (var (path, item) in members.SelectMany(operations.PathsOf))
            paths[path] = item;
        return new JsonObject(paths.Select(p => KeyValuePair.Create<string, JsonNode?>(p.Key, p.Value)));
    }

    private JsonObject Info() => new() { ["title"] = "Kubernetes", ["version"] = serverVersion };
}

/// <summary>A document as it is sent.</summary>
/// <param name="Json">UTF-8 JSON, or protobuf.</param>
/// <param name="Hash">Upper-case SHA-512 of the bytes: the ETag, and the hash in the URLs of the index.</param>
public sealed record OpenApiDocument(ReadOnlyMemory<byte> Json, string Hash)
{
    internal static OpenApiDocument From(JsonObject document) => From(JsonSerializer.SerializeToUtf8Bytes(document));

    internal static OpenApiDocument From(byte[] bytes) => new(bytes, Convert.ToHexString(SHA512.HashData(bytes)));
}
