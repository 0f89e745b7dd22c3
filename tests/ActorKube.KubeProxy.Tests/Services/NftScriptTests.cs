using System.Text.Json.Nodes;
using ActorKube.KubeProxy.Services;
using CsCheck;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests.Services;

public sealed class NftScriptTests
{
    private static readonly Dictionary<string, IReadOnlyList<string>> NoClients = [];

    [Fact]
    public void No_change_makes_no_script() => Assert.Null(new NftScript("t", 1).Incremental([]));

    [Fact]
    public void One_endpoint_more_touches_that_Service_alone()
    {
        var (ruleset, script) = (new Ruleset(), new NftScript("t", 1 << 14));
        ruleset.Put("web", Some.Rules(Some.Service("web", "10.96.0.10"), Some.Slice("web", 8080, "10.244.0.2")));
        script.Full(ruleset, NoClients);
        ruleset.TakeChanges();

        ruleset.Put("web", Some.Rules(Some.Service("web", "10.96.0.10"), Some.Slice("web", 8080, "10.244.0.2", "10.244.0.3")));

        Assert.Equal(
            """
            add map inet t vip4-1 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
            add chain inet t vip4-1
            add chain inet t lb-vip4-2
            add rule inet t vip4-1 dnat ip to ip daddr . meta l4proto . th dport map @vip4-1
            add rule inet t lb-vip4-2 numgen random mod 2 vmap { 0 : goto vip4-0, 1 : goto vip4-1 }
            delete element inet t vip4 { 10.96.0.10 . tcp . 80 : goto vip4-0 }
            add element inet t vip4 { 10.96.0.10 . tcp . 80 : goto lb-vip4-2 }
            add element inet t hairpin4 { 10.244.0.3 . 10.244.0.3 }
            add element inet t vip4-1 { 10.96.0.10 . tcp . 80 : 10.244.0.3 . 8080 }

            """,
            script.Incremental(ruleset.TakeChanges()));
    }

    [SkippableFact]
    public void The_kernel_takes_any_sequence_of_changes_and_ends_where_a_full_sync_does()
    {
        Skip.If(NetworkNamespace.Missing() is not null, NetworkNamespace.Missing());
        using var one = new NetworkNamespace("inc");
        using var two = new NetworkNamespace("full");
        var nft = new NftProcess([.. one.Enter, "nft"]);
        var other = new NftProcess([.. two.Enter, "nft"]);
        var step = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 4], Gen.Int[0, 7], Gen.Int[0, 2]);
        step.Array[1, 12].Sample(
            steps =>
            {
                var (ruleset, script) = (new Ruleset(), new NftScript("t", 1 << 14));
                nft.ApplyAsync(script.Full(ruleset, NoClients), default).GetAwaiter().GetResult();
                foreach (var (which, endpoints, kind, gone) in steps)
                {
                    ruleset.Put($"s{which}", gone == 0 && kind == 7 ? [] : Service(which, endpoints, kind));
                    if (script.Incremental(ruleset.TakeChanges()) is { } text)
                        nft.ApplyAsync(text, default).GetAwaiter().GetResult();
                }

                other.ApplyAsync(new NftScript("t", 1 << 14).Full(ruleset, NoClients), default).GetAwaiter().GetResult();
                Assert.Equal(Elements(other), Elements(nft));
            },
            iter: 25, threads: 1);
    }

    [SkippableFact]
    public async Task A_full_sync_keeps_the_clients_of_session_affinity()
    {
        Skip.If(NetworkNamespace.Missing() is not null, NetworkNamespace.Missing());
        using var host = new NetworkNamespace("aff");
        var nft = new NftProcess([.. host.Enter, "nft"]);
        var ruleset = new Ruleset();
        ruleset.Put("web", Some.Rules(
            Some.Service("web", "10.96.0.10,fd00:96::a").With(s => s.Spec.SessionAffinity = "ClientIP"), Some.Slice("web", 8080, "10.244.0.2"), Some.Slice("web", 8080, "fd00:244::2")));
        await nft.ApplyAsync(new NftScript("t", 1).Full(ruleset, NoClients), default);
        await nft.ApplyAsync("add element inet t aff4-default/web/tcp/80/10.244.0.2.8080 { 10.0.0.9 timeout 3h expires 2h }", default);

        var clients = AffinityClients.Parse(await nft.ListAsync("list sets table inet t", default));
        await nft.ApplyAsync(new NftScript("t", 1).Full(ruleset, clients), default);

        var kept = AffinityClients.Parse(await nft.ListAsync("list sets table inet t", default))["aff4-default/web/tcp/80/10.244.0.2.8080"];
        Assert.Matches("^10.0.0.9( timeout 10800s)? expires (7200|719[0-9])s$", Assert.Single(kept));
        Assert.Null(await nft.ListAsync("list chain inet t no-such", default));
        await Assert.ThrowsAsync<NftablesException>(() => nft.ApplyAsync("add rubbish", default));
    }

    private static IReadOnlyList<Fact> Service(int which, int endpoints, int kind) => Some.Rules(
        Some.Service($"s{which}", $"10.96.0.{which + 1},fd00:96::{which + 1}", nodePort: kind % 2 == 1 ? 30000 + which : 0, protocol: kind == 6 ? "SCTP" : "TCP").With(s =>
        {
            s.Spec.ExternalTrafficPolicy = kind is 3 or 5 ? "Local" : "Cluster";
            s.Spec.SessionAffinity = kind is 4 or 5 ? "ClientIP" : "None";
            s.Spec.ExternalIPs = kind == 2 ? ["203.0.113.1"] : null;
        }),
        Some.Slice($"s{which}", 8080, [.. Enumerable.Range(0, endpoints).Select(e => Some.Endpoint($"10.244.0.{(which * 3) + e}", e % 2 == 0 ? "n1" : "n2"))]).With(s => s.Ports[0].Protocol = kind == 6 ? "SCTP" : "TCP"),
        Some.Slice($"s{which}", 8080, [.. Enumerable.Range(0, endpoints / 2).Select(e => Some.Endpoint($"fd00:244::{(which * 3) + e + 1}"))]));

    /// <summary>All elements of the table, and the chains that belong to one Service; not the shared chains, which stay.</summary>
    private static List<string> Elements(NftProcess nft)
    {
        var all = new List<string>();
        foreach (var item in JsonNode.Parse(nft.ListAsync("list table inet t", default).GetAwaiter().GetResult()!)!["nftables"]!.AsArray())
        {
            if ((item!["set"] ?? item["map"]) is { } set)
            {
                all.AddRange((set["elem"]?.AsArray() ?? []).Select(e => $"{set["name"]} {e!.ToJsonString()}"));
                if (((string)set["name"]!).StartsWith("aff", StringComparison.Ordinal))
                    all.Add((string)set["name"]!);
            }
            else if (item["rule"] is { } rule && ((string)rule["chain"]!).StartsWith("aff", StringComparison.Ordinal))
            {
                all.Add($"{rule["chain"]} {rule["expr"]!.ToJsonString()}");
            }
        }

        all.Sort(StringComparer.Ordinal);
        return all;
    }
}
