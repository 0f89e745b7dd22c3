using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Containers;

/// <summary>The runtime's configuration of a pod's sandbox.</summary>
/// <param name="Directories">Where files go.</param>
/// <param name="Dns">Names and resolver.</param>
/// <param name="NodeName">The node.</param>
/// <param name="CgroupRoot">Parent of pods' cgroups; empty for the runtime's default.</param>
internal sealed record SandboxConfigBuilder(PodDirectories Directories, PodDns Dns, string NodeName, string CgroupRoot)
{
    public PodSandboxConfig Build(V1Pod pod, uint attempt)
    {
        var config = new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata
            {
                Name = pod.Metadata.Name,
                Namespace = pod.Metadata.NamespaceProperty,
                Uid = pod.Metadata.Uid,
                Attempt = attempt,
            },
            Hostname = pod.Spec.HostNetwork == true ? "" : Dns.KernelHostname(pod, NodeName),
            LogDirectory = Directories.Logs(pod),
            DnsConfig = Dns.Config(pod),
            Linux = new LinuxPodSandboxConfig
            {
                CgroupParent = CgroupParent(pod),
                SecurityContext = SecurityContexts.OfSandbox(pod),
            },
        };
        foreach (var (key, value) in pod.Metadata.Labels ?? new Dictionary<string, string>())
            config.Labels[key] = value;
        foreach (var (key, value) in PodLabels.Of(pod, NodeName))
            config.Labels[key] = value;
        foreach (var (key, value) in pod.Metadata.Annotations ?? new Dictionary<string, string>())
            config.Annotations[key] = value;
        foreach (var sysctl in pod.Spec.SecurityContext?.Sysctls ?? [])
            config.Linux.Sysctls[sysctl.Name] = sysctl.Value;
        foreach (var port in ContainerSpecs.All(pod).SelectMany(c => c.Container.Ports ?? []))
            config.PortMappings.Add(Port(port));
        return config;
    }

    private static PortMapping Port(V1ContainerPort port) => new()
    {
        ContainerPort = port.ContainerPort,
        HostPort = port.HostPort ?? 0,
        HostIp = port.HostIP ?? "",
        Protocol = port.Protocol switch
        {
            "UDP" => Protocol.Udp,
            "SCTP" => Protocol.Sctp,
            _ => Protocol.Tcp,
        },
    };

    // As Kubernetes with the cgroupfs driver: /kubepods/burstable/pod<uid>, guaranteed pods directly under the root.
    private string CgroupParent(V1Pod pod)
    {
        if (CgroupRoot.Length == 0)
            return "";
        var qos = QosClass.Of(pod);
        var parent = qos == QosClass.Guaranteed ? CgroupRoot : $"{CgroupRoot}/{qos.ToLowerInvariant()}";
        return $"{parent}/pod{pod.Metadata.Uid}";
    }
}
