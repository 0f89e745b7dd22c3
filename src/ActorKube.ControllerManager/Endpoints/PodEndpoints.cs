using System.Net;
using System.Net.Sockets;
using ActorKube.ControllerManager.Common;
using k8s.Models;

namespace ActorKube.ControllerManager.Endpoints;

/// <summary>A pod as an endpoint of a Service.</summary>
internal static class PodEndpoints
{
    /// <summary>Whether the pod can be an endpoint: it has an address and has not finished.</summary>
    public static bool Serves(V1Pod pod) => !PodFacts.IsTerminal(pod) && Addresses(pod).Any();

    /// <summary>The pod's address of the family, or null.</summary>
    public static string? AddressOf(V1Pod pod, string addressType) => Addresses(pod).FirstOrDefault(a => FamilyOf(a) == addressType);

    /// <summary><c>IPv4</c> or <c>IPv6</c>.</summary>
    public static string FamilyOf(string address) =>
        IPAddress.TryParse(address, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";

    /// <summary>The families a Service has addresses in.</summary>
    public static IReadOnlyList<string> FamiliesOf(V1Service service)
    {
        if (service.Spec.IpFamilies is { Count: > 0 } families)
            return [.. families];
        var addresses = service.Spec.ClusterIPs is { Count: > 0 } ips ? ips : service.Spec.ClusterIP is { Length: > 0 } ip ? [ip] : [];
        var known = addresses.Where(a => a != "None").Select(FamilyOf).Distinct().ToList();
        return known.Count > 0 ? known : ["IPv4"];
    }

    /// <summary>
    /// The Service's ports as this pod offers them: a named target port may have another number in each pod. A port that the pod does not have is left out.
    /// </summary>
    public static IReadOnlyList<Discoveryv1EndpointPort> PortsOf(V1Service service, V1Pod pod)
    {
        var ports = new List<Discoveryv1EndpointPort>();
        foreach (var port in service.Spec.Ports ?? [])
        {
            if (NumberOf(port, pod) is { } number)
                ports.Add(new Discoveryv1EndpointPort { Name = port.Name ?? "", Port = number, Protocol = port.Protocol ?? "TCP", AppProtocol = port.AppProtocol });
        }

        return ports;
    }

    /// <summary>The endpoint.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="address">Its address.</param>
    /// <param name="service">The Service.</param>
    /// <param name="zone">The zone of the pod's node, or null.</param>
    public static V1Endpoint Of(V1Pod pod, string address, V1Service service, string? zone)
    {
        var serving = PodFacts.IsReady(pod);
        var terminating = pod.Metadata.DeletionTimestamp is not null;
        return new V1Endpoint
        {
            Addresses = [address],
            Conditions = new V1EndpointConditions
            {
                Ready = service.Spec.PublishNotReadyAddresses == true || (serving && !terminating),
                Serving = serving,
                Terminating = terminating,
            },
            NodeName = pod.Spec.NodeName,
            Zone = zone,
            Hostname = HostnameOf(pod, service),
            TargetRef = TargetOf(pod),
        };
    }

    /// <summary>A pod with a host name and this Service as subdomain has a DNS name of its own.</summary>
    public static string? HostnameOf(V1Pod pod, V1Service service) =>
        !string.IsNullOrEmpty(pod.Spec.Hostname) && pod.Spec.Subdomain == service.Metadata.Name ? pod.Spec.Hostname : null;

    /// <summary>A reference to the pod.</summary>
    public static V1ObjectReference TargetOf(V1Pod pod) =>
        new() { Kind = "Pod", NamespaceProperty = pod.Metadata.NamespaceProperty, Name = pod.Metadata.Name, Uid = pod.Metadata.Uid };

    // Pods that share the network of a machine without one have only loopback addresses. The API refuses those as endpoints, and with them the whole slice.
    private static IEnumerable<string> Addresses(V1Pod pod)
    {
        var all = pod.Status?.PodIPs is { Count: > 0 } ips ? ips.Select(i => i.Ip) : [pod.Status?.PodIP ?? ""];
        return all.Where(a => IPAddress.TryParse(a, out var ip) && !IPAddress.IsLoopback(ip));
    }

    private static int? NumberOf(V1ServicePort port, V1Pod pod)
    {
        var target = port.TargetPort?.Value;
        if (string.IsNullOrEmpty(target) || target == "0")
            return port.Port;
        if (int.TryParse(target, System.Globalization.CultureInfo.InvariantCulture, out var number))
            return number;
        // Init containers that stay (sidecars) serve as well.
        var containers = (pod.Spec.InitContainers ?? []).Where(c => c.RestartPolicy == "Always").Concat(pod.Spec.Containers);
        return containers.SelectMany(c => c.Ports ?? [])
            .FirstOrDefault(p => p.Name == target && (p.Protocol ?? "TCP") == (port.Protocol ?? "TCP"))?.ContainerPort;
    }
}
