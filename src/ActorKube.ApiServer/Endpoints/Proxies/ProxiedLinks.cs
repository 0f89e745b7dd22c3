using System.Text.RegularExpressions;

namespace ActorKube.ApiServer.Endpoints.Proxies;

/// <summary>
/// Links in the answers of proxied servers: those that lead to the server's own root are led through the proxy, so that a person can click on. Pure.
/// </summary>
internal static partial class ProxiedLinks
{
    // The attributes that hold a URL, by element.
    private static readonly Dictionary<string, HashSet<string>> Attributes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["a"] = Names("href"), ["applet"] = Names("codebase"), ["area"] = Names("href"), ["audio"] = Names("src"), ["base"] = Names("href"), ["blockquote"] = Names("cite"),
        ["body"] = Names("background"), ["button"] = Names("formaction"), ["command"] = Names("icon"), ["del"] = Names("cite"), ["embed"] = Names("src"), ["form"] = Names("action"),
        ["frame"] = Names("longdesc", "src"), ["head"] = Names("profile"), ["html"] = Names("manifest"), ["iframe"] = Names("longdesc", "src"), ["img"] = Names("longdesc", "src", "usemap"),
        ["input"] = Names("formaction", "src", "usemap"), ["ins"] = Names("cite"), ["link"] = Names("href"), ["object"] = Names("classid", "codebase", "data", "usemap"),
        ["q"] = Names("cite"), ["script"] = Names("src"), ["source"] = Names("src"), ["video"] = Names("poster", "src"),
    };

    /// <summary>A URL as the client of the proxy must follow it.</summary>
    /// <param name="url">The URL in the answer.</param>
    /// <param name="host">The host that the client asked for; a URL that names another one leads elsewhere.</param>
    /// <param name="prefix">The path of the proxy, without the path behind it.</param>
    public static string Rewrite(string url, string host, string prefix)
    {
        var path = url;
        if (Uri.TryCreate(url, UriKind.Absolute, out var absolute) && absolute.Scheme is "http" or "https")
        {
            if (!string.Equals(absolute.Authority, host, StringComparison.OrdinalIgnoreCase))
            {
                return url;
            }

            path = absolute.PathAndQuery + absolute.Fragment;
        }

        return !path.StartsWith('/') || path.StartsWith("//", StringComparison.Ordinal) || path.StartsWith(prefix, StringComparison.Ordinal) ? url : prefix + path;
    }

    /// <summary>The links of a page, rewritten; everything else stays byte for byte.</summary>
    public static string RewriteHtml(string html, string host, string prefix) => Tag().Replace(html, tag =>
        !tag.Groups["name"].Success || !Attributes.TryGetValue(tag.Groups["name"].Value, out var urls) ? tag.Value
        : Attribute().Replace(tag.Value, attribute => urls.Contains(attribute.Groups["attribute"].Value)
            ? $"{attribute.Groups["head"].Value}{Rewrite(attribute.Groups["url"].Value, host, prefix)}{attribute.Groups["tail"].Value}"
            : attribute.Value));

    private static HashSet<string> Names(params string[] names) => new(names, StringComparer.OrdinalIgnoreCase);

    // Comments and the insides of scripts and styles are taken whole, so that nothing in them is mistaken for a tag.
    [GeneratedRegex("""<!--.*?-->|(?<=<script\b[^>]*>).*?(?=</script)|(?<=<style\b[^>]*>).*?(?=</style)|<(?<name>[a-z][a-z0-9]*)\b(?:"[^"]*"|'[^']*'|[^"'>])*>""", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Tag();

    [GeneratedRegex("""(?<head>[\s"'](?<attribute>[a-z-]+)\s*=\s*(?<quote>["']?))(?<url>[^"'\s>]*)(?<tail>\k<quote>)""", RegexOptions.IgnoreCase)]
    private static partial Regex Attribute();
}
