using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>A request that ended with a Status other than success. The message is the Status' message.</summary>
public sealed class ApiException(V1Status status, Exception? inner = null) : Exception(status.Message, inner)
{
    /// <summary>The Status, as Kubernetes would return it.</summary>
    public V1Status Status { get; } = status;

    /// <summary>HTTP code.</summary>
    public int Code => Status.Code ?? 500;

    /// <summary>Reason, such as <c>NotFound</c>.</summary>
    public string Reason => Status.Reason ?? "";

    /// <summary>No such object.</summary>
    public bool IsNotFound => Reason == "NotFound";

    /// <summary>Someone else changed the object first.</summary>
    public bool IsConflict => Reason == "Conflict";

    /// <summary>An object of that name exists.</summary>
    public bool IsAlreadyExists => Reason == "AlreadyExists";

    /// <summary>The resource version is too old to go on from: list again.</summary>
    public bool IsGone => Reason is "Expired" or "Gone";
}
