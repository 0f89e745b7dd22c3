using System.Globalization;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Volumes;
using Google.Protobuf;
using k8s.Models;

namespace ActorKube.Kubelet.Containers;

/// <summary>The runtime's configuration of one container.</summary>
internal sealed record ContainerConfigBuilder(PodDirectories Directories, string NodeName)
{
    /// <param name="pod">The pod.</param>
    /// <param name="container">The container.</param>
    /// <param name="restartCount">How often it was started before.</param>
    /// <param name="image">Its image as the runtime has it.</param>
    /// <param name="sources">What its environment is made of.</param>
    /// <param name="targetId">The container whose processes an ephemeral container sees.</param>
    /// <exception cref="ContainerConfigException">The container cannot be configured.</exception>
    public ContainerConfig Build(V1Pod pod, V1Container container, int restartCount, Image image, ContainerSources sources, string? targetId)
    {
        var environment = ContainerEnvironment.Build(pod, container, sources);
        var config = new ContainerConfig
        {
            Metadata = new ContainerMetadata { Name = container.Name, Attempt = (uint)restartCount },
            Image = new ImageSpec { Image = image.Id, UserSpecifiedImage = container.Image },
            WorkingDir = container.WorkingDir ?? "",
            LogPath = PodDirectories.LogFile(container.Name, restartCount),
            Stdin = container.Stdin == true,
            StdinOnce = container.StdinOnce == true,
            Tty = container.Tty == true,
            Linux = new LinuxContainerConfig
            {
                Resources = ContainerLimits.Of(pod, container, sources.Resources.MemoryCapacity),
                SecurityContext = SecurityContexts.Of(pod, container, image, targetId),
            },
        };
        config.Command.AddRange((container.Command ?? []).Select(c => Expansion.Expand(c, environment.Get)));
        config.Args.AddRange((container.Args ?? []).Select(a => Expansion.Expand(a, environment.Get)));
        config.Envs.AddRange(environment.Variables.Select(v => new KeyValue { Key = v.Name, Value = ByteString.CopyFromUtf8(v.Value) }));
        config.Mounts.AddRange(Mounts(pod, container, restartCount, environment));
        if (StopSignal(container) is { } signal)
            config.StopSignal = signal;
        Label(config, pod, container, restartCount);
        return config;
    }

    private void Label(ContainerConfig config, V1Pod pod, V1Container container, int restartCount)
    {
        foreach (var (key, value) in PodLabels.Of(pod, NodeName))
            config.Labels[key] = value;
        config.Labels[PodLabels.ContainerName] = container.Name;
        config.Annotations[PodLabels.ContainerHash] = ContainerSpecs.Hash(container);
        config.Annotations[PodLabels.RestartCount] = restartCount.ToString(CultureInfo.InvariantCulture);
        config.Annotations[PodLabels.TerminationMessagePath] = TerminationPath(container);
        config.Annotations[PodLabels.TerminationMessagePolicy] = container.TerminationMessagePolicy ?? "File";
        config.Annotations[PodLabels.TerminationMessageHostPath] = Directories.TerminationMessage(pod.Metadata.Uid, container.Name, restartCount);
        config.Annotations[PodLabels.GracePeriod] = (pod.Spec.TerminationGracePeriodSeconds ?? 30).ToString(CultureInfo.InvariantCulture);
    }

    private List<Mount> Mounts(V1Pod pod, V1Container container, int restartCount, ContainerEnvironment environment)
    {
        var mounts = new List<Mount>();
        foreach (var mount in container.VolumeMounts ?? [])
        {
            var volume = (pod.Spec.Volumes ?? []).FirstOrDefault(v => v.Name == mount.Name)
                ?? throw new ContainerConfigException($"volume \"{mount.Name}\" of container \"{container.Name}\" not found");
            mounts.Add(new Mount
            {
                ContainerPath = Path.IsPathRooted(mount.MountPath) ? mount.MountPath : "/" + mount.MountPath,
                HostPath = HostPath(pod, volume, mount, environment),

                // What the kubelet writes is read-only inside, whatever the mount says.
                Readonly = mount.ReadOnlyProperty == true || IsWritten(volume) || volume.PersistentVolumeClaim?.ReadOnlyProperty == true,
                RecursiveReadOnly = mount.ReadOnlyProperty == true && mount.RecursiveReadOnly == "Enabled",
                Propagation = mount.MountPropagation switch
                {
                    "HostToContainer" => MountPropagation.PropagationHostToContainer,
                    "Bidirectional" => MountPropagation.PropagationBidirectional,
                    _ => MountPropagation.PropagationPrivate,
                },
            });
        }

        if (mounts.All(m => m.ContainerPath != "/etc/hosts"))
            mounts.Add(new Mount { ContainerPath = "/etc/hosts", HostPath = Directories.HostsFile(pod.Metadata.Uid), Readonly = container.SecurityContext?.ReadOnlyRootFilesystem == true });
        mounts.Add(new Mount { ContainerPath = TerminationPath(container), HostPath = Directories.TerminationMessage(pod.Metadata.Uid, container.Name, restartCount) });
        return mounts;
    }

    private string HostPath(V1Pod pod, V1Volume volume, V1VolumeMount mount, ContainerEnvironment environment)
    {
        var path = VolumePaths.Of(Directories, pod, volume);

        // A persistent volume's place is a link to where the data is.
        if (volume.PersistentVolumeClaim is not null && new FileInfo(path).LinkTarget is { } data)
            path = data;
        var sub = mount.SubPath;
        if (mount.SubPathExpr is { Length: > 0 } expression)
        {
            // Without a value the whole volume would be mounted, which is not what was meant.
            var missing = new SortedSet<string>(StringComparer.Ordinal);
            sub = Expansion.Expand(expression, name =>
            {
                var value = environment.Get(name);
                if (string.IsNullOrEmpty(value))
                    missing.Add(name);
                return value;
            });
            if (missing.Count > 0)
                throw new ContainerConfigException($"missing value for {string.Join(", ", missing)}");
        }

        if (string.IsNullOrEmpty(sub))
            return path;
        try
        {
            return SubPath.Resolve(path, sub);
        }
        catch (ArgumentException e)
        {
            throw new ContainerConfigException($"failed to prepare subPath for volumeMount \"{mount.Name}\" : {e.Message}");
        }
    }

    private static bool IsWritten(V1Volume volume) =>
        volume.ConfigMap is not null || volume.Secret is not null || volume.DownwardAPI is not null || volume.Projected is not null;

    private static string TerminationPath(V1Container container) =>
        container.TerminationMessagePath is { Length: > 0 } path ? path : "/dev/termination-log";

    private static Signal? StopSignal(V1Container container) =>
        container.Lifecycle?.StopSignal is { Length: > 0 } name && Enum.TryParse<Signal>(name.Replace("+", "Plus", StringComparison.Ordinal).Replace("-", "Minus", StringComparison.Ordinal), ignoreCase: true, out var signal)
            ? signal
            : null;
}
