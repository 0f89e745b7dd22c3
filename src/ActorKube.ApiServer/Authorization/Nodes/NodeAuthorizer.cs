using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authorization.Rbac;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Nodes;

/// <summary>
/// What a kubelet may do: its own Node, Lease and CSINode, its pods, and what those pods mention; the rest by the rules of <c>system:node</c>.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/node/
/// </summary>
internal sealed class NodeAuthorizer(NodeGraph graph, IEnumerable<RbacRule> rules) : IAuthorizer
{
    private const string UserPrefix = "system:node:";

    private readonly RbacRule[] _rules = [.. rules];

    /// <summary>The node that a user is; empty for a user of the group without a node's name; null for somebody else.</summary>
    public static string? NodeOf(UserInfo user) => !user.IsIn("system:nodes") || !user.Name.StartsWith(UserPrefix, StringComparison.Ordinal) ? null : user.Name[UserPrefix.Length..];

    /// <inheritdoc/>
    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken) => NodeOf(request.User) switch
    {
        null => new(No("")),
        "" => new(No($"unknown node for user \"{request.User.Name}\"")),
        var node when request.Path.Length > 0 => new(ByRule(request)),
        var node => OfNodeAsync(node, request, cancellationToken),
    };

    /// <inheritdoc/>
    public ValueTask<V1SubjectRulesReviewStatus> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken)
    {
        var isNode = NodeOf(user) is not null;
        return new(new V1SubjectRulesReviewStatus
        {
            ResourceRules = [],
            NonResourceRules = [],
            Incomplete = isNode,
            EvaluationError = isNode ? "node authorizer does not support user rule resolution" : null,
        });
    }

    private ValueTask<AccessDecision> OfNodeAsync(string node, AccessRequest request, CancellationToken cancellationToken)
    {
        var resource = request.Group.Length == 0 ? request.Resource : $"{request.Resource}.{request.Group}";
        return resource switch
        {
            "secrets" or "configmaps" => ReadAsync(node, request, cancellationToken),
            "persistentvolumeclaims" when request.Subresource == "status" => StatusAsync(node, request, cancellationToken),
            "persistentvolumeclaims" or "persistentvolumes" or "resourceclaims.resource.k8s.io" or "volumeattachments.storage.k8s.io" => GetAsync(node, request, cancellationToken),
            "serviceaccounts" => ServiceAccountAsync(node, request, cancellationToken),
            "leases.coordination.k8s.io" => new(Lease(node, request)),
            "csinodes.storage.k8s.io" => new(CsiNode(node, request)),
            "resourceslices.resource.k8s.io" => SliceAsync(node, request, cancellationToken),
            "nodes" => new(Node(node, request)),
            "pods" => PodAsync(node, request, cancellationToken),
            _ => new(ByRule(request)),
        };
    }

    private AccessDecision ByRule(AccessRequest request)
    {
        var resource = request.Subresource.Length == 0 ? request.Resource : $"{request.Resource}/{request.Subresource}";
        return new AccessDecision(Array.Exists(_rules, r => r.Allows(request, resource)));
    }

    private ValueTask<AccessDecision> ReadAsync(string node, AccessRequest request, CancellationToken cancellationToken) => request switch
    {
        { Verb: not ("get" or "list" or "watch") } => new(No("can only read resources of this type")),
        { Subresource.Length: > 0 } => new(No("cannot read subresource")),
        { Namespace.Length: 0 } => new(No("can only read namespaced object of this type")),
        _ => RelatedAsync(node, request, cancellationToken),
    };

    private ValueTask<AccessDecision> StatusAsync(string node, AccessRequest request, CancellationToken cancellationToken) => request.Verb is "update" or "patch"
        ? RelatedAsync(node, request, cancellationToken)
        : new(No("can only get/update/patch this type"));

    private ValueTask<AccessDecision> GetAsync(string node, AccessRequest request, CancellationToken cancellationToken) => request switch
    {
        { Verb: not "get" } => new(No("can only get individual resources of this type")),
        { Subresource.Length: > 0 } => new(No("cannot get subresource")),
        _ => RelatedAsync(node, request, cancellationToken),
    };

    private ValueTask<AccessDecision> ServiceAccountAsync(string node, AccessRequest request, CancellationToken cancellationToken) => request switch
    {
        { Verb: "get", Subresource.Length: 0, Name.Length: > 0 } => RelatedAsync(node, request, cancellationToken),
        { Verb: not "create" } or { Name.Length: 0 } => new(No("can only create tokens for individual service accounts")),
        { Subresource: not "token" } => new(No("can only create token subresource of serviceaccount")),
        _ => RelatedAsync(node, request, cancellationToken),
    };

    private static AccessDecision Lease(string node, AccessRequest request) => request switch
    {
        { Verb: not ("get" or "create" or "update" or "patch" or "delete") } => No("can only get, create, update, patch, or delete a node lease"),
        { Namespace: not "kube-node-lease" } => No("can only access leases in the \"kube-node-lease\" system namespace"),
        { Verb: not "create" } when request.Name != node => No("can only access node lease with the same name as the requesting node"),
        _ => AccessDecision.Yes,
    };

    private static AccessDecision CsiNode(string node, AccessRequest request) => request switch
    {
        { Verb: not ("get" or "create" or "update" or "patch" or "delete") } => No("can only get, create, update, patch, or delete a CSINode"),
        { Subresource.Length: > 0 } => No("cannot authorize CSINode subresources"),
        { Verb: not "create" } when request.Name != node => No("can only access CSINode with the same name as the requesting node"),
        _ => AccessDecision.Yes,
    };

    private ValueTask<AccessDecision> SliceAsync(string node, AccessRequest request, CancellationToken cancellationToken) => request switch
    {
        { Subresource.Length: > 0 } => new(No("cannot authorize ResourceSlice subresources")),
        { Verb: "create" } => new(AccessDecision.Yes),
        { Verb: "get" or "update" or "patch" or "delete" } => RelatedAsync(node, request, cancellationToken),
        { Verb: "watch" or "list" or "deletecollection" } => new(Selects(request, "nodeName", node)
            || Selects(request, "spec.nodeName", node) ? AccessDecision.Yes : No("can only list/watch/deletecollection resourceslices with nodeName field selector")),
        _ => new(No("only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection")),
    };

    private static AccessDecision Node(string node, AccessRequest request) => request switch
    {
        { Subresource.Length: 0, Verb: "create" or "update" or "patch" } or { Subresource: "status", Verb: "update" or "patch" } => AccessDecision.Yes,
        { Subresource.Length: 0, Verb: "get" or "list" or "watch" } when request.Name == node => AccessDecision.Yes,
        { Subresource.Length: 0, Verb: "get" or "list" or "watch", Name.Length: 0 } => No($"node '{node}' cannot read all nodes, only its own Node object"),
        { Subresource.Length: 0, Verb: "get" or "list" or "watch" } => No($"node '{node}' cannot read '{request.Name}', only its own Node object"),
        _ => No(""),
    };

    private ValueTask<AccessDecision> PodAsync(string node, AccessRequest request, CancellationToken cancellationToken) => request switch
    {
        { Subresource.Length: 0, Verb: "get" } => RelatedAsync(node, request, cancellationToken),
        { Subresource.Length: 0, Verb: "list" or "watch" } when Selects(request, "spec.nodeName", node) => new(AccessDecision.Yes),
        { Subresource.Length: 0, Verb: "list" or "watch", Name.Length: > 0 } => RelatedAsync(node, request, cancellationToken),
        { Subresource.Length: 0, Verb: "list" or "watch" } => new(No("can only list/watch pods with spec.nodeName field selector")),
        { Subresource.Length: 0, Verb: "create" or "delete" } or { Subresource: "status", Verb: "update" or "patch" } or { Subresource: "eviction", Verb: "create" } => new(AccessDecision.Yes),
        _ => new(No("")),
    };

    private async ValueTask<AccessDecision> RelatedAsync(string node, AccessRequest request, CancellationToken cancellationToken) => request.Name.Length == 0
        ? No("No Object name found")
        : await graph.LeadsToAsync(node, request.Resource, request.Namespace, request.Name, cancellationToken).ConfigureAwait(false)
            ? AccessDecision.Yes
            : No($"no relationship found between node '{node}' and this object");

    private static bool Selects(AccessRequest request, string field, string value) => request.FieldSelector.Split(',').Any(term =>
    {
        var at = term.IndexOf('=', StringComparison.Ordinal);
        return at > 0 && term.AsSpan(0, at).Trim().SequenceEqual(field) && term.AsSpan(at).TrimStart('=').Trim().SequenceEqual(value);
    });

    private static AccessDecision No(string reason) => new(false, reason);
}
