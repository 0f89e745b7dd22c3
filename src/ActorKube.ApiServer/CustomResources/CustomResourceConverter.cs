using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;
using ActorKube.ApiServer.Registry;

namespace ActorKube.ApiServer.CustomResources;

/// <summary>
/// Shows a stored custom resource in one of its versions: with the version's name, without fields that the version's schema does not know (any more),
/// and with its defaults. An object that is in that form already, as nearly all are, is shown as it is.
/// </summary>
internal sealed class CustomResourceConverter(CustomResourceKind kind) : VersionConverter
{
    /// <inheritdoc/>
    public override ApiObject View(ApiObject stored)
    {
        var value = (CustomObject)stored.Value;
        return value.ApiVersion == kind.ApiVersion && (kind.Schema is null || !Pruning.HasUnknown(value.Content, kind.Schema)) && !Defaulting.Changes(value.Content, kind.Schema)
            ? stored
            : new ApiObject(FromStored(value));
    }

    /// <inheritdoc/>
    public override object FromStored(object stored)
    {
        var value = (CustomObject)stored;
        if (kind.ConvertsByWebhook && value.ApiVersion != kind.ApiVersion)
        {
            throw ApiError.Internal(
                $"conversion webhook for {value.ApiVersion}, Kind={kind.Kind} failed: conversion webhooks are not called by this server; request {value.ApiVersion}, in which the object is stored");
        }

        var content = (JsonObject)value.Content.DeepClone();
        CustomResourceBodies.Normalize(kind, content, null);
        return new CustomObject { ApiVersion = kind.ApiVersion, Kind = kind.Kind, Metadata = ApiJson.Copy(value.Metadata), Content = content };
    }

    /// <inheritdoc/>
    public override object ToStored(object served)
    {
        var value = (CustomObject)served;
        if (kind.ConvertsByWebhook && kind.ApiVersion != kind.StorageApiVersion)
        {
            throw ApiError.Internal(
                $"conversion webhook for {kind.ApiVersion}, Kind={kind.Kind} failed: conversion webhooks are not called by this server; write {kind.StorageApiVersion}, in which objects are stored");
        }

        value.ApiVersion = kind.StorageApiVersion;
        return value;
    }
}
