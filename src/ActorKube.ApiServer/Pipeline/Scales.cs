using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using ActorKube.ApiServer.FieldManagement;
using ActorKube.ApiServer.CustomResources;
using ActorKube.Client.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>The scale subresource: how many replicas a workload wants and has, without knowing the workload.</summary>
internal sealed class Scales(Modifier modifier, Updates updates)
{
    internal static readonly ResourceKind ScaleKind = new()
    {
        Group = "autoscaling",
        Version = "v1",
        Resource = "scales",
        Singular = "scale",
        Kind = "Scale",
        Namespaced = true,
        Verbs = [],
        ClrType = typeof(V1Scale),
    };

    /// <summary>The Scale of the object.</summary>
    public static async Task<ApiResponse> GetAsync(RequestContext context)
    {
        try
        {
            var found = await Reads.GetCurrentAsync(context).ConfigureAwait(false);
            return new ApiResponse(200, new ApiObject(ScaleOf(context.Kind, found.Object!.Value)));
        }
        catch (ApiException e) when (e.IsNotFound && context.Kind is not CustomResourceKind)
        {
            // Kubernetes names what is missing by its subresource, and that of a ReplicationController by the Scale's group.
            var (resource, group) = ($"{context.Kind.Resource}/scale", context.Kind.Group.Length == 0 ? ScaleKind.Group : context.Kind.Group);
            var status = ApiError.Status(404, "NotFound", $"{resource}.{group} \"{context.Request.Name}\" not found");
            status.Details = new V1StatusDetails { Name = context.Request.Name, Group = group, Kind = resource };
            throw new ApiException(status, e);
        }
    }

    /// <summary>Sets the replicas from a Scale.</summary>
    public async Task<ApiResponse> UpdateAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var scale = (V1Scale)BodyDecoder.Decode(context, ScaleKind);
        return await WriteAsync(context, (was, fields) => (scale, ScaleOwnership.Update(context, was, scale, fields))).ConfigureAwait(false);
    }

    /// <summary>Patches the Scale.</summary>
    public async Task<ApiResponse> PatchAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var type = BodyDecoder.MediaType(context.Request.ContentType);
        if (type is Patch.Apply)
        {
            var body = ApplyBody.Read(context);
            return await WriteAsync(context, (was, fields) => ScaleOwnership.Apply(context, body, was, fields)).ConfigureAwait(false);
        }

        if (type is not (Patch.Json or Patch.Merge or Patch.Strategic))
        {
            throw ApiError.UnsupportedMediaType([Patch.Json, Patch.Merge, Patch.Strategic, Patch.Apply]);
        }

        return await WriteAsync(context, (was, fields) =>
        {
            var patched = Patch.ApplyTo(ApiJson.Serialize(was), type, context.Request.Body.Span, typeof(V1Scale));
            var decoded = StrictDecoder.Decode(patched, typeof(V1Scale));
            var scale = decoded.Error is null ? (V1Scale)decoded.Value! : throw Patch.ResultIsInvalid(type, context.Request.Body.Span, decoded.Error);
            return (scale, ScaleOwnership.Update(context, was, scale, fields));
        }).ConfigureAwait(false);
    }

    /// <summary>The Scale of a workload.</summary>
    public static V1Scale ScaleOf(ResourceKind kind, object value)
    {
        var (wanted, has, selector) = value switch
        {
            CustomObject c => CustomScales.Read((CustomResourceKind)kind, c),
            V1Deployment d => (d.Spec.Replicas, d.Status?.Replicas, Selector(d.Spec.Selector)),
            V1ReplicaSet r => (r.Spec.Replicas, r.Status?.Replicas, Selector(r.Spec.Selector)),
            V1StatefulSet s => (s.Spec.Replicas, s.Status?.Replicas, Selector(s.Spec.Selector)),
            V1ReplicationController c => (c.Spec.Replicas, c.Status?.Replicas, LabelSelector.FromLabels(c.Spec.Selector).ToString()),
            _ => throw new ArgumentException($"{value.GetType().Name} has no scale"),
        };
        var metadata = ((IKubernetesObject<V1ObjectMeta>)value).Metadata;
        return new V1Scale
        {
            ApiVersion = ScaleKind.ApiVersion,
            Kind = ScaleKind.Kind,
            Metadata = new V1ObjectMeta
            {
                Name = metadata.Name,
                NamespaceProperty = metadata.NamespaceProperty,
                Uid = metadata.Uid,
                ResourceVersion = metadata.ResourceVersion,
                CreationTimestamp = metadata.CreationTimestamp,
            },
            Spec = new V1ScaleSpec { Replicas = wanted ?? 0 },
            Status = new V1ScaleStatus { Replicas = has ?? 0, Selector = selector },
        };
    }

    // The change makes the new Scale, and the object's new entries, from its Scale and its entries.
    private async Task<ApiResponse> WriteAsync(
        RequestContext context, Func<V1Scale, IList<V1ManagedFieldsEntry>?, (V1Scale Scale, IList<V1ManagedFieldsEntry>? Fields)> change)
    {
        var written = await modifier.ModifyAsync(context, context.Key, async current =>
        {
            var (scale, fields) = change(ScaleOf(context.Kind, current.Value), current.Metadata.ManagedFields);
            Check(context, scale, current.Metadata);
            var value = (IKubernetesObject<V1ObjectMeta>)ApiJson.Copy(current.Value);
            SetReplicas(context.Kind, value, scale.Spec?.Replicas ?? 0);
            value.Metadata.ManagedFields = fields;
            await updates.PrepareAsync(context.AsMain(), value, current, recordsFields: false).ConfigureAwait(false);
            return value;
        }).ConfigureAwait(false);
        return new ApiResponse(200, new ApiObject(ScaleOf(context.Kind, written.Value)), null, context.Warnings);
    }

    private static void Check(RequestContext context, V1Scale scale, V1ObjectMeta current)
    {
        var name = context.Request.Name;
        if (!string.IsNullOrEmpty(scale.Metadata?.Name) && scale.Metadata.Name != name)
        {
            throw ApiError.BadRequest($"the name of the object ({scale.Metadata.Name}) does not match the name on the URL ({name})");
        }

        if (!string.IsNullOrEmpty(scale.Metadata?.ResourceVersion) && scale.Metadata.ResourceVersion != current.ResourceVersion)
        {
            throw ApiError.Conflict(context.Kind, name);
        }

        if (!string.IsNullOrEmpty(scale.Metadata?.Uid) && scale.Metadata.Uid != current.Uid)
        {
            throw ApiError.Conflict(context.Kind, name, $"Precondition failed: UID in precondition: {scale.Metadata.Uid}, UID in object meta: {current.Uid}");
        }

        if (scale.Spec?.Replicas < 0)
        {
            throw ApiError.Invalid(ScaleKind, name, [FieldError.Invalid("spec.replicas", scale.Spec.Replicas, "must be greater than or equal to 0")]);
        }
    }

    private static void SetReplicas(ResourceKind kind, object value, int replicas)
    {
        switch (value)
        {
            case CustomObject c:
                CustomScales.SetReplicas((CustomResourceKind)kind, c, replicas);
                break;
            case V1Deployment d:
                d.Spec.Replicas = replicas;
                break;
            case V1ReplicaSet r:
                r.Spec.Replicas = replicas;
                break;
            case V1StatefulSet s:
                s.Spec.Replicas = replicas;
                break;
            case V1ReplicationController c:
                c.Spec.Replicas = replicas;
                break;
            default:
                throw new ArgumentException($"{value.GetType().Name} has no scale");
        }
    }

    private static string Selector(V1LabelSelector? selector) => LabelSelector.TryFrom(selector, out var parsed, out _) ? parsed.ToString() : "";
}
