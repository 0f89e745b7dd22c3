using System.Globalization;

namespace ActorKube.ContainerRuntime.Builtin.Oci;

/// <summary>
/// Who a container's process is, from the image's <c>USER</c>, the pod's security context and the image's own /etc/passwd and /etc/group.
/// </summary>
internal static class UserLookup
{
    private const uint Highest = int.MaxValue;

    /// <param name="user">The image's or the pod's user: <c>1000</c>, <c>app</c>, <c>1000:1000</c>, <c>app:group</c> or empty for root.</param>
    /// <param name="runAsGroup">The pod's group, which wins.</param>
    /// <param name="supplemental">The pod's supplemental groups (fsGroup among them).</param>
    /// <param name="mergeImageGroups">Whether the groups that /etc/group lists the user in are added (SupplementalGroupsPolicy Merge).</param>
    /// <param name="passwd">/etc/passwd of the image, or null.</param>
    /// <param name="group">/etc/group of the image, or null.</param>
    public static (OciUser User, string? Home) Resolve(
        string user, long? runAsGroup, IReadOnlyList<long> supplemental, bool mergeImageGroups, string? passwd, string? group)
    {
        var parts = user.Split(':', 2);
        var account = FindUser(parts[0], passwd);
        uint uid, gid = account?.Gid ?? 0;
        if (parts[0].Length == 0)
            uid = 0;
        else if (account is not null)
            uid = account.Uid;
        else if (!uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out uid) || uid > Highest)
            throw new ContainerRuntimeException($"unable to find user {parts[0]}: no matching entries in passwd file");
        if (parts.Length == 2)
        {
            gid = Entries(group, 3).FirstOrDefault(e => e[0] == parts[1]) is { } named && uint.TryParse(named[2], out var found) ? found
                : uint.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
                : throw new ContainerRuntimeException($"unable to find group {parts[1]}: no matching entries in group file");
        }
        if (runAsGroup is { } wanted)
            gid = checked((uint)wanted);
        var additional = new SortedSet<uint>(supplemental.Select(g => checked((uint)g)));
        if (mergeImageGroups && account is not null)
        {
            foreach (var entry in Entries(group, 4).Where(e => e[3].Split(',').Contains(account.Name)))
            {
                if (uint.TryParse(entry[2], out var member))
                    additional.Add(member);
            }
        }
        // The kernel checks the primary group apart from the others; tools list it, and so do containerd and Docker.
        additional.Add(gid);
        return (new OciUser { Uid = uid, Gid = gid, AdditionalGids = [.. additional] }, account?.Home);
    }

    private static Account? FindUser(string user, string? passwd)
    {
        var wanted = user.Length == 0 ? "0" : user;
        var isNumber = uint.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out _);
        foreach (var entry in Entries(passwd, 4))
        {
            if (entry[isNumber ? 2 : 0] == wanted && uint.TryParse(entry[2], out var uid) && uint.TryParse(entry[3], out var gid))
                return new Account(entry[0], uid, gid, entry.Length > 5 ? entry[5] : null);
        }
        return null;
    }

    private static IEnumerable<string[]> Entries(string? file, int fields) =>
        (file ?? "").Split('\n').Select(l => l.Trim().Split(':')).Where(e => e.Length >= fields);

    private sealed record Account(string Name, uint Uid, uint Gid, string? Home);
}
