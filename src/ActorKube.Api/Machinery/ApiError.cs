using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>
/// The failures of the API as Status objects, worded as Kubernetes words them.
/// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and the Status type.
/// </summary>
public static class ApiError
{
    /// <summary>404: no such object.</summary>
    public static ApiException NotFound(ResourceKind kind, string name) => Object(404, "NotFound", kind, name, $"{kind.GroupResource} \"{name}\" not found");

    /// <summary>404: no such URL.</summary>
    public static ApiException NoSuchResource() => Plain(404, "NotFound", "the server could not find the requested resource");

    /// <summary>409: the name is taken.</summary>
    public static ApiException AlreadyExists(ResourceKind kind, string name) => Object(409, "AlreadyExists", kind, name, $"{kind.GroupResource} \"{name}\" already exists");

    /// <summary>409: the object changed since the caller read it, or a precondition failed.</summary>
    public static ApiException Conflict(ResourceKind kind, string name, string why = "the object has been modified; please apply your changes to the latest version and try again") =>
        Object(409, "Conflict", kind, name, $"Operation cannot be fulfilled on {kind.GroupResource} \"{name}\": {why}");

    /// <summary>422: one or more fields are wrong.</summary>
    public static ApiException Invalid(ResourceKind kind, string name, IReadOnlyList<FieldError> errors)
    {
        var text = errors.Count == 1 ? errors[0].ToString() : $"[{string.Join(", ", errors.Select(e => e.ToString()).Distinct())}]";
        var status = Status(422, "Invalid", $"{kind.Kind}{(kind.Group.Length == 0 ? "" : "." + kind.Group)} \"{name}\" is invalid: {text}");
        status.Details = new V1StatusDetails
        {
            Name = NullIfEmpty(name),
            Group = NullIfEmpty(kind.Group),
            Kind = kind.Kind,
            Causes = [.. errors.Select(e => new V1StatusCause { Reason = e.Reason, Message = e.Message, Field = e.Field })],
        };
        return new ApiException(status);
    }

    /// <summary>400: the request cannot be understood.</summary>
    public static ApiException BadRequest(string message) => Plain(400, "BadRequest", message);

    /// <summary>401: nobody we know.</summary>
    public static ApiException Unauthorized() => Plain(401, "Unauthorized", "Unauthorized");

    /// <summary>403 on an object: known, but not allowed, or against a rule of the cluster.</summary>
    public static ApiException Forbidden(ResourceKind kind, string name, string why) =>
        Object(403, "Forbidden", kind, name, $"{kind.GroupResource} {(name.Length == 0 ? "" : $"\"{name}\" ")}is forbidden: {why}");

    /// <summary>405: the resource does not offer the verb.</summary>
    public static ApiException MethodNotAllowed(ResourceKind kind, string verb) =>
        Object(405, "MethodNotAllowed", kind, "", $"{verb} is not supported on resources of kind \"{kind.GroupResource}\"");

    /// <summary>405: nothing of the kind can be done at this URL.</summary>
    public static ApiException MethodNotAllowed()
    {
        var status = Status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
        status.Details = new V1StatusDetails();
        return new ApiException(status);
    }

    /// <summary>406: none of the accepted media types is offered.</summary>
    public static ApiException NotAcceptable(IEnumerable<string> offered) =>
        Plain(406, "NotAcceptable", $"only the following media types are accepted: {string.Join(", ", offered)}");

    /// <summary>410: the resource version is too old.</summary>
    public static ApiException Expired(string message) => Plain(410, "Expired", message);

    /// <summary>413: the body is larger than <paramref name="limit"/> bytes.</summary>
    public static ApiException TooLarge(long limit) => Plain(413, "RequestEntityTooLarge", $"Request entity too large: limit is {limit}");

    /// <summary>415: the body's media type is not understood.</summary>
    public static ApiException UnsupportedMediaType(IEnumerable<string> accepted) =>
        Plain(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {string.Join(", ", accepted)}");

    /// <summary>500: something broke. The outcome of a write may be unknown.</summary>
    public static ApiException Internal(string message, Exception? inner = null)
    {
        var status = Status(500, "InternalError", $"Internal error occurred: {message}");
        status.Details = new V1StatusDetails { Causes = [new V1StatusCause { Message = message }] };
        return new ApiException(status, inner);
    }

    /// <summary>503: not ready yet.</summary>
    public static ApiException Unavailable(string message) => Plain(503, "ServiceUnavailable", message);

    /// <summary>504: the outcome did not come in time and is not known.</summary>
    public static ApiException Timeout(string message) => Plain(504, "Timeout", message);

    /// <summary>Reads a Status body back into the exception it came from.</summary>
    public static ApiException From(V1Status status) => new(status);

    /// <summary>A failure Status.</summary>
    public static V1Status Status(int code, string reason, string message) => new()
    {
        ApiVersion = "v1",
        Kind = "Status",
        Metadata = new V1ListMeta(),
        Status = "Failure",
        Code = code,
        Reason = reason,
        Message = message,
    };

    private static ApiException Plain(int code, string reason, string message) => new(Status(code, reason, message));

    private static ApiException Object(int code, string reason, ResourceKind kind, string name, string message)
    {
        var status = Status(code, reason, message);
        status.Details = new V1StatusDetails { Name = NullIfEmpty(name), Group = NullIfEmpty(kind.Group), Kind = kind.Resource };
        return new ApiException(status);
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
