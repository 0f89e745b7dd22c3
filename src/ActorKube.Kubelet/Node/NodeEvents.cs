using k8s.Models;

namespace ActorKube.Kubelet.Node;

/// <summary>The events that tell people of a node's changes.</summary>
internal static class NodeEvents
{
    public static IEnumerable<(string Reason, string Type)> Between(V1NodeStatus? before, V1NodeStatus? after)
    {
        foreach (var condition in after?.Conditions ?? [])
        {
            if (before?.Conditions?.FirstOrDefault(c => c.Type == condition.Type)?.Status == condition.Status)
                continue;
            var reason = (condition.Type, condition.Status) switch
            {
                ("Ready", "True") => "NodeReady",
                ("Ready", _) => "NodeNotReady",
                ("MemoryPressure", "False") => "NodeHasSufficientMemory",
                ("MemoryPressure", _) => "NodeHasInsufficientMemory",
                ("DiskPressure", "False") => "NodeHasNoDiskPressure",
                ("DiskPressure", _) => "NodeHasDiskPressure",
                ("PIDPressure", "False") => "NodeHasSufficientPID",
                ("PIDPressure", _) => "NodeHasInsufficientPID",
                _ => null,
            };
            if (reason is not null)
                yield return (reason, "Normal");
        }
    }
}
