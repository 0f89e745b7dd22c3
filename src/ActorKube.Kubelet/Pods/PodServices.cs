using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ContainerRuntime;
using ActorKube.Kubelet.Containers;
using ActorKube.Kubelet.Images;
using ActorKube.Kubelet.Probes;
using ActorKube.Kubelet.Status;
using ActorKube.Kubelet.Volumes;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>What all pod workers share.</summary>
internal sealed record PodServices
{
    public required KubeletSettings Settings { get; init; }
    public required IContainerRuntime Runtime { get; init; }
    public required IEventRecorder Events { get; init; }
    public required IObjectSource Objects { get; init; }
    public required IInformer<V1Service> Services { get; init; }
    public required TimeProvider Time { get; init; }
    public required IMounter Mounter { get; init; }
    public required NodeFacts Node { get; init; }
    public required ResourceFacts Resources { get; init; }
    public required PodDirectories Directories { get; init; }
    public required VolumeManager Volumes { get; init; }
    public required ImagePuller Images { get; init; }
    public required PodRuntimeReader Reader { get; init; }
    public required SandboxConfigBuilder Sandboxes { get; init; }
    public required ContainerConfigBuilder Containers { get; init; }
    public required IProber Prober { get; init; }

    /// <summary>Puts everything together for one node.</summary>
    public static PodServices Create(
        KubeletSettings settings,
        IApiClient api,
        IInformerFactory informers,
        IEventRecorder events,
        IContainerRuntime runtime,
        NodeFacts node,
        ResourceFacts resources,
        TimeProvider time,
        IMounter? mounter = null,
        IProber? prober = null,
        Func<IReadOnlyList<string>>? clusterDns = null)
    {
        var objects = new ApiObjectSource(api);
        var directories = new PodDirectories(settings.RootDirectory, settings.PodLogsDirectory);
        mounter ??= new LinuxMounter();
        var dns = new PodDns(() => settings.ClusterDns.Length > 0 ? settings.ClusterDns : clusterDns?.Invoke() ?? [], settings.ClusterDomain, () => File.Exists(settings.ResolvConf) ? File.ReadAllText(settings.ResolvConf) : "");
        return new PodServices
        {
            Settings = settings,
            Runtime = runtime,
            Events = events,
            Objects = objects,
            Services = informers.Informer<V1Service>(),
            Time = time,
            Mounter = mounter,
            Node = node,
            Resources = resources,
            Directories = directories,
            Volumes = new VolumeManager(directories, new VolumeContents(objects, resources, time), new PersistentVolumes(objects), mounter, time),
            Images = new ImagePuller(runtime, objects, events, time, settings.MaxParallelImagePulls),
            Reader = new PodRuntimeReader(runtime, settings.NodeName, remembers: true),
            Sandboxes = new SandboxConfigBuilder(directories, dns, settings.NodeName, settings.CgroupRoot),
            Containers = new ContainerConfigBuilder(directories, settings.NodeName),
            Prober = prober ?? new Prober(runtime),
        };
    }
}
