namespace ActorKube.Api.Meta;

/// <summary>Who makes a request. Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/</summary>
/// <param name="Name">User name, such as <c>system:node:n1</c>.</param>
/// <param name="Groups">Groups, such as <c>system:masters</c>.</param>
/// <param name="Uid">Unique id, where the authenticator knows one.</param>
public sealed record UserInfo(string Name, IReadOnlyList<string> Groups, string Uid = "")
{
    /// <summary>A request without a credential.</summary>
    public static UserInfo Anonymous { get; } = new("system:anonymous", ["system:unauthenticated"]);

    /// <summary>Whether the user is in the group.</summary>
    public bool IsIn(string group) => Groups.Contains(group);
}
