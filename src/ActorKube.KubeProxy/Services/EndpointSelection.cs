using System.Net;
using System.Net.Sockets;
using k8s.Models;

namespace ActorKube.KubeProxy.Services;

/// <summary>Where a connection can be sent.</summary>
/// <param name="Address">Canonical text of the address.</param>
/// <param name="Port">The port.</param>
public readonly record struct Target(string Address, int Port) : IComparable<Target>
{
    /// <inheritdoc/>
    public int CompareTo(Target other)
    {
        var byAddress = string.CompareOrdinal(Address, other.Address);
        return byAddress != 0 ? byAddress : Port.CompareTo(other.Port);
    }
}

/// <summary>Where this machine is, for the policies that prefer near endpoints.</summary>
/// <param name="LocalNodes">
/// This node, and nodes that share its machine (its InternalIP): they share one packet filter, so what is local to one is local to all.
/// </param>
/// <param name="Zone">The machine's <c>topology.kubernetes.io/zone</c>; null when it has none.</param>
public sealed record ProxyPlace(IReadOnlySet<string> LocalNodes, string? Zone)
{
    /// <summary>A place without neighbours.</summary>
    public static ProxyPlace Of(string node) => new(new HashSet<string> { node }, null);
}

/// <summary>
/// Chooses the endpoints that get a Service's connections. Source: https://kubernetes.io/docs/reference/networking/virtual-ips/
/// </summary>
public static class EndpointSelection
{
    /// <summary>
    /// The targets of one Service port in one address family, sorted: those that are ready; where none is, those that still serve while they
    /// end, so that a rollout that takes the last pod away cuts nobody off.
    /// </summary>
    /// <param name="slices">The Service's slices.</param>
    /// <param name="port">The Service port.</param>
    /// <param name="family">IPv4 or IPv6.</param>
    /// <param name="onlyLocal">Whether only endpoints of this machine count.</param>
    /// <param name="place">Where this machine is.</param>
    public static IReadOnlyList<Target> Choose(
        IEnumerable<V1EndpointSlice> slices, V1ServicePort port, AddressFamily family, bool onlyLocal, ProxyPlace place)
    {
        var ready = new List<(Target Target, V1Endpoint Endpoint)>();
        var ending = new SortedSet<Target>();
        var addressType = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        foreach (var slice in slices)
        {
            if (slice.AddressType != addressType || FindPort(slice, port) is not { } number)
            {
                continue;
            }

            foreach (var endpoint in slice.Endpoints ?? [])
            {
                if (endpoint.Addresses is not [var text, ..] || !IPAddress.TryParse(text, out var address)
                    || (onlyLocal && !place.LocalNodes.Contains(endpoint.NodeName ?? "")))
                {
                    continue;
                }

                var target = new Target(address.ToString(), number);
                if (endpoint.Conditions?.Ready ?? true)
                {
                    ready.Add((target, endpoint));
                }
                else if (endpoint.Conditions is { Serving: true, Terminating: true })
                {
                    ending.Add(target);
                }
            }
        }

        return ready.Count == 0 ? [.. ending] : [.. new SortedSet<Target>(onlyLocal ? ready.Select(r => r.Target) : Near(ready, place))];
    }

    /// <summary>
    /// Follows the hints of the EndpointSlice controller (<c>trafficDistribution</c>): same node first, then same zone. Hints are only
    /// followed when every endpoint has them and one of them means us, as otherwise nobody might be left.
    /// </summary>
    private static IEnumerable<Target> Near(List<(Target Target, V1Endpoint Endpoint)> ready, ProxyPlace place)
    {
        if (ready.All(r => r.Endpoint.Hints?.ForNodes is { Count: > 0 }))
        {
            var near = ready.Where(r => r.Endpoint.Hints.ForNodes.Any(n => place.LocalNodes.Contains(n.Name))).ToList();
            if (near.Count > 0)
            {
                return near.Select(r => r.Target);
            }
        }

        if (place.Zone is not null && ready.All(r => r.Endpoint.Hints?.ForZones is { Count: > 0 }))
        {
            var near = ready.Where(r => r.Endpoint.Hints.ForZones.Any(z => z.Name == place.Zone)).ToList();
            if (near.Count > 0)
            {
                return near.Select(r => r.Target);
            }
        }

        return ready.Select(r => r.Target);
    }

    private static int? FindPort(V1EndpointSlice slice, V1ServicePort port)
    {
        foreach (var candidate in slice.Ports ?? [])
        {
            if ((candidate.Name ?? "") == (port.Name ?? "") && (candidate.Protocol ?? "TCP") == (port.Protocol ?? "TCP"))
            {
                return candidate.Port;
            }
        }

        return null;
    }
}
