using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ActorKube.ApiServer.Authentication;

/// <summary>
/// Somebody asks as somebody else: the headers <c>Impersonate-*</c>, each of which needs the verb <c>impersonate</c>.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
/// </summary>
internal static class Impersonation
{
    private const string User = "Impersonate-User";
    private const string Group = "Impersonate-Group";
    private const string Uid = "Impersonate-Uid";
    private const string Extra = "Impersonate-Extra-";

    /// <summary>Who the request is to count as: the caller himself where no header says otherwise.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="caller">Who sent it.</param>
    /// <param name="authorize">Throws the 403 Status of what the caller may not do.</param>
    public static ValueTask<UserInfo> UserAsync(IHeaderDictionary headers, UserInfo caller, Func<AccessRequest, ValueTask> authorize) =>
        headers.ContainsKey(User) || headers.ContainsKey(Group) || headers.ContainsKey(Uid) || HasExtra(headers) ? ActAsAsync(headers, caller, authorize) : new(caller);

    private static async ValueTask<UserInfo> ActAsAsync(IHeaderDictionary headers, UserInfo caller, Func<AccessRequest, ValueTask> authorize)
    {
        var (name, groups, uid) = (headers[User].ToString(), Values(headers[Group]), headers[Uid].ToString());
        var extra = ExtraOf(headers);
        if (name.Length == 0)
        {
            throw ApiError.Internal($"requested {Words(groups, extra, uid)} without impersonating a user");
        }

        var account = ServiceAccountUser.Parse(name);
        await authorize(account is { } sa ? Ask("", "serviceaccounts", sa.Namespace, sa.Name) : Ask("", "users", "", name)).ConfigureAwait(false);
        foreach (var group in groups)
        {
            await authorize(Ask("", "groups", "", group)).ConfigureAwait(false);
        }

        foreach (var (key, values) in extra)
        {
            foreach (var value in values)
            {
                await authorize(Ask("authentication.k8s.io", "userextras", "", value, key)).ConfigureAwait(false);
            }
        }

        if (uid.Length > 0)
        {
            await authorize(Ask("authentication.k8s.io", "uids", "", uid)).ConfigureAwait(false);
        }

        if (groups.Count == 0 && account is { } own)
        {
            groups = [.. ServiceAccountUser.Groups(own.Namespace)];
        }

        if (!groups.Contains(UserInfo.Authenticated) && !groups.Contains(UserInfo.Unauthenticated))
        {
            groups.Add(name == UserInfo.Anonymous.Name ? UserInfo.Unauthenticated : UserInfo.Authenticated);
        }

        return new UserInfo(name, groups, uid) { Extra = extra };

        AccessRequest Ask(string apiGroup, string resource, string ns, string wanted, string subresource = "") =>
            new(caller, "impersonate", apiGroup, "v1", resource, subresource, ns, wanted);
    }

    private static string Words(List<string> groups, Dictionary<string, IReadOnlyList<string>> extra, string uid) => string.Join(" and ", new[]
    {
        groups.Count > 0 ? $"impersonation of groups [{string.Join(' ', groups)}]" : "",
        extra.Count > 0 ? $"impersonation of extra map[{string.Join(' ', extra.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}:[{string.Join(' ', e.Value)}]"))}]" : "",
        uid.Length > 0 ? $"impersonation of uid {uid}" : "",
    }.Where(w => w.Length > 0));

    private static Dictionary<string, IReadOnlyList<string>> ExtraOf(IHeaderDictionary headers)
    {
        var extra = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (header, values) in headers)
        {
            if (IsExtra(header))
            {
                extra[Uri.UnescapeDataString(header[Extra.Length..].ToLowerInvariant())] = Values(values);
            }
        }

        return extra;
    }

    private static bool HasExtra(IHeaderDictionary headers)
    {
        foreach (var (name, _) in headers)
        {
            if (IsExtra(name))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsExtra(string header) => header.StartsWith(Extra, StringComparison.OrdinalIgnoreCase);

    private static List<string> Values(StringValues values) => [.. values.OfType<string>()];
}
