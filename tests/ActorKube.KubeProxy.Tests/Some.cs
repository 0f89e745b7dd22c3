using ActorKube.KubeProxy.Services;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests;

/// <summary>Builds objects for tests.</summary>
internal static class Some
{
    public static V1Service Service(string name, string clusterIp, int port = 80, int nodePort = 0, string protocol = "TCP") => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default", Uid = "uid-" + name },
        Spec = new V1ServiceSpec
        {
            Type = nodePort > 0 ? "NodePort" : "ClusterIP",
            ClusterIP = clusterIp.Split(',')[0],
            ClusterIPs = [.. clusterIp.Split(',')],
            Ports = [new V1ServicePort { Name = "p", Port = port, NodePort = nodePort > 0 ? nodePort : null, Protocol = protocol }],
        },
        Status = new V1ServiceStatus(),
    };

    public static V1EndpointSlice Slice(string service, int port, params string[] addresses) => Slice(service, port, addresses.Select(a => Endpoint(a)).ToArray());

    public static V1EndpointSlice Slice(string service, int port, params V1Endpoint[] endpoints) => new()
    {
        AddressType = endpoints.FirstOrDefault()?.Addresses[0].Contains(':') == true ? "IPv6" : "IPv4",
        Metadata = new V1ObjectMeta { Name = service + "-abc", NamespaceProperty = "default", Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = service } },
        Ports = [new Discoveryv1EndpointPort { Name = "p", Port = port, Protocol = "TCP" }],
        Endpoints = [.. endpoints],
    };

    public static V1Endpoint Endpoint(string address, string node = "n1", bool ready = true, bool serving = true, bool terminating = false) => new()
    {
        Addresses = [address],
        NodeName = node,
        Conditions = new V1EndpointConditions { Ready = ready, Serving = serving, Terminating = terminating },
    };

    public static V1Node Node(string name, string ip = "192.168.50.1", params string[] podCidrs) => new()
    {
        Metadata = new V1ObjectMeta { Name = name },
        Spec = new V1NodeSpec { PodCIDR = podCidrs.FirstOrDefault(), PodCIDRs = podCidrs.Length > 0 ? [.. podCidrs] : null },
        Status = new V1NodeStatus { Addresses = [new V1NodeAddress { Type = "InternalIP", Address = ip }] },
    };

    public static T With<T>(this T value, Action<T> change)
    {
        change(value);
        return value;
    }

    public static IReadOnlyList<Fact> Rules(V1Service service, params V1EndpointSlice[] slices) => ServiceRules.Of(service, slices, ProxyPlace.Of("n1"));
}
