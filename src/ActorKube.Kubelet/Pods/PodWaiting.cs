using System.Collections.Immutable;

namespace ActorKube.Kubelet.Pods;

/// <summary>What a pod waits for.</summary>
internal static class PodWaiting
{
    /// <summary>A container that waits for a ConfigMap or Secret need not wait out its pause once one of them changed.</summary>
    public static ImmutableDictionary<string, ContainerMemory> WithoutConfigRetry(PodState state)
    {
        var containers = state.Containers;
        foreach (var (name, memory) in containers)
        {
            if (memory.WaitingReason == "CreateContainerConfigError")
                containers = containers.SetItem(name, memory with { RetryAt = null });
        }

        return containers;
    }
}
