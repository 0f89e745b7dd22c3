using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.Registry;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Who hangs an object on an owner must be allowed to delete the object, and who keeps the owner from going must be allowed to hold it. Off by default.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#ownerreferencespermissionenforcement
/// </summary>
internal sealed class OwnerReferencesPermissionEnforcement(ResourceRegistry registry, IAuthorizer authorizer) : IAdmissionPlugin
{
    /// <inheritdoc/>
    public string Name => "OwnerReferencesPermissionEnforcement";

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request.Object is not IMetadata<V1ObjectMeta> value || (request.Subresource == "status" && request.Kind.ClrType == typeof(V1Pod)))
        {
            return;
        }

        var owners = value.Metadata?.OwnerReferences ?? [];
        var before = (request.Old as IMetadata<V1ObjectMeta>)?.Metadata?.OwnerReferences ?? [];
        if (SemanticEquality.Equal(owners, before) || (owners.Count == 0 && before.Count == 0))
        {
            return;
        }

        var mayDelete = new AccessRequest(request.User, "delete", request.Kind.Group, request.Kind.Version, request.Kind.Resource, request.Subresource, request.Namespace, request.Old is null ? "" : request.Name);
        if (!await authorizer.IsAllowedAsync(mayDelete, cancellationToken).ConfigureAwait(false))
        {
            throw request.Forbidden("cannot set an ownerRef on a resource you can't delete: , <nil>");
        }

        foreach (var owner in owners.Where(o => o.BlockOwnerDeletion is true && before.FirstOrDefault(b => b.Uid == o.Uid)?.BlockOwnerDeletion is not true))
        {
            var kind = registry.Kinds.FindKind(owner.ApiVersion ?? "", owner.Kind ?? "")
                ?? throw request.Forbidden($"cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion {owner.ApiVersion} Kind {owner.Kind}");
            var mayHold = new AccessRequest(request.User, "update", kind.Group, kind.Version, kind.Resource, "finalizers", kind.Namespaced ? request.Namespace : "", owner.Name ?? "");
            if (!await authorizer.IsAllowedAsync(mayHold, cancellationToken).ConfigureAwait(false))
            {
                throw request.Forbidden("cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>");
            }
        }
    }
}
