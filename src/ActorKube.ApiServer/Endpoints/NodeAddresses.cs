using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>Where a node's kubelet is reached. Pure.</summary>
internal static class NodeAddresses
{
    private const int DefaultKubeletPort = 10250;
    private static readonly string[] Preferred = ["InternalIP", "ExternalIP", "Hostname"];

    /// <summary>Host and port. Throws the 500 Status when the node has no address.</summary>
    public static (string Host, int Port) Of(V1Node node)
    {
        var addresses = node.Status?.Addresses ?? [];
        var address = Preferred.Select(type => addresses.FirstOrDefault(a => a.Type == type)).FirstOrDefault(a => a is not null);
        return address is null
            ? throw ApiError.Internal($"no preferred addresses found for node {node.Metadata.Name}; known addresses: []")
            : (address.Address, node.Status?.DaemonEndpoints?.KubeletEndpoint?.Port is > 0 and var port ? port : DefaultKubeletPort);
    }
}
