using System.Text.Json.Serialization;
using ActorKube.ControllerManager.Common;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>The last time a workload went back, noted in an annotation of its own by the very write that took it back.</summary>
/// <param name="From">Name of the revision that failed.</param>
/// <param name="FromRevision">Its number.</param>
/// <param name="To">Name of the revision that it went back to.</param>
/// <param name="ToRevision">Its number before.</param>
/// <param name="Reason">In one word.</param>
/// <param name="Message">For people.</param>
public sealed record RollbackRecord(string From, long FromRevision, string To, long ToRevision, string Reason, string Message)
{
    /// <summary>The annotation.</summary>
    public const string Annotation = "actorkube.io/rolled-back";

    /// <summary>The whole story in one sentence.</summary>
    [JsonIgnore]
    public string Story => $"Revision {FromRevision} failed: {Message}; back to revision {ToRevision}";

    /// <summary>The record of a workload; null when it never went back.</summary>
    public static RollbackRecord? Of(IKubernetesObject<V1ObjectMeta> workload) => JsonAnnotations.Read<RollbackRecord>(workload, Annotation);

    /// <summary>Notes it in a copy of the workload.</summary>
    public void NoteIn(IKubernetesObject<V1ObjectMeta> workload) =>
        (workload.Metadata.Annotations ??= new Dictionary<string, string>())[Annotation] = JsonAnnotations.Write(this);
}
