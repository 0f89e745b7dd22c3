using System.Text;
using System.Text.Json;
using ActorKube.ContainerRuntime.Cri;
using k8s.Models;

namespace ActorKube.Kubelet.Images;

/// <summary>
/// Credentials for registries out of a pod's imagePullSecrets.
/// Source: https://kubernetes.io/docs/concepts/containers/images/#config-json
/// </summary>
internal static class PullSecrets
{
    /// <summary>The credentials that match the image, the most exact first; one null when there are none, which is an anonymous pull.</summary>
    public static IReadOnlyList<AuthConfig?> For(ImageReference image, IEnumerable<V1Secret> secrets)
    {
        var found = new List<(string Pattern, AuthConfig Auth)>();
        foreach (var secret in secrets)
        {
            foreach (var entry in Entries(secret))
            {
                if (Matches(entry.Pattern, image.Name))
                    found.Add(entry);
            }
        }

        return found.Count == 0 ? [null] : [.. found.OrderByDescending(f => f.Pattern.Length).Select(f => f.Auth)];
    }

    /// <summary>
    /// <c>registry:5000/team</c> matches images below that path, <c>*.example.com</c> one label of the host. A scheme and Docker Hub's
    /// historic <c>https://index.docker.io/v1/</c> are understood.
    /// </summary>
    public static bool Matches(string pattern, string image)
    {
        var scheme = pattern.IndexOf("://", StringComparison.Ordinal);
        var bare = (scheme < 0 ? pattern : pattern[(scheme + 3)..]).TrimEnd('/');
        if (bare.EndsWith("/v1", StringComparison.Ordinal) || bare.EndsWith("/v2", StringComparison.Ordinal))
            bare = bare[..^3];
        var (patternHost, patternPath) = Split(bare);
        var (host, path) = Split(image);
        if (patternHost is "index.docker.io" or "registry-1.docker.io")
            patternHost = "docker.io";
        return HostMatches(patternHost, host) && (patternPath.Length == 0 || path == patternPath || path.StartsWith(patternPath + "/", StringComparison.Ordinal));
    }

    private static bool HostMatches(string pattern, string host)
    {
        var wanted = pattern.Split('.');
        var actual = host.Split('.');
        return wanted.Length == actual.Length && wanted.Zip(actual).All(p => p.First == p.Second || LabelMatches(p.First, p.Second));
    }

    private static bool LabelMatches(string pattern, string label)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star >= 0 && label.Length >= pattern.Length - 1
            && label.StartsWith(pattern[..star], StringComparison.Ordinal) && label.EndsWith(pattern[(star + 1)..], StringComparison.Ordinal);
    }

    private static (string Host, string Path) Split(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (text, "") : (text[..slash], text[(slash + 1)..]);
    }

    // A secret that cannot be read has no entries: another one may do.
    private static IEnumerable<(string Pattern, AuthConfig Auth)> Entries(V1Secret secret)
    {
        var json = secret.Type switch
        {
            "kubernetes.io/dockerconfigjson" => secret.Data?.TryGetValue(".dockerconfigjson", out var config) == true ? config : null,
            "kubernetes.io/dockercfg" => secret.Data?.TryGetValue(".dockercfg", out var config) == true ? config : null,
            _ => null,
        };
        if (json is null)
            yield break;
        using var document = TryParse(json);
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } root)
            yield break;
        var registries = root.TryGetProperty("auths", out var auths) ? auths : root;
        if (registries.ValueKind != JsonValueKind.Object)
            yield break;
        foreach (var registry in registries.EnumerateObject())
        {
            if (registry.Value.ValueKind == JsonValueKind.Object && Read(registry.Name, registry.Value) is { } auth)
                yield return (registry.Name, auth);
        }
    }

    private static JsonDocument? TryParse(byte[] json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static AuthConfig? Read(string server, JsonElement entry)
    {
        string Text(string name) => entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        var auth = new AuthConfig
        {
            Username = Text("username"),
            Password = Text("password"),
            IdentityToken = Text("identitytoken"),
            RegistryToken = Text("registrytoken"),
            ServerAddress = server,
        };
        var buffer = new byte[Text("auth").Length];
        if (auth.Username.Length == 0 && Convert.TryFromBase64String(Text("auth"), buffer, out var length) && length > 0)
        {
            var pair = Encoding.UTF8.GetString(buffer, 0, length);
            var colon = pair.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                (auth.Username, auth.Password) = (pair[..colon], pair[(colon + 1)..].TrimEnd('\0'));
        }

        return auth.Username.Length + auth.IdentityToken.Length + auth.RegistryToken.Length > 0 ? auth : null;
    }
}
