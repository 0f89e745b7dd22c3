using ActorKube.Api.Meta;

namespace ActorKube.ApiServer.Authentication;

/// <summary>A service account as a user.</summary>
internal static class ServiceAccountUser
{
    private const string Prefix = "system:serviceaccount:";

    /// <summary>The user.</summary>
    public static UserInfo Of(string ns, string name, string uid) => new($"{Prefix}{ns}:{name}", [.. Groups(ns), UserInfo.Authenticated], uid);

    /// <summary>The groups of the service accounts of a namespace.</summary>
    public static string[] Groups(string ns) => ["system:serviceaccounts", $"system:serviceaccounts:{ns}"];

    /// <summary>The namespace and name behind a user name; null when it is not a service account's.</summary>
    public static (string Namespace, string Name)? Parse(string user) =>
        user.StartsWith(Prefix, StringComparison.Ordinal) && user[Prefix.Length..].Split(':') is [{ Length: > 0 } ns, { Length: > 0 } name] ? (ns, name) : null;
}
