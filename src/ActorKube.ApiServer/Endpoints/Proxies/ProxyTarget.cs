using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Endpoints.Proxies;

/// <summary>Where a proxied request goes. Pure.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Host">IP address or host name.</param>
/// <param name="Port">Port; empty for the scheme's own.</param>
internal readonly record struct ProxyTarget(string Scheme, string Host, string Port)
{
    /// <summary>Scheme, host and port as a URL without a path.</summary>
    public string Url => $"{Scheme}://{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}{(Port.Length == 0 ? "" : $":{Port}")}";

    /// <summary>A pod's port: the one named in the URL, else the first that its containers declare. Throws the Status for a pod that cannot be reached.</summary>
    /// <param name="name">The name as the URL gives it.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="sharesHost">Whether pods of its node have the node's own loopback address.</param>
    public static ProxyTarget Of(ProxyName name, V1Pod pod, bool sharesHost)
    {
        if (!IPAddress.TryParse(pod.Status?.PodIP, out var address) || !(IsGlobalUnicast(address) || (sharesHost && IPAddress.IsLoopback(address))))
        {
            throw ApiError.BadRequest("address not allowed");
        }

        var port = name.Port.Length > 0 ? name.Port : pod.Spec.Containers.SelectMany(c => c.Ports ?? []).FirstOrDefault()?.ContainerPort.ToString(CultureInfo.InvariantCulture) ?? "";
        return port.Length == 0 || ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? new ProxyTarget(SchemeOf(name), address.ToString(), port)
            : throw ApiError.BadRequest($"invalid pod request \"{pod.Metadata.Name}:{port}\"");
    }

    /// <summary>One of a Service's ready endpoints. Throws the 503 Status when there is none, or no such port.</summary>
    /// <param name="name">The name as the URL gives it.</param>
    /// <param name="service">The Service.</param>
    /// <param name="slices">Its EndpointSlices.</param>
    /// <param name="turn">Which of the endpoints, counted around.</param>
    public static ProxyTarget Of(ProxyName name, V1Service service, IEnumerable<V1EndpointSlice> slices, uint turn)
    {
        var port = name.Port;
        if (ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            port = (service.Spec.Ports?.FirstOrDefault(p => p.Port == number)
                ?? throw ApiError.Unavailable($"no service port {number} found for service \"{service.Metadata.Name}\"")).Name ?? "";
        }

        var endpoints = slices
            .OrderBy(s => s.Metadata.Name, StringComparer.Ordinal)
            .SelectMany(s => (s.Ports ?? []).Where(p => (p.Name ?? "") == port && p.Port is not null).SelectMany(p => s.Endpoints
                .Where(e => e.Conditions?.Ready ?? true)
                .SelectMany(e => e.Addresses)
                .Select(a => (Address: a, Port: p.Port!.Value))))
            .Distinct()
            .ToList();
        if (endpoints.Count == 0)
        {
            throw ApiError.Unavailable($"no endpoints available for service \"{service.Metadata.Name}\"");
        }

        var chosen = endpoints[(int)(turn % (uint)endpoints.Count)];
        return new ProxyTarget(SchemeOf(name), chosen.Address, chosen.Port.ToString(CultureInfo.InvariantCulture));
    }

    private static string SchemeOf(ProxyName name) => name.Scheme.Length == 0 ? "http" : name.Scheme;

    // A pod's status must not lead into the API server's own machine or to its cloud's metadata.
    private static bool IsGlobalUnicast(IPAddress address) =>
        !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal && !address.IsIPv6Multicast && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
        && !address.Equals(IPAddress.Broadcast)
        && (address.AddressFamily != AddressFamily.InterNetwork || (address.GetAddressBytes() is var bytes && bytes[0] is < 224 or >= 240 && !(bytes[0] == 169 && bytes[1] == 254)));
}
