using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.FieldManagement;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.Registry.Certificates;
using ActorKube.ApiServer.Services;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>update and patch, of an object or of a part of it that has a URL of its own (status and the like).</summary>
internal sealed class Updates(Modifier modifier, Creates creates, AdmissionChain admission, ServiceAllocator services)
{
    private static readonly HashSet<string> CreateOnUpdate = new(StringComparer.Ordinal)
    {
        "leases.coordination.k8s.io", "endpoints", "services", "limitranges", "resourcequotas", "events", "events.events.k8s.io",
        "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io",
        "runtimeclasses.node.k8s.io",
    };

    // Kinds whose whole must not be replaced by somebody who has not read it.
    private static readonly HashSet<string> VersionRequired = new(StringComparer.Ordinal)
    {
        "leases.coordination.k8s.io", "leasecandidates.coordination.k8s.io", "poddisruptionbudgets.policy", "customresourcedefinitions.apiextensions.k8s.io", "apiservices.apiregistration.k8s.io",
        "csinodes.storage.k8s.io", "csidrivers.storage.k8s.io", "volumeattachments.storage.k8s.io", "runtimeclasses.node.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io", "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io", "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    };

    /// <summary>Replaces the object, or the part that the subresource stands for.</summary>
    public async Task<ApiResponse> UpdateAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var value = BodyDecoder.Decode(context);
        CheckUrl(context, value.Metadata);
        var sent = value.Metadata.ManagedFields;
        // Without the version that the writer read, whatever is there is replaced; "0" says the same.
        var expected = value.Metadata.ResourceVersion is "0" ? "" : value.Metadata.ResourceVersion;
        try
        {
            var written = await modifier.ModifyAsync(context, context.Key, async current =>
            {
                (value.Metadata.ResourceVersion, value.Metadata.ManagedFields) = (expected, sent);
                CheckVersionIsGiven(context, expected);
                await PrepareAsync(context, value, current).ConfigureAwait(false);
                return value;
            }).ConfigureAwait(false);
            return new ApiResponse(200, written, null, context.Warnings);
        }
        catch (ApiException e) when (e.IsNotFound && context.Request.Subresource.Length == 0 && CreateOnUpdate.Contains(context.Kind.GroupResource) && string.IsNullOrEmpty(expected))
        {
            return await creates.CreateAsync(context, value).ConfigureAwait(false);
        }
    }

    /// <summary>Patches the object, or the part that the subresource stands for.</summary>
    public async Task<ApiResponse> PatchAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var type = BodyDecoder.MediaType(context.Request.ContentType);
        if (type == Patch.Strategic && context.Kind is CustomResourceKind)
        {
            throw ApiError.UnsupportedMediaType([Patch.Json, Patch.Merge, Patch.Apply]);
        }

        if (type is not (Patch.Json or Patch.Merge or Patch.Strategic))
        {
            throw ApiError.UnsupportedMediaType([Patch.Json, Patch.Merge, Patch.Strategic, Patch.Apply]);
        }

        var written = await modifier.ModifyAsync(context, context.Key, async current =>
        {
            var strict = new List<string>();
            var patched = Patch.ApplyTo(current.Json.Span, type, context.Request.Body.Span, context.Kind.ClrType!, strict);
            var value = BodyDecoder.DecodePatched(context, patched, strict);
            if (value.Metadata.Name != context.Request.Name)
            {
                throw ApiError.BadRequest($"the name of the object ({value.Metadata.Name}) does not match the name on the URL ({context.Request.Name})");
            }

            await PrepareAsync(context, value, current).ConfigureAwait(false);
            return value;
        }).ConfigureAwait(false);
        return new ApiResponse(200, written, null, context.Warnings);
    }

    /// <summary>Brings a changed object into the form in which it is stored, or refuses it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="value">The object as it shall be.</param>
    /// <param name="current">The object as it is.</param>
    /// <param name="recordsFields">Whether the writer comes to own what it changes; false where that is settled already.</param>
    public async ValueTask PrepareAsync(RequestContext context, IKubernetesObject<V1ObjectMeta> value, ApiObject current, bool recordsFields = true)
    {
        var (metadata, old, subresource) = (value.Metadata, current.Metadata, context.Request.Subresource);
        if (!string.IsNullOrEmpty(metadata.ResourceVersion) && metadata.ResourceVersion != old.ResourceVersion)
        {
            throw ApiError.Conflict(context.Kind, context.Request.Name);
        }

        if (!string.IsNullOrEmpty(metadata.Uid) && metadata.Uid != old.Uid)
        {
            throw ApiError.Conflict(context.Kind, context.Request.Name, $"Precondition failed: UID in precondition: {metadata.Uid}, UID in object meta: {old.Uid}");
        }

        var strategy = context.Strategy;
        strategy.Default(value);
        if (recordsFields)
        {
            FieldOwnership.Record(context, value, current);
        }

        var managedFields = metadata.ManagedFields;
        var request = new AdmissionRequest("UPDATE", context.Kind, subresource, context.Request.Namespace, context.Request.Name, value, current.Value, context.User, context.DryRun) { Warn = context.Warn };
        await admission.MutateAsync(request, context.Cancelled).ConfigureAwait(false);
        FieldOwnership.CheckAfterAdmission(context, metadata, managedFields);
        var partial = subresource.Length > 0;
        if (!partial)
        {
            strategy.PrepareForUpdate(value, current.Value);
        }
        else if (!SubresourceParts.TryPrepare(subresource, value, current.Value))
        {
            strategy.PrepareForStatusUpdate(value, current.Value);
        }

        if (partial && value is V1CertificateSigningRequest certificate)
        {
            CertificateStatusRules.Stamp(certificate, (V1CertificateSigningRequest)current.Value, context.Timestamp);
        }

        var errors = ObjectMetaRules.Update(metadata, old, strategy);
        if (!partial && value is V1Service service)
        {
            context.Hold(await services.AllocateAsync(service, (V1Service)current.Value, context.Cancelled).ConfigureAwait(false));
        }

        errors.AddRange(subresource is "" ? strategy.ValidateUpdate(value, current.Value)
            : SubresourceParts.IsPart(subresource) ? SubresourceParts.Validate(subresource, value, current.Value)
            : strategy.ValidateStatusUpdate(value, current.Value));
        if (errors.Count > 0)
        {
            throw ApiError.Invalid(context.Kind, context.Request.Name, errors);
        }

        await admission.ValidateAsync(request, context.Cancelled).ConfigureAwait(false);

        foreach (var warning in partial ? [] : strategy.Warnings(value, current.Value))
        {
            context.Warn(warning);
        }
    }

    private static void CheckVersionIsGiven(RequestContext context, string? version)
    {
        if (string.IsNullOrEmpty(version) && ((context.Request.Subresource.Length == 0 && VersionRequired.Contains(context.Kind.GroupResource)) || context.Kind is CustomResourceKind))
        {
            throw ApiError.Invalid(context.Kind, context.Request.Name, [new FieldError("FieldValueInvalid", "metadata.resourceVersion", "Invalid value: 0x0: must be specified for an update")]);
        }
    }

    private static void CheckUrl(RequestContext context, V1ObjectMeta metadata)
    {
        if (string.IsNullOrEmpty(metadata.Name))
        {
            metadata.Name = context.Request.Name;
        }
        else if (metadata.Name != context.Request.Name)
        {
            throw ApiError.BadRequest($"the name of the object ({metadata.Name}) does not match the name on the URL ({context.Request.Name})");
        }

        if (!context.Kind.Namespaced)
        {
            metadata.NamespaceProperty = null;
        }
        else if (string.IsNullOrEmpty(metadata.NamespaceProperty))
        {
            metadata.NamespaceProperty = context.Request.Namespace;
        }
        else if (metadata.NamespaceProperty != context.Request.Namespace)
        {
            throw ApiError.BadRequest($"the namespace of the object ({metadata.NamespaceProperty}) does not match the namespace on the URL ({context.Request.Namespace})");
        }
    }
}
