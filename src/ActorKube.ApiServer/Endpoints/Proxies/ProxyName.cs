namespace ActorKube.ApiServer.Endpoints.Proxies;

/// <summary>
/// The name of a pod or Service as a proxy URL gives it: <c>name</c>, <c>name:port</c> or <c>scheme:name:port</c>, where scheme and port may be empty.
/// Source: https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/#manually-constructing-apiserver-proxy-urls
/// </summary>
/// <param name="Scheme"><c>http</c>, <c>https</c>, or empty for http.</param>
/// <param name="Name">Name of the object.</param>
/// <param name="Port">Number, or for a Service also a name; empty for the pod's first port or the Service's nameless one.</param>
internal readonly record struct ProxyName(string Scheme, string Name, string Port)
{
    /// <summary>Reads a name. False for one that has no such form.</summary>
    public static bool TryParse(string text, out ProxyName name)
    {
        var parts = text.Split(':');
        name = parts switch
        {
            [var only] => new ProxyName("", only, ""),
            [var first, var port] => new ProxyName("", first, port),
            ["" or "http" or "https", var second, var port] => new ProxyName(parts[0], second, port),
            _ => default,
        };
        return !string.IsNullOrEmpty(name.Name);
    }
}
