using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.Client.Protocol;

namespace ActorKube.ApiServer.Authorization;

/// <summary>What a request of the API is to authorization. Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#review-your-request-attributes</summary>
internal static class Accesses
{
    /// <summary>What somebody must be allowed for the request.</summary>
    public static AccessRequest Of(ApiRequest request, UserInfo user)
    {
        // A Namespace is in itself: who may read in it may read it.
        var ns = request.Namespace.Length == 0 && request.Group.Length == 0 && request.Resource == "namespaces" ? request.Name : request.Namespace;
        var access = new AccessRequest(user, request.Verb, request.Group, request.Version, request.Resource, request.Subresource, ns, request.Name);
        return request.Name.Length == 0 && request.Verb is "list" or "watch" or "deletecollection" && request.Query.GetValueOrDefault("fieldSelector") is { Length: > 0 } selector
            ? Selecting(access, selector)
            : access;
    }

    // A list of one name is about that object.
    private static AccessRequest Selecting(AccessRequest access, string selector) => access with
    {
        FieldSelector = selector,
        Name = FieldSelector.TryParse(selector, out var parsed, out _) && parsed.RequiresExactMatch("metadata.name", out var name) ? name : "",
    };
}
