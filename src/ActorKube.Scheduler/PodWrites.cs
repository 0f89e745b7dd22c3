using ActorKube.Api.Scheduling;
using System.Text.Json.Nodes;
using ActorKube.Client;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>The bodies that the scheduler writes.</summary>
public static class PodWrites
{
    internal const string PreemptionReason = "PreemptionByScheduler";

    /// <summary>Puts the pod on the node.</summary>
    public static V1Binding Binding(V1Pod pod, string node) => new()
    {
        ApiVersion = "v1",
        Kind = "Binding",
        Metadata = new V1ObjectMeta { Name = pod.Metadata.Name, NamespaceProperty = pod.Metadata.NamespaceProperty, Uid = pod.Metadata.Uid },
        Target = new V1ObjectReference { ApiVersion = "v1", Kind = "Node", Name = node },
    };

    /// <summary>
    /// Says on the pod why it is not scheduled (condition PodScheduled=False) and which node is being cleared for it, or null when the pod
    /// says so already.
    /// </summary>
    public static Patch? NotScheduled(V1Pod pod, string reason, string message, DateTimeOffset now, string? nominatedNode = null)
    {
        var nominated = nominatedNode is null || pod.Status?.NominatedNodeName == nominatedNode ? null : nominatedNode;
        var old = pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "PodScheduled");
        if (old is { Status: "False" } && old.Reason == reason && old.Message == message && nominated is null)
        {
            return null;
        }

        var since = old is { Status: "False", LastTransitionTime: { } time } ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : now;
        var condition = new JsonObject
        {
            ["type"] = "PodScheduled",
            ["status"] = "False",
            ["reason"] = reason,
            ["message"] = message,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = Time(since),
        };
        var status = new JsonObject { ["conditions"] = new JsonArray(condition) };
        if (nominated is not null)
        {
            status["nominatedNodeName"] = nominated;
        }

        return Status(pod, status);
    }

    /// <summary>Says on a pod that it goes so that one of higher priority can come.</summary>
    public static Patch Preempted(V1Pod pod, string scheduler, DateTimeOffset now) => Status(pod, new JsonObject
    {
        ["conditions"] = new JsonArray(new JsonObject
        {
            ["type"] = DisruptionTarget.Type,
            ["status"] = "True",
            ["reason"] = PreemptionReason,
            ["message"] = $"{scheduler}: preempting to accommodate a higher priority pod",
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = Time(now),
        }),
    });

    /// <summary>Takes the node that was being cleared for a pod from it.</summary>
    public static Patch NotNominated(V1Pod pod) => Status(pod, new JsonObject { ["nominatedNodeName"] = null });

    private static Patch Status(V1Pod pod, JsonObject status) => Patch.Strategic(new JsonObject
    {
        ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid },
        ["status"] = status,
    });

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
