using System.Text.Json;

namespace ActorKube.KubeProxy.PodNetwork;

/// <summary>A network device as it is.</summary>
/// <param name="Mtu">Its largest packet.</param>
/// <param name="IsUp">Whether it is switched on.</param>
/// <param name="Addresses">Its addresses with their prefixes, link-local ones left out.</param>
/// <param name="VxlanId">The VXLAN network's number; null for other devices.</param>
/// <param name="VxlanLocal">Where its datagrams come from.</param>
public sealed record ObservedLink(int Mtu, bool IsUp, IReadOnlySet<string> Addresses, int? VxlanId, string? VxlanLocal);

/// <summary>The parts of the machine's network that a plan is compared with.</summary>
/// <param name="Links">Devices by name.</param>
/// <param name="Routes">Destinations of the routes that carry our mark.</param>
public sealed record ObservedNetwork(IReadOnlyDictionary<string, ObservedLink> Links, IReadOnlySet<string> Routes)
{
    /// <summary>Reads the output of <c>ip -j -d addr show</c> and <c>ip -j route show proto …</c> for both families.</summary>
    public static ObservedNetwork Parse(string links, params IEnumerable<string> routes) => new(
        Items(links).Where(l => l.TryGetProperty("ifname", out _)).ToDictionary(l => l.GetProperty("ifname").GetString()!, ParseLink),
        routes.SelectMany(Items).Select(r => r.GetProperty("dst").GetString()!).ToHashSet());

    private static IEnumerable<JsonElement> Items(string json) =>
        string.IsNullOrWhiteSpace(json) ? [] : JsonDocument.Parse(json).RootElement.EnumerateArray();

    private static ObservedLink ParseLink(JsonElement link)
    {
        var addresses = link.TryGetProperty("addr_info", out var all)
            ? all.EnumerateArray()
                .Where(a => a.TryGetProperty("local", out _) && !(a.TryGetProperty("scope", out var s) && s.GetString() == "link"))
                .Select(a => $"{a.GetProperty("local").GetString()}/{a.GetProperty("prefixlen").GetInt32()}").ToHashSet()
            : [];
        var vxlan = link.TryGetProperty("linkinfo", out var info) && info.TryGetProperty("info_kind", out var kind) && kind.GetString() == "vxlan"
            ? info.GetProperty("info_data") : (JsonElement?)null;
        return new ObservedLink(
            link.GetProperty("mtu").GetInt32(),
            link.GetProperty("flags").EnumerateArray().Any(f => f.GetString() == "UP"),
            addresses,
            vxlan?.GetProperty("id").GetInt32(),
            vxlan is not { } data ? null : data.TryGetProperty("local", out var v4) ? v4.GetString() : data.TryGetProperty("local6", out var v6) ? v6.GetString() : null);
    }
}
