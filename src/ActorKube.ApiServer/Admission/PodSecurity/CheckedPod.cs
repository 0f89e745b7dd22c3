using k8s.Models;

namespace ActorKube.ApiServer.Admission.PodSecurity;

/// <summary>What the checks look at of one container of whichever sort.</summary>
internal sealed record CheckedContainer(string Name, V1SecurityContext? Security, IList<V1ContainerPort>? Ports, IReadOnlyList<V1Probe> Probes, V1Lifecycle? Lifecycle);

/// <summary>A pod, or the pod of a template, as the checks see it: init containers first, then the others, then the ephemeral ones.</summary>
internal sealed class CheckedPod
{
    /// <summary>A pod's metadata and spec.</summary>
    public CheckedPod(V1ObjectMeta? metadata, V1PodSpec spec)
    {
        Annotations = metadata?.Annotations ?? new Dictionary<string, string>();
        Spec = spec;
        Containers =
        [
            .. (spec.InitContainers ?? []).Concat(spec.Containers ?? []).Select(c => new CheckedContainer(c.Name, c.SecurityContext, c.Ports, Probes(c.LivenessProbe, c.ReadinessProbe, c.StartupProbe), c.Lifecycle)),
            .. (spec.EphemeralContainers ?? []).Select(c => new CheckedContainer(c.Name, c.SecurityContext, c.Ports, Probes(c.LivenessProbe, c.ReadinessProbe, c.StartupProbe), c.Lifecycle)),
        ];
    }

    /// <summary>The pod's annotations.</summary>
    public IDictionary<string, string> Annotations { get; }

    /// <summary>The pod's spec.</summary>
    public V1PodSpec Spec { get; }

    /// <summary>All containers.</summary>
    public IReadOnlyList<CheckedContainer> Containers { get; }

    /// <summary>Whether it runs on Windows, where some rules mean nothing.</summary>
    public bool IsWindows => Spec.Os?.Name == "windows";

    /// <summary>Whether root in the pod is nobody outside it.</summary>
    public bool HasOwnUsers => Spec.HostUsers is false;

    /// <summary>Names of the containers that a rule does not like.</summary>
    public List<string> Where(Func<CheckedContainer, bool> isBad) => [.. Containers.Where(isBad).Select(c => c.Name)];

    private static V1Probe[] Probes(params V1Probe?[] probes) => [.. probes.OfType<V1Probe>()];
}

/// <summary>Why a pod breaks a rule.</summary>
internal sealed record Violation(string Reason, string Detail)
{
    /// <inheritdoc/>
    public override string ToString() => Detail.Length == 0 ? Reason : $"{Reason} ({Detail})";
}

/// <summary>Words that violations are put together from.</summary>
internal static class Words
{
    /// <summary><c>"a", "b"</c>.</summary>
    public static string Quoted(IEnumerable<string> items) => string.Join(", ", items.Select(i => $"\"{i}\""));

    /// <summary>One of two forms.</summary>
    public static string Plural(int count, string one, string many) => count == 1 ? one : many;

    /// <summary><c>container "a"</c> or <c>containers "a", "b"</c>.</summary>
    public static string Containers(IReadOnlyCollection<string> names) => $"{Plural(names.Count, "container", "containers")} {Quoted(names)}";

    /// <summary><c>pod and containers "a", "b"</c>: whichever of them is to blame; null when nobody is.</summary>
    public static string? Setters(bool pod, IReadOnlyCollection<string> containers, string? more = null)
    {
        var parts = new List<string>();
        if (pod)
        {
            parts.Add("pod");
        }

        if (containers.Count > 0)
        {
            parts.Add(Containers(containers));
        }

        if (more is not null)
        {
            parts.Add(more);
        }

        return parts.Count == 0 ? null : string.Join(" and ", parts);
    }
}
