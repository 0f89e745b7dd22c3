using ActorKube.Api.Meta;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization;

/// <summary>
/// The rules that hold without RBAC: administrators may do everything, the cluster's own components what they need, everybody who is
/// known may discover the API.
/// </summary>
internal sealed class ComponentAuthorizer : IAuthorizer
{
    private static readonly string[] Reading = ["get", "list", "watch"];

    // What a node reads; it writes its own Node, Leases, Events, pod status and CSRs.
    private static readonly HashSet<string> NodeReads =
    [
        "pods", "nodes", "services", "endpoints", "endpointslices.discovery.k8s.io", "configmaps", "secrets", "serviceaccounts", "namespaces",
        "persistentvolumeclaims", "persistentvolumes", "runtimeclasses.node.k8s.io", "csidrivers.storage.k8s.io", "csinodes.storage.k8s.io",
        "volumeattachments.storage.k8s.io", "leases.coordination.k8s.io", "certificatesigningrequests.certificates.k8s.io",
        "networkpolicies.networking.k8s.io", "servicecidrs.networking.k8s.io",
    ];

    private static readonly HashSet<string> NodeWrites =
    [
        "pods", "pods/status", "pods/eviction", "nodes", "nodes/status", "events", "events.events.k8s.io", "leases.coordination.k8s.io",
        "csinodes.storage.k8s.io", "certificatesigningrequests.certificates.k8s.io", "serviceaccounts/token",
        "tokenreviews.authentication.k8s.io", "subjectaccessreviews.authorization.k8s.io",
    ];

    // Components of the control plane read everything and write nearly everything; the scheduler and the proxy less.
    private static readonly Dictionary<string, HashSet<string>> ComponentWrites = new(StringComparer.Ordinal)
    {
        ["system:kube-scheduler"] =
        [
            "pods", "pods/binding", "pods/status", "bindings", "events", "events.events.k8s.io", "leases.coordination.k8s.io",
            "persistentvolumeclaims", "persistentvolumes", "resourceclaims.resource.k8s.io", "resourceclaims.resource.k8s.io/status",
        ],
        ["system:kube-proxy"] = ["events", "events.events.k8s.io"],
    };

    /// <inheritdoc/>
    public ValueTask<bool> IsAllowedAsync(AccessRequest request, CancellationToken cancellationToken) => new(Allows(request));

    /// <inheritdoc/>
    public ValueTask<V1SubjectRulesReviewStatus> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken)
    {
        var all = user.IsIn("system:masters") || user.Name == "system:kube-controller-manager";
        return new(new V1SubjectRulesReviewStatus
        {
            Incomplete = !all,
            EvaluationError = all ? null : "only what everybody may do is listed",
            ResourceRules = all
                ? [new V1ResourceRule { Verbs = ["*"], ApiGroups = ["*"], Resources = ["*"] }]
                :
                [
                    new V1ResourceRule { Verbs = ["create"], ApiGroups = ["authorization.k8s.io"], Resources = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"] },
                    new V1ResourceRule { Verbs = ["create"], ApiGroups = ["authentication.k8s.io"], Resources = ["selfsubjectreviews"] },
                ],
            NonResourceRules = all
                ? [new V1NonResourceRule { Verbs = ["*"], NonResourceURLs = ["*"] }]
                : [new V1NonResourceRule { Verbs = ["get"], NonResourceURLs = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"] }],
        });
    }

    /// <summary>The rules.</summary>
    public static bool Allows(AccessRequest request)
    {
        var user = request.User;
        if (user.IsIn("system:masters"))
        {
            return true;
        }

        if (request.Path.Length > 0)
        {
            return IsPublicPath(request.Path) || (request.Verb == "get" && user.IsIn("system:authenticated") && IsDiscoveryPath(request.Path));
        }

        var resource = request.Group.Length == 0 ? request.Resource : $"{request.Resource}.{request.Group}";
        var full = request.Subresource.Length == 0 ? resource : $"{resource}/{request.Subresource}";
        var reads = Reading.Contains(request.Verb);
        if (user.IsIn("system:nodes") && user.Name.StartsWith("system:node:", StringComparison.Ordinal))
        {
            return reads ? NodeReads.Contains(resource) : NodeWrites.Contains(full);
        }

        if (user.Name == "system:kube-controller-manager")
        {
            return true;
        }

        if (ComponentWrites.TryGetValue(user.Name, out var writes))
        {
            return reads ? request.Resource != "secrets" : writes.Contains(full);
        }

        return user.IsIn("system:authenticated") && full is "selfsubjectreviews.authentication.k8s.io" or "selfsubjectaccessreviews.authorization.k8s.io" or "selfsubjectrulesreviews.authorization.k8s.io";
    }

    /// <summary>Paths that need no credential.</summary>
    public static bool IsPublicPath(string path) =>
        path is "/healthz" or "/livez" or "/readyz" or "/version" or "/version/"
        || path.StartsWith("/healthz/", StringComparison.Ordinal) || path.StartsWith("/livez/", StringComparison.Ordinal) || path.StartsWith("/readyz/", StringComparison.Ordinal);

    private static bool IsDiscoveryPath(string path) =>
        path is "/" or "/api" or "/apis" or "/openapi"
        || path.StartsWith("/api/", StringComparison.Ordinal) || path.StartsWith("/apis/", StringComparison.Ordinal) || path.StartsWith("/openapi/", StringComparison.Ordinal);

    /// <summary>The message of a refusal after <c>is forbidden: </c>, worded as Kubernetes words it.</summary>
    public static string Reason(AccessRequest request)
    {
        var user = $"User \"{request.User.Name}\" cannot {request.Verb}";
        if (request.Path.Length > 0)
        {
            return $"{user} path \"{request.Path}\"";
        }

        var resource = request.Subresource.Length == 0 ? request.Resource : $"{request.Resource}/{request.Subresource}";
        var scope = request.Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{request.Namespace}\"";
        return $"{user} resource \"{resource}\" in API group \"{request.Group}\" {scope}";
    }
}
