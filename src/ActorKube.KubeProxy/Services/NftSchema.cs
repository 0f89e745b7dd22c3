using System.Text;

namespace ActorKube.KubeProxy.Services;

/// <summary>
/// The fixed part of the table: its sets, maps and chains, whatever the Services are.
/// A packet's way: <c>refuse</c> (Services without endpoints) → <c>services</c> (choose an endpoint, translate) → routing →
/// <c>unknown-port</c> → <c>postrouting</c> (hide the source where the reply must come back through this machine).
/// </summary>
public static class NftSchema
{
    private static readonly string[] Families = ["4", "6"];

    /// <summary>Declarations of all fixed sets and maps by name.</summary>
    public static IReadOnlyDictionary<string, string> Containers { get; } = Declare();

    /// <summary>Declaration of a scope's map for one endpoint number.</summary>
    public static string SlotMap(Scope scope) => $"type {scope.KeyType} : {scope.AddressType} . inet_service;";

    /// <summary>The rule that translates to one endpoint number.</summary>
    public static string SlotRule(Scope scope, int slot) =>
        $"{Only(scope)}dnat {scope.Ip} to {scope.PacketKey} map @{scope.Slot(slot)}";

    /// <summary>The rule that picks one of so many endpoints.</summary>
    public static string SpreadRule(Scope scope, int endpoints) =>
        $"numgen random mod {endpoints} vmap {{ {string.Join(", ", Enumerable.Range(0, endpoints).Select(i => $"{i} : goto {scope.Slot(i)}"))} }}";

    /// <summary>The fixed chains.</summary>
    /// <param name="mark">The bit of the packet mark that asks for masquerading.</param>
    /// <param name="overlay">
    /// The device to other machines' pods: what the machine itself sends there must bear an address whose reply comes back the same way.
    /// </param>
    public static string Chains(int mark, string overlay)
    {
        var text = new StringBuilder();
        text.Append(
            """
              chain refuse {
                ip daddr . meta l4proto . th dport @noep4 reject
                ip6 daddr . meta l4proto . th dport @noep6 reject
                fib daddr type local meta nfproto ipv4 meta l4proto . th dport @noepnp4 reject
                fib daddr type local meta nfproto ipv6 meta l4proto . th dport @noepnp6 reject
                ip daddr . meta l4proto . th dport @guarded4 ip daddr . meta l4proto . th dport . ip saddr != @admitted4 drop
                ip6 daddr . meta l4proto . th dport @guarded6 ip6 daddr . meta l4proto . th dport . ip6 saddr != @admitted6 drop
              }
              chain nodeports {

            """);
        foreach (var nodePort in new[] { true, false })
        {
            if (!nodePort)
            {
                text.Append(
                    """
                      }
                      chain services {
                        ip daddr @clusterips4 ip saddr != @pods4 fib saddr type != local meta mark set meta mark | MARK
                        ip6 daddr @clusterips6 ip6 saddr != @pods6 fib saddr type != local meta mark set meta mark | MARK

                    """);
            }

            foreach (var v4 in new[] { true, false })
            {
                var (inside, outside) = (Scope.Of(v4, nodePort, false), Scope.Of(v4, nodePort, true));
                var (ip, f) = (inside.Ip, v4 ? "4" : "6");
                text.Append($"    {Only(inside)}{inside.PacketKey} @{(nodePort ? "masqnp" : "masq")}{f} meta mark set meta mark | MARK\n");
                text.Append($"    {ip} saddr != @pods{f} fib saddr type != local {outside.PacketKey} vmap @{outside.Name}\n");
                text.Append($"    {Only(inside)}{inside.PacketKey} vmap @{inside.Name}\n");
            }
        }

        text.Append(
            """
                fib daddr type local jump nodeports
              }
              chain unknown-port {
                ip daddr @clusterips4 reject
                ip6 daddr @clusterips6 reject
              }
              chain prerouting-filter {
                type filter hook prerouting priority -110;
                iif != lo ip daddr 127.0.0.0/8 drop
                ct state new jump refuse
              }
              chain output-filter {
                type filter hook output priority -110;
                ct state new jump refuse
              }
              chain prerouting {
                type nat hook prerouting priority -100;
                jump services
              }
              chain output {
                type nat hook output priority -100;
                jump services
              }
              chain forward {
                type filter hook forward priority 0;
                ct state new jump unknown-port
              }
              chain output-after {
                type filter hook output priority 0;
                ct state new jump unknown-port
              }
              chain postrouting {
                type nat hook postrouting priority 100;
                meta mark & MARK == MARK meta mark set meta mark & UNMARK masquerade fully-random
                ct status dnat ip saddr . ip daddr @hairpin4 masquerade fully-random
                ct status dnat ip6 saddr . ip6 daddr @hairpin6 masquerade fully-random
                ct status dnat ip saddr 127.0.0.0/8 masquerade fully-random
                oifname "OVERLAY" ip saddr != @pods4 masquerade fully-random
                oifname "OVERLAY" ip6 saddr != @pods6 masquerade fully-random
                ip saddr @pods4 ip daddr != @pods4 ip daddr != 224.0.0.0/4 masquerade fully-random
                ip6 saddr @pods6 ip6 daddr != @pods6 ip6 daddr != ff00::/8 masquerade fully-random
              }

            """);
        return text.Replace("OVERLAY", overlay).Replace("UNMARK", $"0x{~mark:x8}").Replace("MARK", $"0x{mark:x8}").ToString();
    }

    /// <summary>A key with an address says its family by itself; one without needs the word.</summary>
    private static string Only(Scope scope) => scope.IsNodePort ? $"meta nfproto {(scope.IsV4 ? "ipv4" : "ipv6")} " : "";

    private static Dictionary<string, string> Declare()
    {
        var all = new Dictionary<string, string>();
        foreach (var scope in Scope.All)
        {
            all[scope.Name] = $"type {scope.KeyType} : verdict;";
        }

        foreach (var f in Families)
        {
            var (vip, port) = (Scope.Of(f == "4", false, false), Scope.Of(f == "4", true, false));
            all["noep" + f] = $"type {vip.KeyType};";
            all["masq" + f] = $"type {vip.KeyType};";
            all["guarded" + f] = $"type {vip.KeyType};";
            all["admitted" + f] = $"type {vip.KeyType} . {vip.AddressType}; flags interval;";
            all["noepnp" + f] = $"type {port.KeyType};";
            all["masqnp" + f] = $"type {port.KeyType};";
            all["clusterips" + f] = $"type {vip.AddressType};";
            all["hairpin" + f] = $"type {vip.AddressType} . {vip.AddressType};";
            all["pods" + f] = $"type {vip.AddressType}; flags interval; auto-merge;";
        }

        return all;
    }
}
