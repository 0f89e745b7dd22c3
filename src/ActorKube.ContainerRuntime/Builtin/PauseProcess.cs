using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Builtin.Oci;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>
/// The first process of a process namespace that a pod's containers share: it does nothing but take in orphans. Pods that share none have no such process.
/// </summary>
internal sealed class PauseProcess(RuntimeDirectories directories, OciRuntime runtime, Conmon conmon)
{
    /// <summary>Starts it in the sandbox's other namespaces; on the calling thread.</summary>
    public (int Pid, ulong StartTicks) Start(SandboxEntry sandbox, IReadOnlyDictionary<string, string> namespaces)
    {
        var bundle = directories.Bundle(sandbox.Id);
        var root = Path.Combine(bundle, "rootfs");
        foreach (var directory in (string[])[root, Path.Combine(root, "proc"), Path.Combine(root, "dev")])
            Directory.CreateDirectory(directory);
        File.WriteAllBytes(Path.Combine(root, "pause"), TinyPrograms.Pause(TinyAssembler.Current));
        PosixFile.SetMode(Path.Combine(root, "pause"), 0x1ED); // 0755
        var spec = new OciSpec
        {
            Process = new OciProcess { Args = ["/pause"], NoNewPrivileges = true, Capabilities = new OciCapabilities() },
            Root = new OciRoot { Path = root, Readonly = true },
            Mounts =
            [
                new OciMount { Destination = "/proc", Type = "proc", Source = "proc", Options = ["nosuid", "noexec", "nodev"] },
                new OciMount { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "mode=755", "size=64k"] },
            ],
            Linux = new OciLinux
            {
                CgroupsPath = $"{sandbox.Record.CgroupParent.TrimEnd('/')}/{sandbox.Id}",
                Namespaces =
                [
                    new OciNamespace { Type = "mount" },
                    new OciNamespace { Type = "pid" },
                    .. namespaces.Where(n => n.Value.Length > 0).Select(n => new OciNamespace { Type = n.Key, Path = n.Value }),
                ],
            },
        };
        File.WriteAllBytes(Path.Combine(bundle, "config.json"), spec.ToJson());
        var pid = conmon.Create(sandbox.Id, null, stdin: false, keepStdinOpen: false, terminal: false);
        runtime.Start(sandbox.Id);
        return (pid, ProcessTable.StartTicks(pid) ?? throw new ContainerRuntimeException("the pod's pause process ended at once"));
    }

    /// <summary>Ends it and clears its files away; on the calling thread.</summary>
    public void Stop(SandboxEntry sandbox)
    {
        runtime.Delete(sandbox.Id);
        RuntimeDirectories.Delete(directories.Bundle(sandbox.Id));
        File.Delete(directories.ExitFile(sandbox.Id));
    }
}
