using System.Text.Json.Nodes;
using ActorKube.Client;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>The bodies that the scheduler writes.</summary>
public static class PodWrites
{
    /// <summary>Puts the pod on the node.</summary>
    public static V1Binding Binding(V1Pod pod, string node) => new()
    {
        ApiVersion = "v1",
        Kind = "Binding",
        Metadata = new V1ObjectMeta { Name = pod.Metadata.Name, NamespaceProperty = pod.Metadata.NamespaceProperty, Uid = pod.Metadata.Uid },
        Target = new V1ObjectReference { ApiVersion = "v1", Kind = "Node", Name = node },
    };

    /// <summary>
    /// Says on the pod why it is not scheduled (condition PodScheduled=False), or null when the pod says so already.
    /// </summary>
    public static Patch? NotScheduled(V1Pod pod, string reason, string message, DateTimeOffset now)
    {
        var old = pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "PodScheduled");
        if (old is { Status: "False" } && old.Reason == reason && old.Message == message)
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
            ["lastTransitionTime"] = since.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        };
        return Patch.Strategic(new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid },
            ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) },
        });
    }
}
