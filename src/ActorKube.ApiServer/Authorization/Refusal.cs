using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization;

/// <summary>The 403 Status of a request that is not allowed, worded as Kubernetes words it.</summary>
internal static class Refusal
{
    /// <summary>The Status.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="reason">What the authorizers said; may be empty.</param>
    public static ApiException Of(AccessRequest request, string reason)
    {
        var why = reason.Length == 0 ? Escape(Message(request)) : $"{Escape(Message(request))}: {reason}";
        var resource = request.Group.Length == 0 ? request.Resource : $"{request.Resource}.{request.Group}";
        var status = ApiError.Status(403, "Forbidden",
            resource.Length == 0 ? $"forbidden: {why}" : request.Name.Length == 0 ? $"{resource} is forbidden: {why}" : $"{resource} \"{request.Name}\" is forbidden: {why}");
        status.Details = new V1StatusDetails
        {
            Name = request.Name.Length == 0 ? null : request.Name,
            Group = request.Group.Length == 0 ? null : request.Group,
            Kind = request.Resource.Length == 0 ? null : request.Resource,
        };
        return new ApiException(status);
    }

    /// <summary>Who cannot do what where.</summary>
    public static string Message(AccessRequest request)
    {
        var user = $"User \"{request.User.Name}\" cannot {request.Verb}";
        if (request.Path.Length > 0)
        {
            return $"{user} path \"{request.Path}\"";
        }

        var resource = request.Subresource.Length == 0 ? request.Resource : $"{request.Resource}/{request.Subresource}";
        var scope = request.Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{request.Namespace}\"";
        return $"{user} resource \"{resource}\" in API group \"{request.Group}\" {scope}";
    }

    // The text may end up in a browser.
    private static string Escape(string text) => text.AsSpan().IndexOfAny('&', '<', '>') < 0
        ? text
        : text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
