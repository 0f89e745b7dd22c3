using System.CommandLine;
using System.Diagnostics;
using ActorKube.ApiServer.Authentication;
using ActorKube.Api.Meta;
using ActorKube.Client.Hosting;
using ActorKube.Host.Cluster;
using ActorKube.Host.Configuration;
using ActorKube.Host.Machine;
using ActorKube.Host.Processes;

namespace ActorKube.Host.Commands;

/// <summary><c>actorkube dev</c>: a whole cluster in one process.</summary>
internal static class DevCommand
{
    public static Command Create()
    {
        var dataDir = new Option<string?>("--data-dir") { Description = "Folder of everything the cluster keeps (default ~/.actorkube/dev)." };
        var apiPort = new Option<int?>("--api-port") { Description = "Port of the Kubernetes API (default 6443)." };
        var kubeconfig = new Option<string?>("--kubeconfig") { Description = "The kubeconfig file to write (default <data-dir>/admin.conf)." };
        var runtime = new Option<string?>("--runtime") { Description = "auto, cri, builtin or process (default auto)." };
        runtime.AcceptOnlyFromAmong("auto", "cri", "builtin", "process");
        var noInstall = new Option<bool>("--no-install") { Description = "Install no host packages; go on with what there is." };
        var (config, set) = (ProcessCommand.ConfigOption(), ProcessCommand.SetOption());
        var command = new Command("dev", "Run a whole cluster in this process: control plane and one node.") { dataDir, apiPort, kubeconfig, runtime, noInstall, config, set };
        ProcessCommand.Run(command, (parsed, stop) =>
        {
            var settings = new List<string>();
            Add(settings, "actorkube.cluster.port", "0");
            settings.AddRange(parsed.GetValue(set) ?? []);
            Add(settings, "actorkube.data-dir", parsed.GetValue(dataDir));
            Add(settings, "actorkube.apiserver.port", parsed.GetValue(apiPort)?.ToString());
            Add(settings, "actorkube.runtime.type", parsed.GetValue(runtime));
            var process = ProcessSettings.From(ProcessConfiguration.Load(parsed.GetValue(config), settings, "dev"));
            return RunAsync(process, parsed.GetValue(kubeconfig) ?? Path.Combine(process.DataDir, "admin.conf"), !parsed.GetValue(noInstall), stop);
        });
        return command;
    }

    private static void Add(List<string> settings, string key, string? value)
    {
        if (value is not null)
            settings.Add($"{key}={value}");
    }

    private static async Task RunAsync(ProcessSettings settings, string kubeconfig, bool install, CancellationToken stop)
    {
        using var logs = ProcessLogging.Create(settings.Config);
        using var folder = DataFolder.Lock(settings.DataDir);
        await StoreFiles.CheckAtStartAsync(settings.Config, logs, stop);
        await using var runtime = await NodeRuntime.OpenAsync(settings, install, logs, stop);
        var apiServer = ApiServer.ApiServerSettings.From(settings.Config);
        using var certificates = ClusterCertificates.Open(apiServer.PkiDirectory, TimeProvider.System);
        using var certificate = certificates.Kubelet(settings.NodeName, [ProcessSettings.MachineAddress().ToString()]);
        var membership = new ClusterMembership(settings.ClusterHostname, settings.ClusterPort, [], ["control-plane", "node"], certificate, certificates.Authority);
        var kubelet = new UserInfo($"system:node:{settings.NodeName}", ["system:nodes", UserInfo.Authenticated]);
        var proxy = new UserInfo("system:kube-proxy", [UserInfo.Authenticated]);
        await using var process = await ClusterProcess.StartAsync(membership, settings, logs, new ControlPlane(settings, logs, certificates.Authority),
            new WorkerNode(settings, runtime, certificate, certificates.Authority, (system, component) => ComponentClient.InProcess(system, component, component == "kubelet" ? kubelet : proxy)));
        var server = $"https://127.0.0.1:{process.ApiServer!.Port}";
        AdminKubeconfig.Write(kubeconfig, server, process.ApiServer.Certificates);
        await process.ApiServer.Bootstrapped.WaitAsync(stop);
        await runtime.BringDemoImagesAsync(stop);
        Report.Ready($"ActorKube is ready after {TimeProvider.System.GetUtcNow() - Process.GetCurrentProcess().StartTime:s\\.f} s",
            ("API server", server),
            ("kubeconfig", kubeconfig),
            ("node", $"{settings.NodeName}, {runtime.Description}"),
            ("data", settings.DataDir),
            ("kubectl", $"kubectl --kubeconfig {kubeconfig} apply -f docs/examples/hello.yaml"),
            ("akctl", $"dotnet run -c Release --project src/ActorKube.Cli -- --kubeconfig {kubeconfig} get pods"),
            ("stop", "Ctrl-C"));
        _ = StoreFiles.CheckInBackgroundAsync(settings.Config, logs, stop);
        await runtime.BringSandboxImageAsync(stop);
        await Task.WhenAny(process.Terminated, Task.Delay(Timeout.Infinite, stop));
        if (!stop.IsCancellationRequested)
            throw new ProcessFailedException("the actor system ended by itself; see the log above");
        Report.Line("Stopping: pods first, then the cluster");
        await process.StopKubeletAsync();
        await runtime.StopPodsAsync(settings.NodeName);
    }
}
