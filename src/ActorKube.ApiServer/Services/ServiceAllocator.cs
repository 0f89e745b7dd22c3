using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using k8s.Models;

namespace ActorKube.ApiServer.Services;

/// <summary>
/// Gives Services their cluster IPs and node ports. What is taken is read off the Services in the watch cache, plus what requests
/// in flight on this server have chosen: those hold a reservation until their write is in the cache. What another server chooses at the same moment the
/// store finds out (<see cref="ServiceClaims"/>); then the request is answered anew.
/// </summary>
internal sealed class ServiceAllocator(ResourceRegistry registry, ApiServerSettings settings, Random random)
{
    private readonly AddressRange _range = new(settings.ServiceClusterIpRange);
    private readonly Lock _gate = new();
    private readonly Usage _usage = new();
    private readonly HashSet<string> _reservedAddresses = new(StringComparer.Ordinal);
    private readonly HashSet<(int Port, string Protocol)> _reservedPorts = [];

    /// <summary>
    /// Fills in the addresses and node ports that the Service should have and lacks, and drops those that its type no longer has.
    /// Throws the 422 Status when what it asks for is taken. Dispose the result once the Service is written, or is not going to be.
    /// </summary>
    /// <param name="service">The Service as it would be; changed in place.</param>
    /// <param name="old">The Service as it is; null for a new one.</param>
    /// <param name="cancellationToken">Ends the wait for the cache.</param>
    public async ValueTask<IDisposable> AllocateAsync(V1Service service, V1Service? old, CancellationToken cancellationToken)
    {
        var services = registry.Of<V1Service>();
        try
        {
            return Allocate(await Freshness.AnyAsync(services, cancellationToken).ConfigureAwait(false), service, old);
        }
        catch (ApiException e) when (e.Code == 422)
        {
            // What is in the way may have been given back on another server a moment ago.
            return Allocate(await Freshness.ConsistentAsync(services, cancellationToken).ConfigureAwait(false), service, old);
        }
    }

    private Reservation Allocate(CacheState state, V1Service service, V1Service? old)
    {
        lock (_gate)
        {
            _usage.Follow(state);
            var reservation = new Reservation(this);
            try
            {
                Addresses(service, old, reservation);
                NodePorts(service, old, reservation);
                return reservation;
            }
            catch
            {
                reservation.Release();
                throw;
            }
        }
    }

    private void Addresses(V1Service service, V1Service? old, Reservation reservation)
    {
        var spec = service.Spec;
        if (spec is null)
        {
            return;
        }

        if (spec.Type == "ExternalName")
        {
            // A Service that becomes an ExternalName gives its address back, unless the client insists on it: then validation refuses.
            if (old?.Spec.Type != "ExternalName" && spec.ClusterIP == old?.Spec.ClusterIP)
            {
                (spec.ClusterIP, spec.ClusterIPs) = (null, null);
            }

            return;
        }

        if (old is not null && string.IsNullOrEmpty(spec.ClusterIP) && old.Spec.Type != "ExternalName")
        {
            (spec.ClusterIP, spec.ClusterIPs) = (old.Spec.ClusterIP, old.Spec.ClusterIPs);
        }

        if (string.IsNullOrEmpty(spec.ClusterIP) && spec.ClusterIPs is { Count: > 0 } list)
        {
            spec.ClusterIP = list[0];
        }

        spec.IpFamilyPolicy ??= "SingleStack";
        spec.IpFamilies ??= ["IPv4"];
        var held = old is null ? [] : Usage.AddressesOf(old).ToHashSet(StringComparer.Ordinal);
        if (string.IsNullOrEmpty(spec.ClusterIP))
        {
            spec.ClusterIP = FreeAddress(service);
        }
        else if (spec.ClusterIP != "None" && !held.Contains(spec.ClusterIP))
        {
            Claim(service, spec.ClusterIP);
        }

        spec.ClusterIPs = spec.ClusterIPs is { Count: > 0 } given && given[0] == spec.ClusterIP ? given : [spec.ClusterIP];
        if (spec.ClusterIP != "None" && !held.Contains(spec.ClusterIP))
        {
            reservation.Add(spec.ClusterIP);
        }
    }

    private void Claim(V1Service service, string address)
    {
        if (_range.Number(address) is null)
        {
            // Validation says what is wrong with text that is no address at all.
            if (System.Net.IPAddress.TryParse(address, out _))
            {
                throw Invalid(service, FieldError.Invalid("spec.clusterIPs", new[] { address }, $"failed to allocate IP {address}: the provided IP ({address}) is not in the valid range. The range of valid IPs is {_range.Network}"));
            }
        }
        else if (_usage.HasAddress(address) || _reservedAddresses.Contains(address))
        {
            throw Invalid(service, FieldError.Invalid("spec.clusterIPs", new[] { address }, $"failed to allocate IP {address}: provided IP is already allocated"));
        }
    }

    private string FreeAddress(V1Service service)
    {
        // The upper part first, from a random place; then the part meant for addresses that are asked for.
        var (upper, lower) = (_range.Count - _range.StaticCount, _range.StaticCount);
        return Scan(_range.StaticCount + 1, upper) ?? Scan(1, lower)
            ?? throw ApiError.Internal($"failed to allocate a serviceIP for {service.Metadata.Name}: range is full");

        string? Scan(int first, int count)
        {
            var start = random.Next(count);
            for (var i = 0; i < count; i++)
            {
                var address = _range.Address(first + ((start + i) % count));
                if (!_usage.HasAddress(address) && !_reservedAddresses.Contains(address))
                {
                    return address;
                }
            }

            return null;
        }
    }

    private void NodePorts(V1Service service, V1Service? old, Reservation reservation)
    {
        var spec = service.Spec;
        if (spec?.Ports is null)
        {
            return;
        }

        var needs = spec.Type == "NodePort" || (spec.Type == "LoadBalancer" && spec.AllocateLoadBalancerNodePorts is not false);
        var held = old is null ? [] : Usage.PortsOf(old).ToHashSet();
        if (!needs && spec.Type != "LoadBalancer" && old?.Spec.Type is "NodePort" or "LoadBalancer")
        {
            foreach (var port in spec.Ports.Where(p => p.NodePort is > 0 && held.Contains((p.NodePort.Value, p.Protocol ?? "TCP"))))
            {
                port.NodePort = null;
            }
        }

        if (!needs)
        {
            return;
        }

        var chosen = new HashSet<(int, string)>();
        for (var i = 0; i < spec.Ports.Count; i++)
        {
            var port = spec.Ports[i];
            var protocol = port.Protocol ?? "TCP";
            if (port.NodePort is not > 0)
            {
                // A client that does not send the node port back keeps the one it has.
                port.NodePort = old?.Spec.Ports?.FirstOrDefault(p => p.Port == port.Port && (p.Protocol ?? "TCP") == protocol && p.NodePort is > 0)?.NodePort
                    ?? spec.Ports.Take(i).FirstOrDefault(p => p.Port == port.Port && p.NodePort is > 0 && (p.Protocol ?? "TCP") != protocol && !Taken(p.NodePort.Value, protocol))?.NodePort
                    ?? FreePort(service, protocol, chosen);
            }
            else if (!held.Contains((port.NodePort.Value, protocol)) && chosen.All(c => c != (port.NodePort.Value, protocol)))
            {
                ClaimPort(service, i, port.NodePort.Value, protocol);
            }

            if (chosen.Add((port.NodePort.Value, protocol)) && !held.Contains((port.NodePort.Value, protocol)))
            {
                reservation.Add((port.NodePort.Value, protocol));
            }
        }

        if (spec is { Type: "LoadBalancer", ExternalTrafficPolicy: "Local", HealthCheckNodePort: null or 0 })
        {
            spec.HealthCheckNodePort = old?.Spec.HealthCheckNodePort is > 0 ? old.Spec.HealthCheckNodePort : FreePort(service, "TCP", chosen);
            if (!held.Contains((spec.HealthCheckNodePort.Value, "TCP")))
            {
                reservation.Add((spec.HealthCheckNodePort.Value, "TCP"));
            }
        }
    }

    private void ClaimPort(V1Service service, int index, int port, string protocol)
    {
        if (port < settings.NodePortMin || port > settings.NodePortMax)
        {
            throw Invalid(service, FieldError.Invalid($"spec.ports[{index}].nodePort", port, $"provided port is not in the valid range. The range of valid ports is {settings.NodePortMin}-{settings.NodePortMax}"));
        }

        if (Taken(port, protocol))
        {
            throw Invalid(service, FieldError.Invalid($"spec.ports[{index}].nodePort", port, "provided port is already allocated"));
        }
    }

    private bool Taken(int port, string protocol) => _usage.HasPort(port, protocol) || _reservedPorts.Contains((port, protocol));

    private int FreePort(V1Service service, string protocol, HashSet<(int, string)> chosen)
    {
        var count = settings.NodePortMax - settings.NodePortMin + 1;
        var start = random.Next(count);
        for (var i = 0; i < count; i++)
        {
            var port = settings.NodePortMin + ((start + i) % count);
            if (!Taken(port, protocol) && !chosen.Contains((port, protocol)))
            {
                return port;
            }
        }

        throw ApiError.Internal($"failed to allocate a nodePort for {service.Metadata.Name}: range is full");
    }

    private static ApiException Invalid(V1Service service, FieldError error) =>
        ApiError.Invalid(KindRegistry.BuiltIn.Of<V1Service>(), service.Metadata.Name ?? "", [error]);

    private sealed class Reservation(ServiceAllocator owner) : IDisposable
    {
        private readonly List<string> _addresses = [];
        private readonly List<(int, string)> _ports = [];

        public void Add(string address)
        {
            _addresses.Add(address);
            owner._reservedAddresses.Add(address);
        }

        public void Add((int, string) port)
        {
            _ports.Add(port);
            owner._reservedPorts.Add(port);
        }

        public void Release()
        {
            _addresses.ForEach(a => owner._reservedAddresses.Remove(a));
            _ports.ForEach(p => owner._reservedPorts.Remove(p));
            _addresses.Clear();
            _ports.Clear();
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                Release();
            }
        }
    }
}
