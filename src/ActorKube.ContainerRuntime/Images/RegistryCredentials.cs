using System.Net.Http.Headers;
using System.Text;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>What a pull secret gives: a user and password, a token to trade for others, or a token to show as it is.</summary>
internal sealed record RegistryCredentials(AuthenticationHeaderValue? Basic, string? IdentityToken, string? RegistryToken)
{
    public static RegistryCredentials From(AuthConfig? auth)
    {
        if (auth is null)
            return new RegistryCredentials(null, null, null);
        var (user, password) = (auth.Username, auth.Password);
        var encoded = auth.Auth.Length > 0 ? auth.Auth
            : user.Length > 0 || password.Length > 0 ? Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))
            : null;
        return new RegistryCredentials(
            encoded is null ? null : new AuthenticationHeaderValue("Basic", encoded),
            auth.IdentityToken is { Length: > 0 } identity ? identity : null,
            auth.RegistryToken is { Length: > 0 } registry ? registry : null);
    }
}

/// <summary>The parameters of a WWW-Authenticate challenge: <c>realm="…",service="…",scope="a,b"</c>.</summary>
internal static class ChallengeParameters
{
    public static IReadOnlyDictionary<string, string> Parse(string text)
    {
        var result = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var i = 0;
        while (i < text.Length)
        {
            var equals = text.IndexOf('=', i);
            if (equals < 0)
                break;
            var key = text[i..equals].Trim(' ', ',');
            i = equals + 1;
            var value = new StringBuilder();
            if (i < text.Length && text[i] == '"')
            {
                for (i++; i < text.Length && text[i] != '"'; i++)
                {
                    if (text[i] == '\\' && i + 1 < text.Length)
                        i++;
                    value.Append(text[i]);
                }
                i++;
            }
            else
            {
                for (; i < text.Length && text[i] != ','; i++)
                    value.Append(text[i]);
            }
            result[key] = value.ToString().Trim();
        }
        return result;
    }
}
