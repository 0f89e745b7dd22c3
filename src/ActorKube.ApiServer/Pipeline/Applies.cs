using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.FieldManagement;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>Server-side apply: the patch that says what an object shall have and comes to own it.</summary>
internal sealed class Applies(Modifier modifier, Updates updates, Creates creates)
{
    private const int MaxAttempts = 5;

    /// <summary>Applies the body to the object that the URL names, or creates it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="authorize">Asks whether the user may create the object, which applying alone does not allow.</param>
    public async Task<ApiResponse> ApplyAsync(RequestContext context, Func<AccessRequest, CancellationToken, ValueTask> authorize)
    {
        context.ReadWriteOptions();
        var body = ApplyBody.Read(context);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var written = await modifier.ModifyAsync(context, context.Key, current => ChangeAsync(context, body, current)).ConfigureAwait(false);
                return new ApiResponse(200, written, null, context.Warnings);
            }
            catch (ApiException e) when (e.IsNotFound && e.Status.Details?.Kind == context.Kind.Resource && context.Request.Subresource.Length == 0)
            {
                // Nothing is there yet.
            }

            try
            {
                return await CreateAsync(context, body, authorize).ConfigureAwait(false);
            }
            catch (ApiException e) when (e.IsAlreadyExists && attempt < MaxAttempts)
            {
                // Somebody else created it meanwhile: apply to that.
            }
        }
    }

    /// <summary>The metadata that an apply may not say otherwise than the URL does.</summary>
    public static void CheckUrl(RequestContext context, V1ObjectMeta metadata)
    {
        var (name, ns) = (context.Request.Name, context.Request.Namespace);
        if (!context.Kind.Namespaced)
        {
            metadata.NamespaceProperty = null;
        }
        else if (string.IsNullOrEmpty(metadata.NamespaceProperty))
        {
            metadata.NamespaceProperty = ns;
        }
        else if (metadata.NamespaceProperty != ns)
        {
            throw ApiError.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        if (string.IsNullOrEmpty(metadata.Name))
        {
            throw ApiError.BadRequest($"the name of the object ({name} based on URL) was undeterminable: name must be provided");
        }

        if (metadata.Name != name)
        {
            throw ApiError.BadRequest($"the name of the object ({metadata.Name}) does not match the name on the URL ({name})");
        }
    }

    private async ValueTask<IKubernetesObject<V1ObjectMeta>> ChangeAsync(RequestContext context, ApplyBody body, ApiObject current)
    {
        var live = (JsonObject)JsonTree.Parse(current.Json.Span)!;
        var target = new ApplyTarget(live, current.Metadata.ManagedFields, () => FieldManagers.Compare(context.Kind, null, current.Value), (json, version) => Convert(context, json, version));
        var result = FieldManagers.Of(context.Kind, context.Request.Subresource).Apply(target, body.Configuration, context.FieldManager, body.Force, context.Timestamp);
        body.CheckDuplicates(context);
        var value = result.Json is { } json ? Decode(context, json) : (IKubernetesObject<V1ObjectMeta>)ApiJson.Copy(current.Value);
        value.Metadata.ManagedFields = result.ManagedFields;
        CheckUrl(context, value.Metadata);
        await updates.PrepareAsync(context, value, current, recordsFields: false).ConfigureAwait(false);
        return value;
    }

    private async Task<ApiResponse> CreateAsync(RequestContext context, ApplyBody body, Func<AccessRequest, CancellationToken, ValueTask> authorize)
    {
        var target = new ApplyTarget([], null, null, (json, version) => Convert(context, json, version));
        var result = FieldManagers.Of(context.Kind, "").Apply(target, body.Configuration, context.FieldManager, body.Force, context.Timestamp);
        body.CheckDuplicates(context);
        var value = Decode(context, result.Json!);
        var metadata = value.Metadata;
        if (!string.IsNullOrEmpty(metadata.Uid))
        {
            throw ApiError.Conflict(context.Kind, context.Request.Name, $"uid mismatch: the provided object specified uid {metadata.Uid}, and no existing object was found");
        }

        CheckUrl(context, metadata);
        (metadata.ManagedFields, metadata.ResourceVersion) = (result.ManagedFields, null);
        var request = context.Request;
        await authorize(new AccessRequest(context.User, "create", request.Group, request.Version, request.Resource, "", request.Namespace, request.Name), context.Cancelled).ConfigureAwait(false);
        return await creates.CreateAsync(context, value, recordsFields: false).ConfigureAwait(false);
    }

    private static JsonObject? Convert(RequestContext context, JsonObject json, string apiVersion)
    {
        // A version's form comes back as it went: what it was made from says which kind it is.
        var from = context.Kind;
        if (json["apiVersion"]?.GetValue<string>() is { } own && own != from.ApiVersion)
        {
            from = from is CustomResourceKind custom ? custom.AtVersion(own) ?? from : Api.Kinds.KindRegistry.BuiltIn.FindKind(own, from.Kind) ?? from;
        }

        return FieldManagers.Convert(ApiJson.Deserialize(from.ClrType!, JsonTree.ToUtf8(json)), from, apiVersion) is { } converted
            ? (JsonObject)JsonTree.Parse(ApiJson.Serialize(converted))!
            : null;
    }

    private static IKubernetesObject<V1ObjectMeta> Decode(RequestContext context, JsonObject json)
    {
        (json["metadata"] as JsonObject)?.Remove("managedFields");
        var decoded = context.Kind is CustomResourceKind custom ? CustomResourceBodies.Decode(custom, JsonTree.ToUtf8(json)) : StrictDecoder.Decode(JsonTree.ToUtf8(json), context.Kind.ClrType!);
        if (decoded.Error is not null)
        {
            throw ApiError.From(ApiError.Status(
                400, "BadRequest", $"failed to convert new object ({context.Request.Namespace}/{context.Request.Name}; {context.Kind.ApiVersion}, Kind={context.Kind.Kind}) to proper version: {decoded.Error}"));
        }

        var value = (IKubernetesObject<V1ObjectMeta>)decoded.Value!;
        (value.ApiVersion, value.Kind) = (context.Kind.ApiVersion, context.Kind.Kind);
        value.Metadata ??= new V1ObjectMeta();
        return value;
    }
}
