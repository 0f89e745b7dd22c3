using System.Security.Cryptography.X509Certificates;
using ActorKube.Client.Hosting;
using ActorKube.ContainerRuntime;
using ActorKube.Host.Commands;
using ActorKube.Host.Machine;
using ActorKube.KubeProxy;
using ActorKube.Kubelet;
using ActorKube.Kubelet.Server;
using Akka.Actor;
using Akka.Hosting;

namespace ActorKube.Host.Processes;

/// <summary>A node of a process: kubelet, kube-proxy, DNS and pod network.</summary>
/// <param name="settings">The process' configuration.</param>
/// <param name="runtime">What runs the containers.</param>
/// <param name="certificate">Of the kubelet's server.</param>
/// <param name="authority">Signs the certificates of those who may ask the kubelet.</param>
/// <param name="connect">Makes the client of a component, given the actor system and the component's name.</param>
public sealed class WorkerNode(
    ProcessSettings settings, NodeRuntime runtime, X509Certificate2 certificate, X509Certificate2 authority, Func<ActorSystem, string, ComponentClient> connect)
{
    /// <summary>Adds the components to an actor system.</summary>
    /// <param name="akka">The actor system to be.</param>
    /// <param name="system">Gives the actor system once it stands.</param>
    public void AddTo(AkkaConfigurationBuilder akka, Func<ActorSystem> system)
    {
        var networking = new Lazy<ComponentClient>(() => connect(system(), "kube-proxy"));
        akka.AddHocon(ClientSettings.DefaultConfig, HoconAddMode.Append);
        akka.AddKubelet(
            _ =>
            {
                var client = connect(system(), "kubelet");
                return new KubeletServices(client.Client, client.Informers, client.Events, runtime.Runtime, new KubeletCertificates(certificate, [authority]), TimeProvider.System, () => runtime.Gateways);
            },
            kubelet => kubelet with
            {
                NodeName = settings.NodeName,
                NodeAddresses = kubelet.NodeAddresses.IsEmpty && settings.NodeAddress is { } address ? [address.ToString()] : kubelet.NodeAddresses,
            });
        // Without root or the programs for it there is no network of our own: plain processes use the machine's.
        if (!Environment.IsPrivilegedProcess || !OperatingSystem.IsLinux())
            return;
        var missing = HostPackages.Missing(builtInRuntime: false, HostPackages.IsOnPath);
        if (missing.Count > 0)
        {
            Report.Line($"Services have no addresses and pods no network here: {string.Join(" and ", missing)} {(missing.Count == 1 ? "is" : "are")} not installed");
            return;
        }

        akka.AddPodNetwork(settings.NodeName, _ => networking.Value.Informers, runtime.UsePodCidrsAsync, writeCniConfig: runtime.Kind == RuntimeKind.Cri);
        akka.AddKubeProxy(settings.NodeName, _ => networking.Value.Informers);
        akka.AddDns(settings.NodeName, _ => networking.Value.Informers);
    }
}
