using System.Net.Http.Headers;
using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.Client.Protocol;

namespace ActorKube.Client.Transport;

/// <summary>The HTTP request that says what an <see cref="ApiRequest"/> says.</summary>
internal static class HttpUrl
{
    /// <summary>
    /// Path and query. <c>list pods in web</c>: <c>/api/v1/namespaces/web/pods</c>; <c>update deployments/scale</c>:
    /// <c>/apis/apps/v1/namespaces/web/deployments/frontend/scale</c>.
    /// </summary>
    public static string Of(ApiRequest request)
    {
        var url = new StringBuilder(request.Group.Length == 0 ? "/api/" : $"/apis/{request.Group}/").Append(request.Version);
        if (request.Namespace.Length > 0)
            url.Append("/namespaces/").Append(Uri.EscapeDataString(request.Namespace));
        url.Append('/').Append(request.Resource);
        if (request.Name.Length > 0)
            url.Append('/').Append(Uri.EscapeDataString(request.Name));
        if (request.Subresource.Length > 0)
            url.Append('/').Append(request.Subresource);
        var separator = '?';
        if (request.Verb == "watch")
            Add("watch", "true");
        foreach (var (key, value) in request.Query.OrderBy(q => q.Key, StringComparer.Ordinal))
            Add(key, value);
        return url.ToString();

        void Add(string key, string value)
        {
            url.Append(separator).Append(Uri.EscapeDataString(key)).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
    }

    /// <summary>The method of a verb.</summary>
    public static HttpMethod MethodOf(string verb) => verb switch
    {
        "get" or "list" or "watch" => HttpMethod.Get,
        "create" => HttpMethod.Post,
        "update" => HttpMethod.Put,
        "patch" => HttpMethod.Patch,
        "delete" or "deletecollection" => HttpMethod.Delete,
        _ => throw new ArgumentException($"no HTTP method says \"{verb}\""),
    };

    /// <summary>The body, or null when the request has none.</summary>
    public static HttpContent? BodyOf(ApiRequest request)
    {
        if (request.Object is null && request.Body.IsEmpty)
            return null;
        var content = new ReadOnlyMemoryContent(request.Object is null ? request.Body : ApiJson.Serialize(request.Object));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(request.Object is null ? request.ContentType : "application/json");
        return content;
    }
}
