using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using ActorKube.Api.Meta;

namespace ActorKube.ApiServer.Authentication;

/// <summary>
/// Bearer tokens from a file: one a line, <c>token,user,uid,"group1,group2"</c>. A token whose user is <see cref="JoinUser"/> is one that
/// nodes join with. The file is made with a random join token when it is missing.
/// Who holds the join token may be the parts of a node: <c>node:&lt;name&gt;:&lt;token&gt;</c> is its kubelet, <c>component:kube-proxy:&lt;token&gt;</c> its proxy.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file
/// </summary>
public sealed class TokenAuthenticator
{
    /// <summary>The user of a join token.</summary>
    public const string JoinUser = "system:bootstrap:join";

    private readonly FrozenDictionary<string, UserInfo> _byHash;
    private readonly ConcurrentDictionary<string, UserInfo> _joined = new(StringComparer.Ordinal);

    private TokenAuthenticator(IEnumerable<(string Token, UserInfo User)> tokens)
    {
        var list = tokens.ToList();
        // Looked up by hash, so that the time a lookup takes tells nothing about how much of a token was right.
        _byHash = list.DistinctBy(t => t.Token).ToFrozenDictionary(t => Hash(t.Token), t => t.User, StringComparer.Ordinal);
        JoinToken = list.FirstOrDefault(t => t.User.Name == JoinUser).Token ?? "";
    }

    /// <summary>The token that nodes join with; empty when the file has none.</summary>
    public string JoinToken { get; }

    /// <summary>Reads the file, making it when it is missing. Throws <see cref="FormatException"/> for a line that cannot be read.</summary>
    /// <param name="file">The file.</param>
    /// <param name="more">Further lines, from the configuration.</param>
    public static TokenAuthenticator Open(string file, params IReadOnlyList<string> more)
    {
        if (!File.Exists(file))
        {
            Create(file);
        }

        return new TokenAuthenticator(File.ReadAllLines(file).Select((line, index) => Parse(line, file, index + 1))
            .Concat(more.Select((line, index) => Parse(line, "actorkube.apiserver.authentication.static-tokens", index + 1))).OfType<(string, UserInfo)>());
    }

    /// <summary>No tokens at all.</summary>
    public static TokenAuthenticator None { get; } = new([]);

    /// <summary>The token's user, or null.</summary>
    public UserInfo? Authenticate(string token) => token.Length == 0 ? null : _byHash.GetValueOrDefault(Hash(token)) ?? Joined(token);

    /// <summary>The user that a node becomes by a join token, or null when the token is not one.</summary>
    public UserInfo? Join(string token, string node) => Authenticate(JoinAs(token, node));

    /// <summary>The bearer token that makes who has the join token the kubelet of that node.</summary>
    public static string JoinAs(string token, string node) => $"node:{node}:{token}";

    /// <summary>The bearer token that makes who has the join token a node's <c>kube-proxy</c>.</summary>
    public static string JoinAsProxy(string token) => $"component:kube-proxy:{token}";

    // The users of one node are made once: what they may do is remembered with them.
    private UserInfo? Joined(string token) => token.Split(':') is [var kind, { Length: > 0 } name, var join] && _byHash.GetValueOrDefault(Hash(join)) is { Name: JoinUser }
        ? (kind, name) switch
        {
            ("node", _) => _joined.GetOrAdd($"system:node:{name}", static user => new UserInfo(user, ["system:nodes", UserInfo.Authenticated])),
            ("component", "kube-proxy") => _joined.GetOrAdd("system:kube-proxy", static user => new UserInfo(user, [UserInfo.Authenticated])),
            _ => null,
        }
        : null;

    private static void Create(string file)
    {
        if (Path.GetDirectoryName(file) is { Length: > 0 } directory)
        {
            Directory.CreateDirectory(directory);
        }

        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(file, options);
        writer.WriteLine($"{RandomNumberGenerator.GetHexString(32, true)},{JoinUser},,\"system:bootstrappers\"");
    }

    private static (string, UserInfo)? Parse(string line, string file, int number)
    {
        if (line.AsSpan().Trim().IsEmpty || line[0] == '#')
        {
            return null;
        }

        var parts = line.Split(',', 4);
        if (parts.Length < 3 || parts[0].Trim().Length == 0 || parts[1].Trim().Length == 0)
        {
            throw new FormatException($"{file}:{number}: expected token,user,uid,\"group1,group2\"");
        }

        var groups = parts.Length < 4 ? [] : parts[3].Trim().Trim('"').Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return (parts[0].Trim(), new UserInfo(parts[1].Trim(), [.. groups, "system:authenticated"], parts[2].Trim()));
    }

    private static string Hash(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
