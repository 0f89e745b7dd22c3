using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.FieldManagement;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.Registry.Certificates;
using ActorKube.ApiServer.Services;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;
using ActorKube.Store.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>create.</summary>
internal sealed class Creates(ObjectWriter writer, AdmissionChain admission, Identities identities, ServiceAllocator services)
{
    private const int GeneratedNameAttempts = 8;

    /// <summary>Creates the body.</summary>
    public Task<ApiResponse> CreateAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        return CreateAsync(context, BodyDecoder.Decode(context));
    }

    /// <summary>Creates an object, which is given away.</summary>
    /// <param name="context">The request.</param>
    /// <param name="value">The object.</param>
    /// <param name="recordsFields">Whether the writer comes to own the object's fields; false where that is settled already.</param>
    public async Task<ApiResponse> CreateAsync(RequestContext context, IKubernetesObject<V1ObjectMeta> value, bool recordsFields = true)
    {
        // Who may update may not therefore create.
        if (context.MayCreate is { } check)
        {
            await check().ConfigureAwait(false);
        }

        var metadata = value.Metadata;
        CheckNamespace(context, metadata);
        if (!string.IsNullOrEmpty(metadata.ResourceVersion))
        {
            throw ApiError.BadRequest("resourceVersion should not be set on objects to be created");
        }

        metadata.Uid = identities.Uid();
        metadata.CreationTimestamp = context.Timestamp;
        metadata.DeletionTimestamp = null;
        metadata.DeletionGracePeriodSeconds = null;
        metadata.Generation = null;
        var generated = string.IsNullOrEmpty(metadata.Name) && !string.IsNullOrEmpty(metadata.GenerateName);
        if (generated)
        {
            metadata.Name = identities.Name(metadata.GenerateName);
        }

        context.Strategy.Default(value);
        context.Strategy.DefaultOnCreate(value);
        if (recordsFields)
        {
            FieldOwnership.Record(context, value, null);
        }

        var managedFields = metadata.ManagedFields;
        var request = new AdmissionRequest("CREATE", context.Kind, "", metadata.NamespaceProperty ?? "", metadata.Name ?? "", value, null, context.User, context.DryRun) { Warn = context.Warn };
        await admission.MutateAsync(request, context.Cancelled).ConfigureAwait(false);
        FieldOwnership.CheckAfterAdmission(context, metadata, managedFields);
        context.Strategy.PrepareForCreate(value);
        if (value is V1CertificateSigningRequest certificate)
        {
            CertificateStatusRules.Stamp(certificate, context.User);
        }

        if (value is V1Service service)
        {
            context.Hold(await services.AllocateAsync(service, null, context.Cancelled).ConfigureAwait(false));
        }

        var errors = ObjectMetaRules.Create(metadata, context.Strategy);
        errors.AddRange(context.Strategy.ValidateCreate(value));
        if (errors.Count > 0)
        {
            throw ApiError.Invalid(context.Kind, metadata.Name ?? "", errors);
        }

        await admission.ValidateAsync(request, context.Cancelled).ConfigureAwait(false);
        foreach (var warning in context.Strategy.Warnings(value, null))
        {
            context.Warn(warning);
        }

        for (var attempt = 1; ; attempt++)
        {
            if (await WriteAsync(context, value).ConfigureAwait(false) is { } written)
            {
                return new ApiResponse(201, written, null, context.Warnings);
            }

            if (!generated || attempt == GeneratedNameAttempts)
            {
                throw generated ? NoFreeName(context, metadata) : ApiError.AlreadyExists(context.Kind, metadata.Name!);
            }

            metadata.Name = identities.Name(metadata.GenerateName);
        }
    }

    private async Task<ApiObject?> WriteAsync(RequestContext context, IKubernetesObject<V1ObjectMeta> value)
    {
        var resource = context.Resource;
        var key = resource.Key(value.Metadata.NamespaceProperty ?? "", value.Metadata.Name);
        if (context.DryRun)
        {
            var state = await Freshness.ConsistentAsync(resource, context.Cancelled).ConfigureAwait(false);
            return state.Objects.Find(key) is null ? new ApiObject(value) : null;
        }

        var result = await writer.PutAsync(resource, key, ObjectSize.Encode(context, value), Expected.Absent, context.Cause()).ConfigureAwait(false);
        return result.Written is { } written ? resource.View(written.Object) : null;
    }

    private static void CheckNamespace(RequestContext context, V1ObjectMeta metadata)
    {
        var ns = context.Request.Namespace;
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
            throw ApiError.BadRequest($"the namespace of the provided object does not match the namespace sent on the request");
        }
    }

    private static ApiException NoFreeName(RequestContext context, V1ObjectMeta metadata)
    {
        var refused = ApiError.AlreadyExists(context.Kind, metadata.Name);
        refused.Status.Message = $"{context.Kind.GroupResource} \"{metadata.Name}\" already exists, the server was not able to generate a unique name for the object";
        refused.Status.Details.RetryAfterSeconds = 1;
        return refused;
    }
}
