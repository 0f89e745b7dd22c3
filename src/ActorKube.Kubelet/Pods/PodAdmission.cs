using System.Globalization;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>Why the node does not take a pod.</summary>
/// <param name="Reason">Such as <c>OutOfcpu</c>.</param>
/// <param name="Message">A sentence for people.</param>
internal sealed record Rejection(string Reason, string Message);

/// <summary>
/// What the kubelet checks before it takes a pod. The scheduler has checked the same; this is for pods that came around it, with
/// <c>spec.nodeName</c> set, and for two schedulers that were too fast.
/// </summary>
internal static class PodAdmission
{
    private static readonly string[] Resources = ["cpu", "memory", "ephemeral-storage"];

    /// <summary>Null when the pod may run beside the others.</summary>
    /// <param name="pod">The new pod.</param>
    /// <param name="others">All other pods of this node.</param>
    /// <param name="allocatable">What the node offers.</param>
    public static Rejection? Check(V1Pod pod, IEnumerable<V1Pod> others, IReadOnlyDictionary<string, ResourceQuantity> allocatable)
    {
        var active = others.Where(p => p.Status?.Phase is not ("Succeeded" or "Failed")).ToList();
        if (allocatable.TryGetValue("pods", out var most) && active.Count + 1 > most.ToDecimal())
            return TooLittle("pods", 1, active.Count, most.ToDecimal());
        foreach (var resource in Resources)
        {
            var asked = Request(pod, resource);
            if (asked == 0 || !allocatable.TryGetValue(resource, out var capacity))
                continue;
            var used = active.Sum(p => Request(p, resource));
            if (asked + used > capacity.ToDecimal())
                return TooLittle(resource, asked, used, capacity.ToDecimal());
        }

        var taken = active.SelectMany(HostPorts).ToList();
        return HostPorts(pod).Any(p => taken.Any(t => Clash(p, t))) ? new Rejection("NodePorts", "Predicate NodePorts failed") : null;
    }

    /// <summary>
    /// What a pod asks for: its containers and sidecars together or, where that is more, an init container with the sidecars before it.
    /// Containers of 1 and 2 CPUs with a sidecar of 0.5 and an init container of 4 after it ask for 4.5.
    /// </summary>
    public static decimal Request(V1Pod pod, string resource)
    {
        decimal sidecars = 0, init = 0;
        foreach (var container in pod.Spec.InitContainers ?? [])
        {
            var own = Request(container, resource);
            if (ContainerSpecs.IsSidecar(container))
                sidecars += own;
            init = Math.Max(init, ContainerSpecs.IsSidecar(container) ? sidecars : sidecars + own);
        }

        var regular = sidecars + pod.Spec.Containers.Sum(c => Request(c, resource));
        var overhead = pod.Spec.Overhead is { } o && o.TryGetValue(resource, out var extra) ? extra.ToDecimal() : 0;
        return Math.Max(init, regular) + overhead;
    }

    private static decimal Request(V1Container container, string resource) =>
        container.Resources?.Requests is { } requests && requests.TryGetValue(resource, out var quantity) ? quantity.ToDecimal() : 0;

    // CPU is told in thousandths, as Kubernetes does.
    private static Rejection TooLittle(string resource, decimal asked, decimal used, decimal capacity)
    {
        var unit = resource == "cpu" ? 1000 : 1;
        return new Rejection($"OutOf{resource}", string.Create(
            CultureInfo.InvariantCulture, $"Node didn't have enough resource: {resource}, requested: {asked * unit:0}, used: {used * unit:0}, capacity: {capacity * unit:0}"));
    }

    private static IEnumerable<(string Ip, int Port, string Protocol)> HostPorts(V1Pod pod) =>
        from container in ContainerSpecs.All(pod)
        from port in container.Container.Ports ?? []
        let number = port.HostPort ?? (pod.Spec.HostNetwork == true ? port.ContainerPort : 0)
        where number > 0
        select (port.HostIP is { Length: > 0 } ip ? ip : "0.0.0.0", number, port.Protocol ?? "TCP");

    private static bool Clash((string Ip, int Port, string Protocol) a, (string Ip, int Port, string Protocol) b) =>
        a.Port == b.Port && a.Protocol == b.Protocol && (a.Ip == b.Ip || a.Ip == "0.0.0.0" || b.Ip == "0.0.0.0");
}
