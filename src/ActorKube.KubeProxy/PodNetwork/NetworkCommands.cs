namespace ActorKube.KubeProxy.PodNetwork;

/// <summary>Commands for <c>ip -batch</c> and <c>bridge -batch</c>.</summary>
/// <param name="Ip">Devices, addresses, neighbours, routes.</param>
/// <param name="Bridge">Where the VXLAN device sends to whom.</param>
public sealed record NetworkCommands(IReadOnlyList<string> Ip, IReadOnlyList<string> Bridge)
{
    /// <summary>
    /// The commands that lead from what is to what shall be. Done again they change nothing. <paramref name="before"/> is the plan that was
    /// carried out last, for what cannot be seen to be ours; null after a start.
    /// </summary>
    public static NetworkCommands For(NetworkPlan plan, NetworkPlan? before, ObservedNetwork observed, PodNetworkSettings settings)
    {
        var ip = new List<string>();
        var bridge = new List<string>();
        Device(ip, plan.Bridge, $"address {plan.BridgeMac} type bridge", settings.Mtu, observed);
        var wanted = plan.Ranges.Select(r => r.GatewayWithPrefix).ToHashSet();
        var has = observed.Links.TryGetValue(plan.Bridge, out var link) ? link.Addresses : new HashSet<string>();
        ip.AddRange(has.Where(a => !wanted.Contains(a)).Select(a => $"addr del {a} dev {plan.Bridge}"));
        ip.AddRange(plan.Ranges.Where(r => !has.Contains(r.GatewayWithPrefix)).Select(r => $"addr add {r.GatewayWithPrefix} dev {plan.Bridge}{(r.IsV4 ? "" : " nodad")}"));
        if (plan.Vxlan is { } vxlan)
        {
            Vxlan(ip, bridge, vxlan, observed, settings);
        }

        Forget(ip, bridge, plan.Vxlan, before?.Vxlan, settings.VxlanDevice);
        var destinations = plan.Routes.Select(r => r.Destination).ToHashSet();
        ip.AddRange(observed.Routes.Where(r => !destinations.Contains(r)).Select(r => $"route del {r} proto {settings.RouteProtocol}"));
        ip.AddRange(plan.Routes.Select(r =>
            $"route replace {r.Destination}{Part("via", r.Via)}{Part("dev", r.Device)}{(r.OnLink ? " onlink" : "")} proto {settings.RouteProtocol}{Part("src", r.Source)}"));
        return new NetworkCommands(ip, bridge);
    }

    private static void Vxlan(List<string> ip, List<string> bridge, VxlanPlan vxlan, ObservedNetwork observed, PodNetworkSettings settings)
    {
        var device = settings.VxlanDevice;
        if (observed.Links.TryGetValue(device, out var link) && (link.VxlanId != settings.VxlanId || link.VxlanLocal != vxlan.Local))
        {
            ip.Add($"link del {device}");
            observed = observed with { Links = observed.Links.Where(l => l.Key != device).ToDictionary() };
            link = null;
        }

        Device(ip, device, $"address {vxlan.Mac} type vxlan id {settings.VxlanId} dstport {settings.VxlanPort} local {vxlan.Local} nolearning", settings.Mtu, observed);
        ip.AddRange(vxlan.Addresses.Where(a => link?.Addresses.Contains(a) != true).Select(a => $"addr add {a} dev {device}{(a.Contains(':') ? " nodad" : "")}"));
        ip.AddRange(vxlan.Peers.Select(p => $"neigh replace {p.Gateway} lladdr {p.Mac} dev {device} nud permanent"));
        bridge.AddRange(vxlan.Peers.Select(p => $"fdb replace {p.Mac} dev {device} dst {p.Underlay}").Distinct());
    }

    /// <summary>Entries for machines and ranges that were in the last plan and are no more.</summary>
    private static void Forget(List<string> ip, List<string> bridge, VxlanPlan? now, VxlanPlan? before, string device)
    {
        if (before is null)
        {
            return;
        }

        var gateways = (now?.Peers ?? []).Select(p => p.Gateway).ToHashSet();
        var machines = (now?.Peers ?? []).Select(p => (p.Mac, p.Underlay)).ToHashSet();
        ip.AddRange(before.Addresses.Except(now?.Addresses ?? before.Addresses).Select(a => $"addr del {a} dev {device}"));
        ip.AddRange(before.Peers.Where(p => !gateways.Contains(p.Gateway)).Select(p => $"neigh del {p.Gateway} dev {device}"));
        bridge.AddRange(before.Peers.Where(p => !machines.Contains((p.Mac, p.Underlay))).Select(p => $"fdb del {p.Mac} dev {device} dst {p.Underlay}").Distinct());
    }

    private static void Device(List<string> ip, string name, string making, int mtu, ObservedNetwork observed)
    {
        if (!observed.Links.TryGetValue(name, out var link))
        {
            ip.Add($"link add name {name} {making}");
        }

        if (link?.Mtu != mtu)
        {
            ip.Add($"link set {name} mtu {mtu}");
        }

        if (link?.IsUp != true)
        {
            ip.Add($"link set {name} up");
        }
    }

    private static string Part(string word, string value) => value.Length == 0 ? "" : $" {word} {value}";
}
