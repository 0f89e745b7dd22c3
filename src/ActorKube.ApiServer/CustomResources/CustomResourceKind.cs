using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using ActorKube.ApiServer.CustomResources.Schemas;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources;

/// <summary>One version of a CustomResourceDefinition as it is served: whoever has the kind has its schema and its strategy. Immutable; equal only to itself.</summary>
internal sealed record CustomResourceKind : ResourceKind
{
    private readonly ConcurrentDictionary<string, CustomResourceKind?> _versions = [];
    private static readonly string[] MetaFields = ["apiVersion", "kind", "metadata"];

    /// <summary>The kind of one version of a definition.</summary>
    [SetsRequiredMembers]
    public CustomResourceKind(V1CustomResourceDefinition definition, V1CustomResourceDefinitionVersion version)
        : base(CustomKinds.Of(definition, version))
    {
        Definition = definition;
        DefinedVersion = version;
        var schema = version.Schema?.OpenAPIV3Schema is { } given ? (JsonObject)JsonTree.Parse(ApiJson.Serialize(given))! : null;
        (Schema, MetadataSchema, HasEmbedded, PublishedSchema) = Split(schema);
        if (version.Deprecated is true)
        {
            DeprecationWarning = version.DeprecationWarning ?? $"{definition.Spec.Group}/{version.Name} {definition.Spec.Names.Kind} is deprecated";
        }

        StorageApiVersion = $"{definition.Spec.Group}/{definition.Spec.Versions.First(v => v.Storage is true).Name}";
        Strategy = new CustomResourceStrategy(this);
    }

    /// <summary>The definition.</summary>
    public V1CustomResourceDefinition Definition { get; }

    /// <summary>The version of it.</summary>
    public V1CustomResourceDefinitionVersion DefinedVersion { get; }

    /// <summary>Schema of everything but apiVersion, kind and metadata; null when the version has none and everything is kept.</summary>
    public StructuralSchema? Schema { get; }

    /// <summary>What the schema says of the metadata's name and generateName; null for nothing.</summary>
    public StructuralSchema? MetadataSchema { get; }

    /// <summary>Whether whole objects may stand within these.</summary>
    public bool HasEmbedded { get; }

    /// <summary>The schema as it was given; null for none.</summary>
    public JsonObject? PublishedSchema { get; }

    /// <summary>What every answer about a deprecated version warns of; null for another one.</summary>
    public string? DeprecationWarning { get; }

    /// <summary>The apiVersion in which objects are stored.</summary>
    public string StorageApiVersion { get; }

    /// <summary>Whether versions are translated by a webhook.</summary>
    public bool ConvertsByWebhook => Definition.Spec.Conversion?.Strategy == "Webhook";

    /// <summary>Whether the definition is being deleted: nothing new may come.</summary>
    public bool IsTerminating => Definition.Metadata.DeletionTimestamp is not null;

    /// <summary>What server-side apply must know of a whole object.</summary>
    public FieldSchema FieldSchema => field ??= CustomFieldSchema.OfObject(Schema);

    /// <summary>What server-side apply must know of everything but apiVersion, kind and metadata.</summary>
    public FieldSchema ContentFields => field ??= CustomFieldSchema.OfContent(Schema);

    /// <summary>The field managers of writers, by subresource.</summary>
    public ConcurrentDictionary<string, FieldManager> FieldManagers { get; } = [];

    /// <summary>The same objects at another version; null for one that is not served.</summary>
    public CustomResourceKind? AtVersion(string apiVersion) => apiVersion == ApiVersion ? this : _versions.GetOrAdd(apiVersion, wanted =>
        Definition.Spec.Versions.FirstOrDefault(v => v.Served && $"{Group}/{v.Name}" == wanted) is { } version ? new CustomResourceKind(Definition, version) : null);

    /// <summary>Rules of its objects.</summary>
    public CustomResourceStrategy Strategy { get; }

    /// <inheritdoc/>
    public bool Equals(CustomResourceKind? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    // Metadata is an object of its own here, so the schema of the rest stands without it.
    private static (StructuralSchema? Content, StructuralSchema? Metadata, bool HasEmbedded, JsonObject? Published) Split(JsonObject? schema)
    {
        if (schema is null)
        {
            return (null, null, false, null);
        }

        var content = (JsonObject)schema.DeepClone();
        StructuralSchema? metadata = null;
        if (content["properties"] is JsonObject properties)
        {
            metadata = properties["metadata"] is JsonObject { Count: > 0 } meta && meta["properties"] is JsonObject ? StructuralSchema.From(meta) : null;
            foreach (var name in MetaFields)
            {
                properties.Remove(name);
            }
        }

        if (content["required"] is JsonArray required)
        {
            content["required"] = new JsonArray([.. required.Where(r => !MetaFields.Contains((string?)r)).Select(r => r?.DeepClone())]);
        }

        var embedded = schema.ToJsonString().Contains("x-kubernetes-embedded-resource", StringComparison.Ordinal);
        return (StructuralSchema.From(content), metadata, embedded, schema);
    }
}
