using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Nothing is created in a namespace that does not exist or is being deleted, and the system's own namespaces stay.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle
/// </summary>
internal sealed class NamespaceLifecycle(ResourceRegistry registry) : IAdmissionPlugin
{
    private static readonly string[] Immortal = ["default", "kube-system", "kube-public"];

    /// <inheritdoc/>
    public string Name => "NamespaceLifecycle";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => (operation == "CREATE" && kind.Namespaced) || (operation == "DELETE" && kind.ClrType == typeof(V1Namespace));

    /// <inheritdoc/>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request.Operation == "DELETE" && request.Kind.ClrType == typeof(V1Namespace) && Immortal.Contains(request.Name))
        {
            throw ApiError.Forbidden(request.Kind, request.Name, "this namespace may not be deleted");
        }

        if (!request.Kind.Namespaced || request.Operation != "CREATE")
        {
            return;
        }

        var found = await FindAsync(request.Namespace, cancellationToken).ConfigureAwait(false)
            ?? throw ApiError.NotFound(registry.Of<V1Namespace>().Kind, request.Namespace);
        if (found.Status?.Phase == "Terminating" || found.Metadata.DeletionTimestamp is not null)
        {
            var refused = ApiError.Forbidden(request.Kind, request.Name, $"unable to create new content in namespace {request.Namespace} because it is being terminated");
            refused.Status.Details.Causes = [new V1StatusCause { Reason = "NamespaceTerminating", Message = $"namespace {request.Namespace} is being terminated", Field = "metadata.namespace" }];
            throw refused;
        }
    }

    // A namespace that another server just created may not be in our cache yet: ask again before refusing.
    private async ValueTask<V1Namespace?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var namespaces = registry.Of<V1Namespace>();
        var state = await Freshness.AnyAsync(namespaces, cancellationToken).ConfigureAwait(false);
        if (state.Objects.Find(name) is { } known)
        {
            return known.Object.As<V1Namespace>();
        }

        state = await Freshness.ConsistentAsync(namespaces, cancellationToken).ConfigureAwait(false);
        return state.Objects.Find(name)?.Object.As<V1Namespace>();
    }
}
