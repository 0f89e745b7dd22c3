using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using ActorKube.Api.Meta;

namespace ActorKube.ApiServer.Authentication;

/// <summary>
/// Bearer tokens from a file: one a line, <c>token,user,uid,"group1,group2"</c>. A token whose user is <see cref="JoinUser"/> is one that
/// nodes join with. The file is made with a random join token when it is missing.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file
/// </summary>
public sealed class TokenAuthenticator
{
    /// <summary>The user of a join token.</summary>
    public const string JoinUser = "system:bootstrap:join";

    private readonly FrozenDictionary<string, UserInfo> _byHash;

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
    public static TokenAuthenticator Open(string file)
    {
        if (!File.Exists(file))
        {
            Create(file);
        }

        return new TokenAuthenticator(File.ReadAllLines(file).Select((line, index) => Parse(line, file, index + 1)).OfType<(string, UserInfo)>());
    }

    /// <summary>No tokens at all.</summary>
    public static TokenAuthenticator None { get; } = new([]);

    /// <summary>The token's user, or null.</summary>
    public UserInfo? Authenticate(string token) => token.Length == 0 ? null : _byHash.GetValueOrDefault(Hash(token));

    /// <summary>The user that a node becomes by a join token, or null when the token is not one.</summary>
    public UserInfo? Join(string token, string node) =>
        Authenticate(token) is { Name: JoinUser } && node.Length > 0 ? new UserInfo($"system:node:{node}", ["system:nodes", "system:authenticated"]) : null;

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
