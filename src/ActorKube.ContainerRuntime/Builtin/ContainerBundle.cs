using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Builtin.Oci;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>A container's directories: the bundle that the OCI runtime reads, the root file system over the image's shared layers, the record.</summary>
internal sealed class ContainerBundle(RuntimeDirectories directories, ImageStore images, Cgroups cgroups)
{
    private readonly ulong _capabilities = Capabilities.Own();
    private readonly int _oomScore = int.Parse(File.ReadAllText("/proc/self/oom_score_adj").Trim(), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Makes everything that a container needs to be started; on a thread of its own. Returns the record with what was found out.</summary>
    public ContainerRecord Prepare(
        ContainerRecord record, ContainerConfig config, StoredImage image, SandboxEntry sandbox,
        IReadOnlyDictionary<string, string> namespaces, IReadOnlyDictionary<string, string> mounts)
    {
        var security = config.Linux?.SecurityContext ?? new LinuxContainerSecurityContext();
        if (Capabilities.Unknown(security.Capabilities).FirstOrDefault() is { } unknown)
            throw new ContainerRuntimeException($"unknown capability \"{unknown}\" to add or drop");
        foreach (var mount in config.Mounts.Where(m => !Path.Exists(m.HostPath)))
            throw new ContainerRuntimeException($"failed to generate container \"{record.Id}\" spec: failed to stat \"{mount.HostPath}\": no such file or directory");
        var (user, home) = FindUser(security, image);
        record = record with { Uid = user.Uid, Gid = user.Gid, Groups = user.AdditionalGids ?? [] };
        var bundle = directories.Bundle(record.Id);
        var spec = OciSpecBuilder.Build(new OciSpecInput
        {
            Config = config,
            Image = image.Config,
            User = user,
            Home = home,
            RootPath = Path.Combine(bundle, "rootfs"),
            CgroupsPath = record.CgroupPath,
            Hostname = sandbox.HasHostNetwork ? Environment.MachineName : sandbox.Config.Hostname,
            Namespaces = namespaces,
            SandboxMounts = mounts,
            Devices = security.Privileged ? HostDevices.All() : [.. config.Devices.Select(d => HostDevices.Read(d.HostPath, d.ContainerPath))],
            OwnCapabilities = _capabilities,
            OwnOomScoreAdj = _oomScore,
            Seccomp = SeccompProfile.For(security, Capabilities.For(security.Capabilities, security.Privileged, _capabilities), File.ReadAllBytes),
            DeviceRules = !cgroups.IsUnified || Capabilities.CanLoadDeviceRules(_capabilities),
            HasController = cgroups.HasController,
            CgroupNamespace = cgroups.IsUnified,
        });
        Directory.CreateDirectory(bundle);
        File.WriteAllBytes(Path.Combine(bundle, "config.json"), spec.ToJson());
        directories.Save(record, config);
        MountRoot(record);
        return record;
    }

    /// <summary>Removes a container's directories and mount, if they are there; on a thread of its own.</summary>
    public void Discard(string id)
    {
        var bundle = directories.Bundle(id);
        Libc.UnmountIfMounted(Path.Combine(bundle, "rootfs"));
        RuntimeDirectories.Delete(bundle);
        RuntimeDirectories.Delete(directories.Container(id));
        File.Delete(directories.ExitFile(id));
    }

    /// <summary>The directory that what the container writes goes to.</summary>
    public string WritableLayer(string id) => Path.Combine(directories.Container(id), "upper");

    private void MountRoot(ContainerRecord record)
    {
        var root = Path.Combine(directories.Bundle(record.Id), "rootfs");
        var (upper, work) = (WritableLayer(record.Id), Path.Combine(directories.Container(record.Id), "work"));
        foreach (var directory in (string[])[root, upper, work])
            Directory.CreateDirectory(directory);
        if (record.Layers.Count == 0)
        {
            Libc.Mount(upper, root, null, Libc.MountBind, null);
            return;
        }
        // The root directory itself is the upper one's: it must look like the image's.
        var top = images.Layers.Tree(record.Layers[^1]);
        var (uid, gid, mode) = PosixFile.Owner(top);
        PosixFile.SetOwner(upper, uid, gid);
        PosixFile.SetMode(upper, mode);
        Overlay.Mount(images.Layers.Root, [.. record.Layers.Reverse().Select(LayerStore.RelativeTree)], upper, work, root);
    }

    private (OciUser User, string? Home) FindUser(LinuxContainerSecurityContext security, StoredImage image)
    {
        var user = security.RunAsUser is { } uid ? uid.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : security.RunAsUsername.Length > 0 ? security.RunAsUsername
            : image.Config.User ?? "";
        var tree = new LayerTree([.. LayerStore.ChainIds(image.DiffIds).Reverse().Select(images.Layers.Tree)]);
        string? Read(string path) => tree.ResolveFile(path) is { } file ? File.ReadAllText(file) : null;
        return UserLookup.Resolve(
            user, security.RunAsGroup?.Value, security.SupplementalGroups, security.SupplementalGroupsPolicy == SupplementalGroupsPolicy.Merge,
            Read("/etc/passwd"), Read("/etc/group"));
    }
}
