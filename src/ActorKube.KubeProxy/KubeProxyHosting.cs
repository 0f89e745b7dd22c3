using ActorKube.Client.Informers;
using ActorKube.KubeProxy.Dns;
using ActorKube.KubeProxy.PodNetwork;
using ActorKube.KubeProxy.Services;
using Akka.DependencyInjection;
using Akka.Hosting;

namespace ActorKube.KubeProxy;

/// <summary>Marks kube-proxy in the actor registry.</summary>
public sealed class KubeProxyKey;

/// <summary>Marks the pod network in the actor registry.</summary>
public sealed class PodNetworkKey;

/// <summary>Marks DNS in the actor registry.</summary>
public sealed class DnsKey;

/// <summary>Wires kube-proxy, DNS and the pod network into a node process.</summary>
public static class KubeProxyHosting
{
    /// <summary>Runs <see cref="KubeProxyActor"/> at <c>/user/kube-proxy</c>.</summary>
    /// <param name="builder">The actor system.</param>
    /// <param name="nodeName">The node it works for.</param>
    /// <param name="informers">Gives the informers once the actor system stands.</param>
    public static AkkaConfigurationBuilder AddKubeProxy(this AkkaConfigurationBuilder builder, string nodeName, Func<IDependencyResolver, IInformerFactory> informers) => builder
        .AddHocon(ReferenceConfig.Load(), HoconAddMode.Append)
        .WithActors((system, registry, resolver) =>
        {
            var settings = KubeProxySettings.From(system.Settings.Config);
            var services = KubeProxyServices.OnThisMachine(nodeName, informers(resolver), TimeProvider.System, settings);
            registry.Register<KubeProxyKey>(system.ActorOf(KubeProxyActor.Props(services, settings), "kube-proxy"));
        });

    /// <summary>Runs <see cref="DnsActor"/> at <c>/user/dns</c>.</summary>
    /// <param name="builder">The actor system.</param>
    /// <param name="nodeName">The node it works for.</param>
    /// <param name="informers">Gives the informers once the actor system stands.</param>
    public static AkkaConfigurationBuilder AddDns(this AkkaConfigurationBuilder builder, string nodeName, Func<IDependencyResolver, IInformerFactory> informers) => builder
        .AddHocon(ReferenceConfig.Load(), HoconAddMode.Append)
        .WithActors((system, registry, resolver) =>
            registry.Register<DnsKey>(system.ActorOf(DnsActor.Props(new DnsServices(nodeName, informers(resolver)), DnsSettings.From(system.Settings.Config)), "dns")));

    /// <summary>Runs <see cref="PodNetworkActor"/> at <c>/user/pod-network</c>.</summary>
    /// <param name="builder">The actor system.</param>
    /// <param name="nodeName">The node it works for.</param>
    /// <param name="informers">Gives the informers once the actor system stands.</param>
    /// <param name="onPodCidrs">Told of the node's ranges, comma-separated: the runtime's UpdateRuntimeConfigAsync.</param>
    /// <param name="writeCniConfig">Whether the runtime takes its network from a CNI configuration (containerd, CRI-O).</param>
    public static AkkaConfigurationBuilder AddPodNetwork(
        this AkkaConfigurationBuilder builder, string nodeName, Func<IDependencyResolver, IInformerFactory> informers, Func<string, Task> onPodCidrs, bool writeCniConfig) => builder
        .AddHocon(ReferenceConfig.Load(), HoconAddMode.Append)
        .WithActors((system, registry, resolver) =>
        {
            var services = new PodNetworkServices(nodeName, informers(resolver), new NetworkTools([], Sysctl.Set), onPodCidrs, writeCniConfig);
            registry.Register<PodNetworkKey>(system.ActorOf(PodNetworkActor.Props(services, PodNetworkSettings.From(system.Settings.Config)), "pod-network"));
        });
}
