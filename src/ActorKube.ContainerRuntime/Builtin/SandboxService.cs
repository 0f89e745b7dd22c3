using System.Net;
using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Builtin.Network;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>
/// Pod sandboxes: namespaces that live without any process, each bound to a file, and the pod's address. Only a pod that shares its process namespace
/// has a process of its own, which holds that namespace.
/// </summary>
internal sealed class SandboxService(
    BuiltinRuntimeOptions options, RuntimeModel model, RuntimeDirectories directories, PodNetwork network, HostPorts hostPorts, PauseProcess pause, ContainerService containers,
    Cgroups cgroups, ContainerEvents events)
{
    private const string ResolvConf = "resolv.conf";
    private const string HostnameFile = "hostname";
    private const string HostResolvConf = "/etc/resolv.conf";

    public async Task<string> RunAsync(PodSandboxConfig config, string runtimeHandler)
    {
        if (runtimeHandler is not ("" or "builtin"))
            throw new ContainerRuntimeException($"failed to get sandbox runtime: no runtime for \"{runtimeHandler}\" is configured");
        if (config.Linux?.SecurityContext?.NamespaceOptions?.UsernsOptions?.Mode == NamespaceMode.Pod)
            throw new ContainerRuntimeException("the built-in runtime does not offer user namespaces for pods", ContainerRuntimeError.Unimplemented);
        var id = RuntimeModel.NewId();
        var hostNetwork = config.Linux?.SecurityContext?.NamespaceOptions?.Network == NamespaceMode.Node;
        IReadOnlyList<IPAddress> addresses = hostNetwork ? [] : network.Allocate(id);
        var parent = config.Linux?.CgroupParent is { Length: > 0 } given ? given : $"{options.CgroupParent.TrimEnd('/')}/{id}";
        var entry = new SandboxEntry(
            new SandboxRecord
            {
                Id = id,
                CreatedAt = model.Now(),
                Addresses = [.. addresses.Select(a => a.ToString())],
                CgroupParent = "/" + parent.Trim('/'),
                RuntimeHandler = runtimeHandler,
            },
            config);
        try
        {
            await DedicatedThread.RunAsync(() => Create(entry, addresses)).ConfigureAwait(false);
            if (!hostNetwork)
                await DedicatedThread.RunAsync(() => OpenToHost(entry)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await DedicatedThread.RunAsync(() => Discard(entry)).ConfigureAwait(false);
            throw new ContainerRuntimeException($"failed to setup sandbox: {e.Message}", inner: e);
        }
        model.Sandboxes[id] = entry;
        events.Publish(ContainerEventType.ContainerCreatedEvent, id, entry);
        events.Publish(ContainerEventType.ContainerStartedEvent, id, entry);
        return id;
    }

    public async Task StopAsync(string id)
    {
        if (model.Sandboxes.GetValueOrDefault(id) is not { } entry)
            return;
        await Task.WhenAll(model.ContainersOf(id).Select(c => containers.StopAsync(c.Id, TimeSpan.Zero, CancellationToken.None))).ConfigureAwait(false);
        await entry.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (entry.Record.Stopped)
                return;
            await DedicatedThread.RunAsync(() => TearDown(entry)).ConfigureAwait(false);
            entry.Record = entry.Record with { Stopped = true };
            directories.Save(entry.Record);
        }
        finally
        {
            entry.Gate.Release();
        }
        events.Publish(ContainerEventType.ContainerStoppedEvent, id, entry);
    }

    public async Task RemoveAsync(string id)
    {
        if (model.Sandboxes.GetValueOrDefault(id) is not { } entry)
            return;
        await StopAsync(id).ConfigureAwait(false);
        await Task.WhenAll(model.ContainersOf(id).Select(c => containers.RemoveAsync(c.Id))).ConfigureAwait(false);
        await DedicatedThread.RunAsync(() => RuntimeDirectories.Delete(directories.Sandbox(id))).ConfigureAwait(false);
        cgroups.Remove(entry.Record.CgroupParent);
        if (model.Sandboxes.TryRemove(id, out _))
            events.Publish(ContainerEventType.ContainerDeletedEvent, id, entry);
    }

    /// <summary>Takes up what an earlier process left. What was not finished, or did not outlive a reboot, is cleared away.</summary>
    public void Recover()
    {
        foreach (var (record, config) in directories.LoadSandboxes())
        {
            var entry = new SandboxEntry(record, config);
            if (!record.Ready)
            {
                options.Logger.LogWarning("Clearing away sandbox {Sandbox}, which was left half made", record.Id);
                Discard(entry);
                continue;
            }
            if (!record.Stopped && !IsAlive(entry))
            {
                options.Logger.LogInformation("Sandbox {Sandbox} did not outlive the machine's restart", record.Id);
                TearDown(entry);
                entry.Record = record with { Stopped = true };
                directories.Save(entry.Record);
            }
            if (!entry.Record.Stopped)
                Reopen(entry);
            model.Sandboxes[record.Id] = entry;
        }
    }

    // What happens on the host's side of the pod's network, on a thread that has not gone into the pod's.
    private void OpenToHost(SandboxEntry entry)
    {
        PodNetwork.AllowHairpin(entry.Id);
        hostPorts.Open(entry);
    }

    // The packet filter is empty after a restart of the machine, and may have been emptied before. The pods run on without it.
    private void Reopen(SandboxEntry entry)
    {
        try
        {
            hostPorts.Open(entry);
        }
        catch (ContainerRuntimeException e)
        {
            options.Logger.LogWarning(e, "The host ports of sandbox {Sandbox} are closed", entry.Id);
        }
    }

    /// <summary>The addresses that sandboxes hold.</summary>
    public IEnumerable<(string Owner, IPAddress Address)> AddressesInUse() =>
        model.Sandboxes.Values.Where(s => !s.Record.Stopped).SelectMany(s => s.Record.Addresses.Select(a => (s.Id, IPAddress.Parse(a))));

    /// <summary>Namespaces that a container of the sandbox joins, by OCI type; an empty path is the host's own.</summary>
    public IReadOnlyDictionary<string, string> NamespacesFor(SandboxEntry sandbox, NamespaceOption wish)
    {
        var result = new Dictionary<string, string>
        {
            ["network"] = sandbox.HasHostNetwork ? "" : directories.Namespace(sandbox.Id, "net"),
            ["uts"] = sandbox.HasHostNetwork ? "" : directories.Namespace(sandbox.Id, "uts"),
            ["ipc"] = sandbox.Namespaces.Ipc == NamespaceMode.Node ? "" : directories.Namespace(sandbox.Id, "ipc"),
        };
        if (wish.Pid == NamespaceMode.Node)
            result["pid"] = "";
        else if (wish.Pid == NamespaceMode.Pod && sandbox.Record.PausePid > 0)
            result["pid"] = $"/proc/{sandbox.Record.PausePid}/ns/pid";
        else if (wish.Pid == NamespaceMode.Target)
            result["pid"] = $"/proc/{RunningPid(wish.TargetId)}/ns/pid";
        return result;
    }

    /// <summary>What every container of the sandbox sees at /etc/hostname, /etc/resolv.conf and /dev/shm.</summary>
    public IReadOnlyDictionary<string, string> MountsFor(SandboxEntry sandbox) => new Dictionary<string, string>
    {
        ["/etc/hostname"] = Path.Combine(directories.Sandbox(sandbox.Id), HostnameFile),
        ["/etc/resolv.conf"] = Path.Combine(directories.Sandbox(sandbox.Id), ResolvConf),
        ["/dev/shm"] = sandbox.Namespaces.Ipc == NamespaceMode.Node ? "/dev/shm" : directories.Shm(sandbox.Id),
    };

    private int RunningPid(string containerId) =>
        model.Container(containerId).Record is { State: ContainerState.ContainerRunning } record
            ? record.Pid
            : throw new ContainerRuntimeException($"invalid target container: container {containerId} is not running");

    /// <summary>On a thread of its own, which ends inside the new namespaces.</summary>
    private void Create(SandboxEntry entry, IReadOnlyList<IPAddress> addresses)
    {
        directories.Save(entry.Record, entry.Config);
        if (entry.Config.LogDirectory.Length > 0)
            Directory.CreateDirectory(entry.Config.LogDirectory);
        WriteFiles(entry);
        var shared = entry.Namespaces.Ipc != NamespaceMode.Node;
        if (shared)
        {
            Directory.CreateDirectory(directories.Shm(entry.Id));
            Libc.Mount("shm", directories.Shm(entry.Id), "tmpfs", Libc.MountNoSuid | Libc.MountNoDev | Libc.MountNoExec, "mode=1777,size=65536k");
        }
        using var host = entry.HasHostNetwork ? null : new RouteNetlink();
        var bridge = entry.HasHostNetwork ? 0 : Libc.InterfaceIndex(options.BridgeName);
        Libc.Unshare((entry.HasHostNetwork ? 0 : Libc.CloneNewNet | Libc.CloneNewUts) | (shared ? Libc.CloneNewIpc : 0));
        if (!entry.HasHostNetwork)
            Libc.SetHostName(entry.Config.Hostname);
        Directory.CreateDirectory(Path.Combine(directories.Namespaces, entry.Id));
        foreach (var type in NamespaceTypes(entry))
        {
            var path = directories.Namespace(entry.Id, type);
            File.WriteAllBytes(path, []);
            Libc.Mount($"/proc/thread-self/ns/{type}", path, null, Libc.MountBind, null);
        }
        SetSysctls(entry);
        if (host is not null)
            network.Attach(host, entry.Id, directories.Namespace(entry.Id, "net"), bridge, addresses);
        var record = entry.Record with { Ready = true };
        if (entry.Namespaces.Pid == NamespaceMode.Pod)
        {
            var (pid, ticks) = pause.Start(entry, NamespacesFor(entry, new NamespaceOption { Pid = NamespaceMode.Container }));
            record = record with { PausePid = pid, PauseStartTicks = ticks };
        }
        entry.Record = record;
        directories.Save(record);
    }

    private void WriteFiles(SandboxEntry entry)
    {
        WriteReadable(Path.Combine(directories.Sandbox(entry.Id), HostnameFile), (entry.HasHostNetwork ? Environment.MachineName : entry.Config.Hostname) + "\n");
        WriteReadable(
            Path.Combine(directories.Sandbox(entry.Id), ResolvConf),
            ResolvConfFile.Format(entry.Config.DnsConfig) ?? (File.Exists(HostResolvConf) ? File.ReadAllText(HostResolvConf) : ""));
    }

    /// <summary>Readable for every user of a container, whatever our umask.</summary>
    private static void WriteReadable(string path, string content)
    {
        File.WriteAllText(path, content);
        PosixFile.SetMode(path, 0x1A4); // 0644
    }

    /// <summary>Written on the thread inside the namespaces: /proc/sys shows a thread its own.</summary>
    private static void SetSysctls(SandboxEntry entry)
    {
        var sysctls = new Dictionary<string, string>(entry.Config.Linux?.Sysctls ?? []);
        if (!entry.HasHostNetwork)
        {
            // As containerd has it: in its own network a pod may bind low ports and ping without privileges.
            sysctls.TryAdd("net.ipv4.ip_unprivileged_port_start", "0");
            sysctls.TryAdd("net.ipv4.ping_group_range", "0 2147483647");
        }
        foreach (var (name, value) in sysctls)
            File.WriteAllText("/proc/sys/" + (name.Contains('/') ? name : name.Replace('.', '/')), value);
    }

    private static IEnumerable<string> NamespaceTypes(SandboxEntry entry)
    {
        if (!entry.HasHostNetwork)
        {
            yield return "net";
            yield return "uts";
        }
        if (entry.Namespaces.Ipc != NamespaceMode.Node)
            yield return "ipc";
    }

    private bool IsAlive(SandboxEntry entry) =>
        NamespaceTypes(entry).All(t => Libc.IsNamespaceFile(directories.Namespace(entry.Id, t)))
        && (entry.Record.PausePid == 0 || ProcessTable.IsAlive(entry.Record.PausePid, entry.Record.PauseStartTicks));

    private void TearDown(SandboxEntry entry)
    {
        pause.Stop(entry);
        hostPorts.Close(entry);
        if (!entry.HasHostNetwork)
            PodNetwork.Detach(entry.Id);
        foreach (var type in NamespaceTypes(entry))
            Libc.UnmountIfMounted(directories.Namespace(entry.Id, type));
        RuntimeDirectories.Delete(Path.Combine(directories.Namespaces, entry.Id));
        if (Directory.Exists(directories.Shm(entry.Id)))
        {
            Libc.UnmountIfMounted(directories.Shm(entry.Id));
            Directory.Delete(directories.Shm(entry.Id));
        }
        network.Release(entry.Id);
    }

    private void Discard(SandboxEntry entry)
    {
        TearDown(entry);
        RuntimeDirectories.Delete(directories.Sandbox(entry.Id));
    }
}
