using System.Collections.Concurrent;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using ActorKube.ApiServer.Registry;

namespace ActorKube.ApiServer.FieldManagement;

/// <summary>The field manager of every kind and subresource, made when it is first asked for.</summary>
internal static class FieldManagers
{
    private static readonly ConcurrentDictionary<(ResourceKind Kind, string Subresource), FieldManager> Known = [];

    /// <summary>The field manager of writers at a URL.</summary>
    public static FieldManager Of(ResourceKind kind, string subresource) => Known.TryGetValue((kind, subresource), out var manager)
        ? manager
        : Known.GetOrAdd((kind, subresource), static key => Make(key.Kind, key.Subresource));

    /// <summary>An object in another version of its kind. It shares parts with the one it is made from, so both are read only. Null for a version that is not served.</summary>
    public static object? Convert(object value, ResourceKind kind, string apiVersion)
    {
        if (apiVersion == kind.ApiVersion)
        {
            return value;
        }

        if (Sibling(kind, apiVersion) is not { } other)
        {
            return null;
        }

        var stored = StorageVersions.Of(kind).Converter is { } from ? from.ToStored(ApiJson.Copy(value)) : value;
        return StorageVersions.Of(other).Converter is { } to ? to.FromStored(stored) : stored;
    }

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
