namespace ActorKube.Api.Meta;

/// <summary>Who makes a request. Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/</summary>
/// <param name="Name">User name, such as <c>system:node:n1</c>.</param>
/// <param name="Groups">Groups, such as <c>system:masters</c>.</param>
/// <param name="Uid">Unique id, where the authenticator knows one.</param>
public sealed record UserInfo(string Name, IReadOnlyList<string> Groups, string Uid = "")
{
    /// <summary>The group of everybody whose credential is good.</summary>
    public const string Authenticated = "system:authenticated";

    /// <summary>The group of everybody without a credential.</summary>
    public const string Unauthenticated = "system:unauthenticated";

    /// <summary>The group that may do everything.</summary>
    public const string Masters = "system:masters";

    private static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> NoExtra = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>A request without a credential.</summary>
    public static UserInfo Anonymous { get; } = new("system:anonymous", [Unauthenticated]);

    /// <summary>What else the authenticator knows, such as <c>authentication.kubernetes.io/pod-name</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = NoExtra;

    /// <summary>Whether the user is in the group.</summary>
    public bool IsIn(string group) => Groups.Contains(group);
}
