using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Holds nodes to themselves: their own Node, Lease and pods, and of those only what a kubelet has to say.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
/// </summary>
internal sealed class NodeRestriction(ResourceRegistry registry) : IAdmissionPlugin
{
    private const string UserPrefix = "system:node:";

    /// <inheritdoc/>
    public string Name => "NodeRestriction";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) =>
        operation != "CONNECT"
        && (kind.ClrType == typeof(V1Pod) || kind.ClrType == typeof(V1Node) || kind.ClrType == typeof(V1PersistentVolumeClaim) || kind.ClrType == typeof(V1ServiceAccount)
            || kind.ClrType == typeof(V1Lease) || kind.ClrType == typeof(V1CSINode) || kind.ClrType == typeof(V1ResourceSlice));

    /// <inheritdoc/>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (!request.User.IsIn("system:nodes") || !request.User.Name.StartsWith(UserPrefix, StringComparison.Ordinal))
        {
            return;
        }

        var node = request.User.Name[UserPrefix.Length..];
        if (node.Length == 0)
        {
            throw request.Forbidden($"could not determine node from user \"{request.User.Name}\"");
        }

        var violation = request.Kind.Resource switch
        {
            "pods" => await NodeRestrictionRules.PodAsync(node, request, FindPodAsync, FindNodeAsync).ConfigureAwait(false),
            "nodes" => NodeRestrictionRules.Node(node, request),
            "persistentvolumeclaims" => NodeRestrictionRules.Claim(node, request),
            "serviceaccounts" => await NodeRestrictionRules.TokenAsync(node, request, FindPodAsync).ConfigureAwait(false),
            "leases" => NodeRestrictionRules.Lease(node, request),
            "csinodes" => request.Name == node ? null : "can only access CSINode with the same name as the requesting node",
            "resourceslices" => NodeRestrictionRules.Slice(node, request),
            _ => null,
        };
        if (violation is not null)
        {
            throw request.Forbidden(violation);
        }

        async ValueTask<V1Pod> FindPodAsync(string name)
        {
            var pods = registry.Of<V1Pod>();
            var state = await Freshness.AnyAsync(pods, cancellationToken).ConfigureAwait(false);
            return state.Objects.Find(pods.Key(request.Namespace, name))?.Object.As<V1Pod>() ?? throw ApiError.NotFound(pods.Kind, name);
        }

        async ValueTask<V1Node> FindNodeAsync(string name)
        {
            var nodes = registry.Of<V1Node>();
            var state = await Freshness.AnyAsync(nodes, cancellationToken).ConfigureAwait(false);
            return state.Objects.Find(name)?.Object.As<V1Node>() ?? throw ApiError.NotFound(nodes.Kind, name);
        }
    }
}
