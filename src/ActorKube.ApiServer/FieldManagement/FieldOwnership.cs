using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using ActorKube.ApiServer.Pipeline;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.FieldManagement;

/// <summary>Records in an object who owns which of its fields, for every write but apply, which knows it by itself.</summary>
internal static class FieldOwnership
{
    private const string InvalidAfterAdmission =
        ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: ";

    /// <summary>Gives the writer what it changes. Runs after defaulting and before admission: what the server adds by itself is nobody's.</summary>
    /// <param name="context">The request.</param>
    /// <param name="value">The object as it shall be.</param>
    /// <param name="current">The object as it is; null for a new one.</param>
    public static void Record(RequestContext context, IKubernetesObject<V1ObjectMeta> value, ApiObject? current)
    {
        var kind = context.Kind;
        var known = default(Comparison);
        Comparison? Compare(string version)
        {
            if (version == kind.ApiVersion)
            {
                return known ??= FieldManagers.Compare(kind, current?.Value, value);
            }

            var (was, now) = (current is null ? null : FieldManagers.Convert(current.Value, kind, version), FieldManagers.Convert(value, kind, version));
            return now is null ? null : FieldManagers.Compare(kind, was, now);
        }

        value.Metadata.ManagedFields = FieldManagers.Of(kind, context.Request.Subresource)
            .Update(current?.Metadata, value.Metadata, Compare, context.FieldManager, context.Timestamp);
    }

    /// <summary>Puts the entries back that a mutating admission plugin left in a state that nobody can read, and tells the client.</summary>
    public static void CheckAfterAdmission(RequestContext context, V1ObjectMeta metadata, IList<V1ManagedFieldsEntry>? before)
    {
        if (!ReferenceEquals(metadata.ManagedFields, before) && !ManagedFields.TryRead(metadata.ManagedFields, out _, out var error))
        {
            metadata.ManagedFields = before;
            context.Warn(InvalidAfterAdmission + error);
        }
    }
}
