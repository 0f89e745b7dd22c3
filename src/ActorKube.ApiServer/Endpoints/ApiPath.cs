namespace ActorKube.ApiServer.Endpoints;

/// <summary>What a URL path under <c>/api</c> or <c>/apis</c> names.</summary>
/// <param name="Group">API group.</param>
/// <param name="Version">API version.</param>
/// <param name="Namespace">Namespace; empty for cluster-scoped resources and all namespaces.</param>
/// <param name="Resource">Resource.</param>
/// <param name="Name">Name; empty for a collection.</param>
/// <param name="Subresource">Subresource; empty for the object itself.</param>
/// <param name="Rest">What follows the subresource, such as the path behind <c>proxy</c>.</param>
/// <param name="Watch">Whether the path has the old prefix <c>watch/</c>.</param>
internal readonly record struct ApiPath(string Group, string Version, string Namespace, string Resource, string Name, string Subresource, string Rest, bool Watch)
{
    /// <summary>Reads a path. False when it names no resource: discovery, health and the like.</summary>
    public static bool TryParse(string path, out ApiPath result)
    {
        result = default;
        Span<Range> ranges = stackalloc Range[16];
        var text = path.AsSpan().Trim('/');
        var count = text.Split(ranges, '/');
        var at = 0;
        string group;
        switch (count > 0 ? text[ranges[0]] : [])
        {
            case "api" when count >= 3:
                group = "";
                at = 1;
                break;
            case "apis" when count >= 4:
                group = text[ranges[1]].ToString();
                at = 2;
                break;
            default:
                return false;
        }

        var version = text[ranges[at++]].ToString();
        var watch = text[ranges[at]] is "watch" && count > at + 1;
        at += watch ? 1 : 0;
        var ns = "";
        if (text[ranges[at]] is "namespaces" && count > at + 2 && text[ranges[at + 2]] is not ("status" or "finalize"))
        {
            ns = text[ranges[at + 1]].ToString();
            at += 2;
        }

        var resource = text[ranges[at]].ToString();
        var name = count > at + 1 ? text[ranges[at + 1]].ToString() : "";
        var subresource = count > at + 2 ? text[ranges[at + 2]].ToString() : "";
        var rest = count > at + 3 ? text[ranges[at + 3].Start..].ToString() : "";
        result = new ApiPath(group, version, ns, resource, name, subresource, rest, watch);
        return resource.Length > 0;
    }

    /// <summary>
    /// The URL as it came, cut behind the subresource: the path up to it, and what follows it, with its leading slash, without the query. Unlike
    /// <see cref="Rest"/>, escapes and a trailing slash stay as they are.
    /// </summary>
    /// <param name="rawTarget">The request's target, such as <c>/api/v1/namespaces/x/pods/y/proxy/a%2Fb?c=d</c>.</param>
    public (string Prefix, string Behind) SplitBehindSubresource(string rawTarget)
    {
        var path = rawTarget.Split('?')[0];
        var segments = (Group.Length == 0 ? 2 : 3) + (Watch ? 1 : 0) + (Namespace.Length > 0 ? 2 : 0) + 3;
        var at = 0;
        for (; segments > 0 && at < path.Length; segments--)
        {
            var next = path.IndexOf('/', at + 1);
            at = next < 0 ? path.Length : next;
        }

        return (path[..at], path[at..]);
    }

    /// <summary>The verb of an HTTP method on this path; null for a method that means nothing here: nothing is created where something is, or changed where there are many.</summary>
    public string? Verb(string method, bool watch) => method switch
    {
        "GET" or "HEAD" when Watch || (watch && Name.Length == 0) => "watch",
        "GET" or "HEAD" => Name.Length == 0 ? "list" : "get",
        "POST" when Name.Length == 0 || Subresource.Length > 0 => "create",
        "PUT" when Name.Length > 0 => "update",
        "PATCH" when Name.Length > 0 => "patch",
        "DELETE" => Name.Length == 0 ? "deletecollection" : "delete",
        _ => null,
    };
}
