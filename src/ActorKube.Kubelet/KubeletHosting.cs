using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ContainerRuntime;
using ActorKube.Kubelet.Server;
using Akka.Actor;
using Akka.DependencyInjection;
using Akka.Hosting;

namespace ActorKube.Kubelet;

/// <summary>What the kubelet needs from its process.</summary>
/// <param name="Api">The API, as <c>system:node:&lt;name&gt;</c>.</param>
/// <param name="Informers">Pods of this node, its Node, and Services.</param>
/// <param name="Events">Writes events as component <c>kubelet</c> of this host.</param>
/// <param name="Runtime">What runs containers.</param>
/// <param name="Certificates">Of the kubelet's server.</param>
/// <param name="Time">The clock.</param>
/// <param name="ClusterDns">The node's own DNS servers, asked for each pod that the settings name none for; they are known once the node has its pod ranges.</param>
public sealed record KubeletServices(
    IApiClient Api, IInformerFactory Informers, IEventRecorder Events, IContainerRuntime Runtime, KubeletCertificates Certificates, TimeProvider Time,
    Func<IReadOnlyList<string>>? ClusterDns = null);

/// <summary>Marks the kubelet in the actor registry.</summary>
public sealed class KubeletKey;

/// <summary>Wires the kubelet into an actor system.</summary>
public static class KubeletHosting
{
    /// <summary>Runs <see cref="KubeletActor"/> at <c>/user/kubelet</c>.</summary>
    /// <param name="builder">The actor system.</param>
    /// <param name="services">Gives the kubelet its clients and runtime once the actor system stands.</param>
    /// <param name="configure">Changes settings that only the process knows, such as the node's name or the cluster's DNS address.</param>
    public static AkkaConfigurationBuilder AddKubelet(
        this AkkaConfigurationBuilder builder, Func<IDependencyResolver, KubeletServices> services, Func<KubeletSettings, KubeletSettings>? configure = null) => builder
        .AddHocon(KubeletSettings.Reference, HoconAddMode.Append)
        .WithActors((system, registry, resolver) =>
        {
            var settings = KubeletSettings.From(system.Settings.Config);
            var kubelet = system.ActorOf(KubeletActor.Props(configure?.Invoke(settings) ?? settings, services(resolver)), "kubelet");
            registry.Register<KubeletKey>(kubelet);
        });
}
