using System.CommandLine;
using System.Data.Common;
using System.Security.Cryptography.X509Certificates;
using ActorKube.ApiServer.Authentication;
using ActorKube.Host.Cluster;
using ActorKube.Host.Configuration;
using ActorKube.Host.Processes;
using ActorKube.Store;
using ActorKube.Store.Cluster;
using Microsoft.Extensions.Logging;

namespace ActorKube.Host.Commands;

/// <summary><c>actorkube seed</c>: a control-plane process.</summary>
internal static class SeedCommand
{
    public static Command Create()
    {
        var kubeconfig = new Option<string?>("--kubeconfig") { Description = "The kubeconfig file to write (default <data-dir>/admin.conf)." };
        var (config, set) = (ProcessCommand.ConfigOption(), ProcessCommand.SetOption());
        var command = new Command("seed", "Run a control-plane process: API server, store, scheduler, controller-manager.") { config, set, kubeconfig };
        ProcessCommand.Run(command, (parsed, stop) =>
        {
            var process = ProcessSettings.From(ProcessConfiguration.Load(parsed.GetValue(config), parsed.GetValue(set) ?? [], "seed"));
            return RunAsync(process, parsed.GetValue(kubeconfig) ?? Path.Combine(process.DataDir, "admin.conf"), stop);
        });
        return command;
    }

    private static async Task RunAsync(ProcessSettings settings, string kubeconfig, CancellationToken stop)
    {
        using var logs = ProcessLogging.Create(settings.Config);
        using var folder = DataFolder.Lock(settings.DataDir);
        await StoreFiles.CheckAtStartAsync(settings.Config, logs, stop);
        using var certificates = ClusterCertificates.Open(ApiServer.ApiServerSettings.From(settings.Config).PkiDirectory, TimeProvider.System);
        using var certificate = certificates.Kubelet("control-plane", []);
        var membership = new ClusterMembership(settings.ClusterHostname, settings.ClusterPort, settings.SeedNodes, ["control-plane"], certificate, certificates.Authority)
        {
            IsOneOfSeveral = settings.SeedNodes.Count > 0,
        };
        // A process that lost its part of the control plane leaves the cluster by itself, and joins anew.
        for (var report = true; ;)
        {
            var (isAsked, wasReady) = await RunOnceAsync(settings, await JoiningAsync(membership, settings, logs), certificates, kubeconfig, logs, report, stop);
            if (isAsked)
                break;
            report &= !wasReady;
            if (!membership.IsOneOfSeveral)
                throw new ProcessFailedException("the process left the cluster by itself; see the log above");
            logs.CreateLogger("ActorKube.Seed").LogWarning("This process left the control plane; it joins anew");
        }

        Report.Line("Stopping");
    }

    // A process that owns the store is of a cluster, which this one has to join.
    private static async Task<ClusterMembership> JoiningAsync(ClusterMembership membership, ProcessSettings settings, ILoggerFactory logs)
    {
        if (!membership.IsOneOfSeveral)
            return membership;
        try
        {
            var holder = await StoreLease.In(StoreSettings.From(settings.Config)).ReadAsync();
            var isOther = holder is { IsCurrent: true, Owner.Length: > 0 } && StoreLease.AddressOf(holder.Owner).ToString() != ClusterMembership.AddressOf($"{membership.Hostname}:{membership.Port}");
            return membership with { OnlyJoins = isOther };
        }
        catch (Exception e) when (e is DbException or TimeoutException or IOException)
        {
            logs.CreateLogger("ActorKube.Seed").LogWarning("The database does not say who owns the store: {Reason}", e.Message);
            return membership;
        }
    }

    // Whether it ended because it was asked to, and whether it was ready before.
    private static async Task<(bool IsAsked, bool WasReady)> RunOnceAsync(
        ProcessSettings settings, ClusterMembership membership, ClusterCertificates certificates, string kubeconfig, ILoggerFactory logs, bool report, CancellationToken stop)
    {
        var controlPlane = new ControlPlane(settings, logs, certificates.Authority) { Proof = membership.IsOneOfSeveral ? certificates.ControlPlaneProof() : null };
        await using var process = await ClusterProcess.StartAsync(membership, settings, logs, controlPlane, null);
        var apiServer = ApiServer.ApiServerSettings.From(settings.Config);
        var host = apiServer.AdvertiseAddress.Length > 0 ? apiServer.AdvertiseAddress : settings.ClusterHostname;
        var server = $"https://{host}:{process.ApiServer!.Port}";
        AdminKubeconfig.Write(kubeconfig, server, certificates);
        var join = Path.Combine(settings.DataDir, "join.conf");
        using var joining = certificates.Kubelet("joining", []);
        var self = $"{settings.ClusterHostname}:{ClusterProcess.PortOf(process.System)}";
        new JoinFile([self, .. settings.SeedNodes.Where(s => s != self)], server, process.ApiServer.Tokens.JoinToken,
            certificates.AuthorityPem, joining.ExportCertificatePem(), joining.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()).Write(join);
        var ready = Task.WhenAll(process.ApiServer.Bootstrapped, process.IsMember).WaitAsync(stop);
        await Task.WhenAny(ready, process.Terminated);
        if (ready.IsCompleted)
            await ready;
        if (ready.IsCompleted && report)
        {
            _ = StoreFiles.CheckInBackgroundAsync(settings.Config, logs, stop);
            Report.Ready("ActorKube's control plane is ready",
                ("API server", server),
                ("kubeconfig", kubeconfig),
                ("data", settings.DataDir),
                ("add a node", $"actorkube node --config config/node.conf --set actorkube.node.join-file={join}"),
                ("stop", "Ctrl-C"));
        }

        await Task.WhenAny(process.Terminated, Task.Delay(Timeout.Infinite, stop));
        return (stop.IsCancellationRequested, ready.IsCompletedSuccessfully);
    }
}
