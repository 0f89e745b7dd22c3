using System.Collections.Concurrent;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.Registry;

namespace ActorKube.ApiServer.FieldManagement;

/// <summary>The field manager of every kind and subresource, made when it is first asked for.</summary>
internal static class FieldManagers
{
    private static readonly ConcurrentDictionary<(ResourceKind Kind, string Subresource), FieldManager> Known = [];

    /// <summary>The field manager of writers at a URL.</summary>
    public static FieldManager Of(ResourceKind kind, string subresource) => kind is CustomResourceKind custom
        ? custom.FieldManagers.GetOrAdd(subresource, static (part, k) => MakeCustom(k, part), custom)
        : Known.TryGetValue((kind, subresource), out var manager)
        ? manager
        : Known.GetOrAdd((kind, subresource), static key => Make(key.Kind, key.Subresource));

    /// <summary>An object in another version of its kind. It shares parts with the one it is made from, so both are read only. Null for a version that is not served.</summary>
    public static object? Convert(object value, ResourceKind kind, string apiVersion)
    {
        if (apiVersion == kind.ApiVersion)
        {
            return value;
        }

        if (kind is CustomResourceKind custom)
        {
            var own = (CustomObject)value;
            return custom.AtVersion(apiVersion) is null ? null : new CustomObject { ApiVersion = apiVersion, Kind = own.Kind, Metadata = own.Metadata, Content = own.Content };
        }

        if (Sibling(kind, apiVersion) is not { } other)
        {
            return null;
        }

        var stored = StorageVersions.Of(kind).Converter is { } from ? from.ToStored(ApiJson.Copy(value)) : value;
        return StorageVersions.Of(other).Converter is { } to ? to.FromStored(stored) : stored;
    }

    /// <summary>What an object has over another one of the same kind; null for an object that is new.</summary>
    public static Comparison Compare(ResourceKind kind, object? old, object changed) => kind is CustomResourceKind custom
        ? CustomComparison.Of((CustomObject?)old, (CustomObject)changed, custom.AtVersion(((CustomObject)changed).ApiVersion)?.ContentFields ?? custom.ContentFields)
        : ModelComparison.Of(old, changed);

    private static FieldManager MakeCustom(CustomResourceKind kind, string subresource) => new()
    {
        Schema = kind.FieldSchema,
        ApiVersion = kind.ApiVersion,
        Kind = kind.Kind,
        Subresource = subresource,
        Filters = kind.Definition.Spec.Versions.Where(v => v.Served).Select(v => kind.AtVersion($"{kind.Group}/{v.Name}")!)
            .ToDictionary(k => k.ApiVersion, k => ResetFields.Of(k, subresource)),
        SchemaOf = version => kind.AtVersion(version)?.FieldSchema,
    };

    private static FieldManager Make(ResourceKind kind, string subresource)
    {
        var filters = KindRegistry.BuiltIn.All.Where(k => k == kind || (k.Kind == kind.Kind && Sibling(kind, k.ApiVersion) is not null))
            .ToDictionary(k => k.ApiVersion, k => ResetFields.Of(k, subresource));
        return new FieldManager
        {
            Schema = ModelSchema.Of(kind.ClrType!),
            ApiVersion = kind.ApiVersion,
            Kind = kind.Kind,
            Subresource = subresource,
            Filters = filters,
            SchemaOf = version => Sibling(kind, version) is { } other ? ModelSchema.Of(other.ClrType!) : null,
        };
    }

    // The same objects at another version: the two versions of HorizontalPodAutoscaler, and the Events of both groups.
    private static ResourceKind? Sibling(ResourceKind kind, string apiVersion) =>
        KindRegistry.BuiltIn.FindKind(apiVersion, kind.Kind) is { } other && other.IsStored && StorageVersions.Of(other).Stored == StorageVersions.Of(kind).Stored ? other : null;
}
