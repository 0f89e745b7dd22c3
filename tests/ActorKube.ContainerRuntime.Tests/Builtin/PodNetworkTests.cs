namespace ActorKube.ContainerRuntime.Tests.Builtin;

public class PodNetworkTests
{
    [SkippableFact]
    public async Task Pods_reach_each_other_and_the_node_on_both_address_families()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (server, serving) = await node.RunPodAsync("server", "mkdir /www; echo pong > /www/ping; httpd -f -p 8080 -h /www");
        var (_, client) = await node.RunPodAsync("client", "sleep 600");
        var network = (await node.Runtime.PodSandboxStatusAsync(server)).Network;
        await RuntimeFixture.EventuallyAsync(async () => (await node.ExecAsync(serving, "cat", "/proc/net/tcp6")).Contains(":1F90", StringComparison.Ordinal) ? "" : null);
        using var http = new HttpClient();
        foreach (var host in new[] { network.Ip, $"[{network.AdditionalIps[0].Ip}]" })
        {
            Assert.Equal("pong", await node.ExecAsync(client, "wget", "-q", "-O", "-", $"http://{host}:8080/ping"));
            Assert.Equal("pong\n", await http.GetStringAsync($"http://{host}:8080/ping"));
        }
    }

    [SkippableFact]
    public async Task A_new_range_moves_the_gateway()
    {
        await using var node = await RuntimeFixture.StartAsync();
        await node.Runtime.UpdateRuntimeConfigAsync("10.250.251.0/24");
        var sandbox = await node.Runtime.RunPodSandboxAsync(node.Pod("moved"));
        Assert.Equal("10.250.251.2", (await node.Runtime.PodSandboxStatusAsync(sandbox)).Network.Ip);
        var addresses = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().Single(i => i.Name == node.Options.BridgeName).GetIPProperties().UnicastAddresses;
        Assert.Equal(["10.250.251.1"], addresses.Where(a => !a.Address.IsIPv6LinkLocal).Select(a => a.Address.ToString()));
    }
}
