using k8s.Models;

namespace ActorKube.ApiServer.Services;

/// <summary>Where an API server is reached.</summary>
/// <param name="Address">Its IP address.</param>
/// <param name="Port">Its port.</param>
internal readonly record struct ServerAddress(string Address, int Port)
{
    /// <summary>Reads what <see cref="ToString"/> wrote; null when it is something else.</summary>
    public static ServerAddress? Parse(string? text) =>
        text is not null && System.Net.IPEndPoint.TryParse(text, out var end) && end.Port > 0 ? new ServerAddress(end.Address.ToString(), end.Port) : null;

    /// <inheritdoc/>
    public override string ToString() => new System.Net.IPEndPoint(System.Net.IPAddress.Parse(Address), Port).ToString();
}

/// <summary>The endpoints of the Service <c>kubernetes</c>, from the servers that live. Pure.</summary>
internal static class KubernetesService
{
    /// <summary>Name of the Service, its Endpoints and its EndpointSlice.</summary>
    public const string Name = "kubernetes";

    /// <summary>The Endpoints: a subset for each port.</summary>
    public static V1Endpoints Endpoints(IEnumerable<ServerAddress> servers) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = Name,
            NamespaceProperty = "default",
            Labels = new Dictionary<string, string> { ["endpointslice.kubernetes.io/skip-mirror"] = "true" },
        },
        Subsets =
        [
            .. ByPort(servers).Select(g => new V1EndpointSubset
            {
                Addresses = [.. g.Select(s => new V1EndpointAddress { Ip = s.Address })],
                Ports = [new Corev1EndpointPort { Name = "https", Port = g.Key, Protocol = "TCP" }],
            }),
        ],
    };

    /// <summary>
    /// The EndpointSlices. One has one list of ports and one family of addresses: where all servers agree on theirs, as they do on machines of their own, there is
    /// one slice, called as in Kubernetes; each further one has what it is for in its name.
    /// </summary>
    public static IReadOnlyList<V1EndpointSlice> Slices(IEnumerable<ServerAddress> servers)
    {
        var groups = ByPort(servers).SelectMany(g => g.GroupBy(Family).OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => (Port: g.Key, Family: f.Key, Servers: f))).ToList();
        return
        [
            .. groups.Select((g, i) => new V1EndpointSlice
            {
                Metadata = new V1ObjectMeta
                {
                    Name = i == 0 ? Name : $"{Name}-{g.Family.ToLowerInvariant()}-{g.Port}",
                    NamespaceProperty = "default",
                    Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = Name },
                },
                AddressType = g.Family,
                Endpoints = [.. g.Servers.Select(s => new V1Endpoint { Addresses = [s.Address], Conditions = new V1EndpointConditions { Ready = true } })],
                Ports = [new Discoveryv1EndpointPort { Name = "https", Port = g.Port, Protocol = "TCP" }],
            }),
        ];
    }

    /// <summary>Makes the object say what is wanted; whether it did not already.</summary>
    public static bool Update(V1Endpoints current, V1Endpoints wanted)
    {
        if (Text(current).SequenceEqual(Text(wanted)))
        {
            return false;
        }

        current.Subsets = wanted.Subsets;
        return true;
    }

    /// <inheritdoc cref="Update(V1Endpoints, V1Endpoints)"/>
    public static bool Update(V1EndpointSlice current, V1EndpointSlice wanted)
    {
        if (Text(current).SequenceEqual(Text(wanted)))
        {
            return false;
        }

        (current.Ports, current.Endpoints) = (wanted.Ports, wanted.Endpoints);
        return true;
    }

    private static IEnumerable<IGrouping<int, ServerAddress>> ByPort(IEnumerable<ServerAddress> servers) =>
        servers.Distinct().OrderBy(s => s.Port).ThenBy(s => s.Address, StringComparer.Ordinal).GroupBy(s => s.Port);

    private static string Family(ServerAddress server) => server.Address.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4";

    private static IEnumerable<string> Text(V1Endpoints endpoints) => (endpoints.Subsets ?? []).SelectMany(
        s => (s.Ports ?? []).Select(p => $":{p.Port}").Concat((s.Addresses ?? []).Select(a => a.Ip)).Concat((s.NotReadyAddresses ?? []).Select(a => $"not ready {a.Ip}")));

    private static IEnumerable<string> Text(V1EndpointSlice slice) =>
        (slice.Ports ?? []).Select(p => $":{p.Port}").Concat((slice.Endpoints ?? []).Select(e => $"{string.Join(',', e.Addresses)} {e.Conditions?.Ready}"));
}
