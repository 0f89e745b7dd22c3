using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>The paths that say what there is, and the others that are about no object: by the key of the OpenAPI v3 document that holds them.</summary>
internal static class DiscoveryPaths
{
    /// <summary>Every such path: document, path, operation.</summary>
    public static IEnumerable<(string Document, string Path, Operation Operation)> Of(IReadOnlyList<ResourceKind> kinds)
    {
        yield return (".well-known/openid-configuration", "/.well-known/openid-configuration/", new Operation
        {
            Method = "get",
            Name = ("get", "ServiceAccountIssuerOpenIDConfiguration"),
            Description = "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
            Produces = ["application/json"],
            Answer = Body.Text,
        });
        yield return ("openid/v1/jwks", "/openid/v1/jwks/", new Operation
        {
            Method = "get",
            Name = ("get", "ServiceAccountIssuerOpenIDKeyset"),
            Description = "get service account issuer OpenID JSON Web Key Set (contains public token verification keys)",
            Produces = ["application/jwk-set+json"],
            Answer = Body.Text,
        });
        yield return ("version", "/version/", new Operation
        {
            Method = "get",
            Name = ("get", "CodeVersion"),
            Description = "get the version information for this server",
            Consumes = ["application/json"],
            Produces = ["application/json"],
            Answer = typeof(VersionInfo),
        });
        yield return ("api", "/api/", Get("APIVersions", "get available API versions", typeof(V1APIVersions)));
        yield return ("apis", "/apis/", Get("APIVersions", "get available API versions", typeof(V1APIGroupList)));
        foreach (var group in kinds.Where(k => k is not CustomResources.CustomResourceKind && k.Group.Length > 0).Select(k => k.Group).Distinct().Order(StringComparer.Ordinal))
        {
            yield return ($"apis/{group}", $"/apis/{group}/", Get("APIGroup", "get information of a group", typeof(V1APIGroup)));
        }

        foreach (var path in kinds.Where(k => k is not CustomResources.CustomResourceKind).Select(PathOf).Distinct().Order(StringComparer.Ordinal))
        {
            yield return (path, $"/{path}/", Get("APIResources", "get available resources", typeof(V1APIResourceList)));
        }
    }

    /// <summary><c>api/v1</c> or <c>apis/apps/v1</c>.</summary>
    public static string PathOf(ResourceKind kind) => kind.Group.Length == 0 ? $"api/{kind.Version}" : $"apis/{kind.Group}/{kind.Version}";

    private static Operation Get(string name, string description, Type answer) => new()
    {
        Method = "get",
        Name = ("get", name),
        Description = description,
        Consumes = OperationBuilder.Formats,
        Produces = OperationBuilder.Formats,
        Answer = answer,
    };
}
