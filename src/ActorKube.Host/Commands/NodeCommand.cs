using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using ActorKube.ApiServer.Authentication;
using ActorKube.Client;
using ActorKube.Client.Hosting;
using ActorKube.Client.Protocol;
using ActorKube.Client.Transport;
using ActorKube.Host.Cluster;
using ActorKube.Host.Configuration;
using ActorKube.Host.Processes;
using ActorKube.Kubelet.Hollow;
using Microsoft.Extensions.Logging;

namespace ActorKube.Host.Commands;

/// <summary><c>actorkube node</c>: one machine's kubelet, kube-proxy, DNS and pod network.</summary>
internal static class NodeCommand
{
    public static Command Create()
    {
        var noInstall = new Option<bool>("--no-install") { Description = "Install no host packages; go on with what there is." };
        var (config, set) = (ProcessCommand.ConfigOption(), ProcessCommand.SetOption());
        var command = new Command("node", "Run this machine as a node of a cluster.") { config, set, noInstall };
        ProcessCommand.Run(command, (parsed, stop) =>
        {
            var process = ProcessSettings.From(ProcessConfiguration.Load(parsed.GetValue(config), parsed.GetValue(set) ?? [], ""));
            if (process.JoinFile.Length == 0)
                throw new ConfigurationException("actorkube.node.join-file is not set: it names the join.conf that a seed process wrote");
            var join = JoinFile.Read(process.JoinFile);
            return HollowSettings.From(process.Config) is { Nodes: > 0 } hollow ? RunHollowAsync(process, hollow, join, stop) : RunAsync(process, join, !parsed.GetValue(noInstall), stop);
        });
        return command;
    }

    private static async Task RunAsync(ProcessSettings settings, JoinFile join, bool install, CancellationToken stop)
    {
        using var logs = ProcessLogging.Create(settings.Config);
        using var folder = DataFolder.Lock(settings.DataDir);
        await using var runtime = await NodeRuntime.OpenAsync(settings, install, logs, stop);
        await runtime.BringDemoImagesAsync(stop);
        Report.Ready($"Node {settings.NodeName} starts", ("control plane", settings.JoinByApi ? join.ApiServer : string.Join(", ", join.ClusterNodes)), ("runtime", runtime.Description), ("data", settings.DataDir), ("stop", "Ctrl-C"));
        await runtime.BringSandboxImageAsync(stop);
        // A node that lost every control-plane process leaves the cluster by itself; its containers run on, and it joins anew.
        while (!stop.IsCancellationRequested)
        {
            await RunOnceAsync(settings, join, runtime, logs, stop);
            if (!stop.IsCancellationRequested)
                logs.CreateLogger("ActorKube.Node").LogWarning("Node {Node} lost the control plane; joining anew", settings.NodeName);
        }

        Report.Line("Stopping; the node's containers run on");
    }

    private static async Task RunHollowAsync(ProcessSettings settings, HollowSettings hollow, JoinFile join, CancellationToken stop)
    {
        using var logs = ProcessLogging.Create(settings.Config);
        using var folder = DataFolder.Lock(settings.DataDir);
        Report.Ready($"{hollow.Nodes} hollow nodes start", ("control plane", settings.JoinByApi ? join.ApiServer : string.Join(", ", join.ClusterNodes)), ("stop", "Ctrl-C"));
        while (!stop.IsCancellationRequested)
        {
            using var certificate = join.Certificate();
            using var authority = join.Authority();
            await using var process = await ClusterProcess.StartAsync(Membership(settings, join, certificate, authority), settings, logs, null, null);
            var client = ClientSettings.Of(process.System.Settings.Config);
            process.System.ActorOf(HollowNodesActor.Props(hollow, name => new ApiClient(Transport(name), "kubelet"), TimeProvider.System), "hollow");
            await Task.WhenAny(process.Terminated, Task.Delay(Timeout.Infinite, stop));

            IApiTransport Transport(string name) => settings.JoinByApi
                ? new HttpTransport(new HttpTransportOptions { Server = new Uri(join.ApiServer), CertificateAuthorities = [authority], Token = () => TokenAuthenticator.JoinAs(join.Token, name) })
                : new ActorTransport(process.System, client.ToTransportOptions(() => new TokenCredential(TokenAuthenticator.JoinAs(join.Token, name)), ApiServers.InCluster), $"{name}-client");
        }

        Report.Line("Stopping; the hollow nodes' pods are not reported any more");
    }

    // A node that joins by HTTPS is a cluster of its own as far as Akka is concerned.
    private static ClusterMembership Membership(ProcessSettings settings, JoinFile join, X509Certificate2 certificate, X509Certificate2 authority)
    {
        IReadOnlyList<string> seeds = settings.JoinByApi ? [] : settings.SeedNodes.Count > 0 ? settings.SeedNodes : join.ClusterNodes;
        return new ClusterMembership(settings.ClusterHostname, settings.ClusterPort, seeds, settings.JoinByApi ? ["node", "control-plane"] : ["node"], certificate, authority);
    }

    private static async Task RunOnceAsync(ProcessSettings settings, JoinFile join, NodeRuntime runtime, ILoggerFactory logs, CancellationToken stop)
    {
        using var certificate = join.Certificate();
        using var authority = join.Authority();
        var membership = Membership(settings, join, certificate, authority);
        var node = new WorkerNode(settings, runtime, certificate, authority, (system, component) => settings.JoinByApi
            ? ComponentClient.OverHttp(system, component, new HttpTransportOptions { Server = new Uri(join.ApiServer), CertificateAuthorities = [authority], Token = () => Bearer(component) }, settings.NodeName)
            : ComponentClient.OverActors(system, component, () => new TokenCredential(Bearer(component)), ApiServers.InCluster, settings.NodeName));
        await using var process = await ClusterProcess.StartAsync(membership, settings, logs, null, node);
        await Task.WhenAny(process.Terminated, Task.Delay(Timeout.Infinite, stop));

        string Bearer(string component) => component == "kubelet" ? TokenAuthenticator.JoinAs(join.Token, settings.NodeName) : TokenAuthenticator.JoinAsProxy(join.Token);
    }
}
