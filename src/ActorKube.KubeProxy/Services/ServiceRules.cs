using System.Net;
using System.Net.Sockets;
using k8s.Models;

namespace ActorKube.KubeProxy.Services;

/// <summary>Works out what one Service puts into the packet filter. Pure.</summary>
public static class ServiceRules
{
    /// <summary>The facts of a Service with these slices, seen from this place. None for headless Services and such as have another proxy.</summary>
    public static IReadOnlyList<Fact> Of(V1Service service, IEnumerable<V1EndpointSlice> slices, ProxyPlace place)
    {
        var spec = service.Spec;
        if (spec.Type == "ExternalName" || spec.ClusterIP is null or "" or "None"
            || service.Metadata.Labels?.ContainsKey("service.kubernetes.io/service-proxy-name") == true)
        {
            return [];
        }

        var all = slices as IReadOnlyCollection<V1EndpointSlice> ?? [.. slices];
        var facts = new List<Fact>();
        var clusterIps = spec.ClusterIPs is { Count: > 0 } several ? several : [spec.ClusterIP];
        foreach (var family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 })
        {
            var addresses = Parse(clusterIps, family);
            if (addresses.Count == 0)
            {
                continue;
            }

            facts.AddRange(addresses.Select(a => new Fact(family == AddressFamily.InterNetwork ? "clusterips4" : "clusterips6", a)));
            foreach (var port in spec.Ports ?? [])
            {
                new PortRules(service, port, family, all, place, facts).Add(addresses);
            }
        }

        // Several ports of one Service lead to the same pods: their hairpin facts are the same.
        return [.. facts.Distinct()];
    }

    /// <summary>Addresses of one family in canonical text; what is no address of it is left out.</summary>
    internal static List<string> Parse(IEnumerable<string?>? texts, AddressFamily family) =>
        [.. (texts ?? []).Select(t => IPAddress.TryParse(t, out var a) ? a : null).Where(a => a?.AddressFamily == family).Select(a => a!.ToString()).Distinct()];

    /// <summary>One port in one family.</summary>
    private sealed class PortRules(
        V1Service service, V1ServicePort port, AddressFamily family, IReadOnlyCollection<V1EndpointSlice> slices, ProxyPlace place, List<Fact> facts)
    {
        private readonly bool _v4 = family == AddressFamily.InterNetwork;
        private readonly string _f = family == AddressFamily.InterNetwork ? "4" : "6";
        private readonly string _proto = (port.Protocol ?? "TCP").ToLowerInvariant();

        private bool HasLocalExternalPolicy => service.Spec.ExternalTrafficPolicy == "Local";

        private int? AffinitySeconds => service.Spec.SessionAffinity == "ClientIP" ? service.Spec.SessionAffinityConfig?.ClientIP?.TimeoutSeconds ?? 10800 : null;

        public void Add(IReadOnlyList<string> clusterIps)
        {
            var everywhere = EndpointSelection.Choose(slices, port, family, onlyLocal: false, place);
            var external = HasLocalExternalPolicy ? EndpointSelection.Choose(slices, port, family, onlyLocal: true, place) : everywhere;
            var isInternalLocal = service.Spec.InternalTrafficPolicy == "Local";
            var inside = isInternalLocal ? EndpointSelection.Choose(slices, port, family, onlyLocal: true, place) : everywhere;

            foreach (var target in everywhere)
            {
                facts.Add(new Fact("hairpin" + _f, $"{target.Address} . {target.Address}"));
            }

            foreach (var ip in clusterIps)
            {
                var key = $"{ip} . {_proto} . {port.Port}";
                if (everywhere.Count == 0)
                {
                    facts.Add(new Fact("noep" + _f, key));
                }
                else
                {
                    Entry(Scope.Of(_v4, false, false), key, inside, isInternalLocal ? "i" : "");
                }
            }

            foreach (var ip in Parse(service.Spec.ExternalIPs, family))
            {
                External(false, $"{ip} . {_proto} . {port.Port}", everywhere, external);
            }

            var ingress = service.Spec.Type == "LoadBalancer" ? service.Status?.LoadBalancer?.Ingress ?? [] : [];
            foreach (var ip in Parse(ingress.Where(i => i.IpMode != "Proxy").Select(i => i.Ip), family))
            {
                External(false, $"{ip} . {_proto} . {port.Port}", everywhere, external);
                SourceRanges($"{ip} . {_proto} . {port.Port}");
            }

            if (port.NodePort is > 0 and var nodePort)
            {
                External(true, $"{_proto} . {nodePort}", everywhere, external);
            }
        }

        /// <summary>
        /// An entry that outsiders use. With policy Cluster the reply must come back through this machine, so the source is hidden (masqueraded).
        /// With policy Local outsiders get endpoints of this machine or nothing; pods and the machine itself still get any.
        /// </summary>
        private void External(bool nodePort, string key, IReadOnlyList<Target> everywhere, IReadOnlyList<Target> external)
        {
            if (everywhere.Count == 0)
            {
                facts.Add(new Fact((nodePort ? "noepnp" : "noep") + _f, key));
                return;
            }

            Entry(Scope.Of(_v4, nodePort, false), key, everywhere, "");
            if (HasLocalExternalPolicy)
            {
                Entry(Scope.Of(_v4, nodePort, true), key, external, "x");
            }
            else
            {
                facts.Add(new Fact((nodePort ? "masqnp" : "masq") + _f, key));
            }
        }

        private void Entry(Scope scope, string key, IReadOnlyList<Target> targets, string affinityKind)
        {
            if (targets.Count == 0)
            {
                // Policy Local and nobody here: silence, so that a load balancer takes another machine.
                facts.Add(new Fact(scope.Name, key, "drop"));
                return;
            }

            if (AffinitySeconds is { } seconds)
            {
                facts.Add(new Fact(scope.Name, key, "goto " + Affinity(affinityKind, targets, seconds)));
                return;
            }

            facts.Add(new Fact(scope.Name, key, scope.Spread(targets.Count)));
            for (var slot = 0; slot < targets.Count; slot++)
            {
                facts.Add(new Fact(scope.Slot(slot), key, $"{targets[slot].Address} . {targets[slot].Port}"));
            }
        }

        /// <summary>
        /// Chains of the Service's own: a client that one endpoint served within the time gets it again. All entries of the Service share them.
        /// </summary>
        private string Affinity(string kind, IReadOnlyList<Target> targets, int seconds)
        {
            var ip = _v4 ? "ip" : "ip6";
            var chain = $"aff{kind}{_f}-{service.Metadata.NamespaceProperty}/{service.Metadata.Name}/{_proto}/{port.Port}";
            var own = targets.Select(t => $"{chain}/{t.Address.Replace(':', '_')}.{t.Port}").ToList();
            for (var i = 0; i < targets.Count; i++)
            {
                var to = _v4 ? $"{targets[i].Address}:{targets[i].Port}" : $"[{targets[i].Address}]:{targets[i].Port}";
                facts.Add(new Fact(Fact.Set, own[i], $"type {(_v4 ? "ipv4_addr" : "ipv6_addr")}; flags dynamic, timeout; timeout {seconds}s;"));
                facts.Add(new Fact(Fact.Chain, own[i], $"update @{own[i]} {{ {ip} saddr }}\nmeta l4proto {_proto} dnat {ip} to {to}"));
            }

            var rules = own.Select(o => $"{ip} saddr @{o} goto {o}").Append(Spread(own));
            facts.Add(new Fact(Fact.Chain, chain, string.Join('\n', rules)));
            return chain;
        }

        private static string Spread(List<string> chains) => chains.Count == 1
            ? $"goto {chains[0]}"
            : $"numgen random mod {chains.Count} vmap {{ {string.Join(", ", chains.Select((c, i) => $"{i} : goto {c}"))} }}";

        /// <summary>Only these sources may use the load balancer's address.</summary>
        private void SourceRanges(string key)
        {
            if (service.Spec.LoadBalancerSourceRanges is not { Count: > 0 } ranges)
            {
                return;
            }

            facts.Add(new Fact("guarded" + _f, key));
            foreach (var range in ranges)
            {
                if (IPNetwork.TryParse(range.Trim(), out var network) && network.BaseAddress.AddressFamily == family)
                {
                    facts.Add(new Fact("admitted" + _f, $"{key} . {network}"));
                }
            }
        }
    }
}
