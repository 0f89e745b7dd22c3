using System.Globalization;
using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Builtin.Oci;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>A container's life: created, started, stopped, removed; and its end, whoever brought it about.</summary>
internal sealed class ContainerService(
    BuiltinRuntimeOptions options, RuntimeModel model, RuntimeDirectories directories, ImageStore images, ContainerBundle bundles, OciRuntime runtime, Conmon conmon,
    Cgroups cgroups, ContainerEvents events)
{
    private const int ExitCodeOfAFailedStart = 128;
    private const int ExitCodeUnknown = 255;
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HandlerPause = TimeSpan.FromMilliseconds(50);

    public async Task<string> CreateAsync(SandboxEntry sandbox, ContainerConfig config, IReadOnlyDictionary<string, string> namespaces, IReadOnlyDictionary<string, string> mounts)
    {
        if (CriViews.State(sandbox) != PodSandboxState.SandboxReady)
            throw new ContainerRuntimeException($"sandbox container \"{sandbox.Id}\" is not running");
        var name = config.Image?.Image ?? "";
        using var lease = images.BeginLease();
        var image = images.Find(name) ?? throw new ContainerRuntimeException($"failed to resolve image \"{name}\": not found", ContainerRuntimeError.NotFound);
        foreach (var chainId in LayerStore.ChainIds(image.DiffIds))
            lease.Pin(chainId);
        await images.Layers.EnsureUnpackedAsync(image.LayerBlobs, image.DiffIds, CancellationToken.None).ConfigureAwait(false);
        var id = RuntimeModel.NewId();
        var record = new ContainerRecord
        {
            Id = id,
            SandboxId = sandbox.Id,
            CreatedAt = model.Now(),
            ImageId = image.Id,
            ImageRef = image.Reference,
            Layers = LayerStore.ChainIds(image.DiffIds),
            LogPath = config.LogPath.Length > 0 ? Path.Combine(sandbox.Config.LogDirectory, config.LogPath) : "",
            CgroupPath = $"{sandbox.Record.CgroupParent.TrimEnd('/')}/{id}",
            StopSignal = Signals.StopSignal(config.StopSignal, image.Config.StopSignal),
        };
        try
        {
            record = await DedicatedThread.RunAsync(() => bundles.Prepare(record, config, image, sandbox, namespaces, mounts)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ContainerRuntimeException or OverflowException)
        {
            await DedicatedThread.RunAsync(() => bundles.Discard(id)).ConfigureAwait(false);
            throw e is ContainerRuntimeException ? e : new ContainerRuntimeException($"failed to create container: {e.Message}", inner: e);
        }
        model.Containers[id] = new ContainerEntry(record, config);
        events.Publish(ContainerEventType.ContainerCreatedEvent, id, sandbox);
        return id;
    }

    public async Task StartAsync(string id)
    {
        var entry = model.Container(id);
        await entry.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (entry.Record.State != ContainerState.ContainerCreated)
                throw new ContainerRuntimeException($"failed to start container \"{id}\": container is in {entry.Record.State} state");
            try
            {
                await DedicatedThread.RunAsync(() => Launch(entry)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ContainerRuntimeException or IOException)
            {
                await DedicatedThread.RunAsync(() => runtime.Delete(id)).ConfigureAwait(false);
                Finish(entry, ExitCodeOfAFailedStart, "StartError", e.Message, model.Now());
                throw new ContainerRuntimeException($"failed to start container \"{id}\": {e.Message}", inner: e);
            }
            entry.Record = entry.Record with { StartedAt = model.Now() };
            directories.Save(entry.Record);
            events.Publish(ContainerEventType.ContainerStartedEvent, id, SandboxOf(entry));
        }
        finally
        {
            entry.Gate.Release();
        }
        // It may have ended before the monitor could know it.
        await ObserveAsync(entry).ConfigureAwait(false);
    }

    public async Task StopAsync(string id, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (model.Containers.GetValueOrDefault(id) is not { } entry || entry.Record.State != ContainerState.ContainerRunning)
            return;
        if (timeout > TimeSpan.Zero)
        {
            try
            {
                await StopPolitelyAsync(entry, timeout, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException)
            {
                options.Logger.LogDebug("Container {Container} did not stop within {Timeout}; killing it", id, timeout);
            }
        }
        await KillAsync(entry, cancellationToken).ConfigureAwait(false);
    }

    public async Task RemoveAsync(string id)
    {
        if (model.Containers.GetValueOrDefault(id) is not { } entry)
            return;
        await StopAsync(id, TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
        await entry.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!model.Containers.ContainsKey(id))
                return;
            await DedicatedThread.RunAsync(() =>
            {
                runtime.Delete(id);
                bundles.Discard(id);
                cgroups.Remove(entry.Record.CgroupPath);
            }).ConfigureAwait(false);
            model.Containers.TryRemove(id, out _);
        }
        finally
        {
            entry.Gate.Release();
        }
        entry.Exited.TrySetResult();
        events.Publish(ContainerEventType.ContainerDeletedEvent, id, SandboxOf(entry));
    }

    public async Task UpdateAsync(string id, LinuxContainerResources resources)
    {
        var entry = model.Container(id);
        await entry.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (entry.Record.State != ContainerState.ContainerRunning)
                return;
            var file = Path.Combine(directories.Bundle(id), "resources.json");
            await File.WriteAllBytesAsync(file, OciSpecBuilder.Resources(resources, cgroups.HasController).ToJson()).ConfigureAwait(false);
            await DedicatedThread.RunAsync(() => runtime.Update(id, file)).ConfigureAwait(false);
            entry.Config.Linux ??= new LinuxContainerConfig();
            entry.Config.Linux.Resources = resources.Clone();
            directories.Save(entry.Record, entry.Config);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    public void ReopenLog(string id)
    {
        var entry = model.Container(id);
        if (entry.Record.State != ContainerState.ContainerRunning)
            throw new ContainerRuntimeException($"container is not running: {id}");
        conmon.ReopenLog(id);
    }

    /// <summary>Takes up what an earlier process left: what still runs goes on, what ended meanwhile is recorded.</summary>
    public void Recover()
    {
        foreach (var (record, config) in directories.LoadContainers())
        {
            var entry = new ContainerEntry(record, config);
            model.Containers[record.Id] = entry;
            if (record.FinishedAt != 0)
                entry.Exited.TrySetResult();
            else
                Observe(entry);
        }
    }

    /// <summary>Looks whether a container has ended, and puts its end on record.</summary>
    public async Task ObserveAsync(ContainerEntry entry)
    {
        await entry.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            Observe(entry);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private void Observe(ContainerEntry entry)
    {
        var record = entry.Record;
        if (record.State != ContainerState.ContainerRunning)
            return;
        var exitFile = directories.ExitFile(entry.Id);
        if (File.Exists(exitFile) && int.TryParse(File.ReadAllText(exitFile).Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var code))
        {
            var outOfMemory = code != 0 && conmon.WasOutOfMemory(entry.Id);
            var finished = (new DateTimeOffset(File.GetLastWriteTimeUtc(exitFile)) - DateTimeOffset.UnixEpoch).Ticks * 100;
            Finish(entry, code, outOfMemory ? "OOMKilled" : code == 0 ? "Completed" : "Error", "", Math.Max(finished, record.StartedAt));
        }
        else if (!ProcessTable.IsAlive(record.Pid, record.StartTicks) && !conmon.IsAlive(entry.Id) && !File.Exists(exitFile))
        {
            // Process and shim are both gone: the machine restarted, or somebody killed the shim. Nobody knows the exit code.
            Finish(entry, ExitCodeUnknown, "Unknown", "the container's exit was not observed", model.Now());
        }
    }

    private void Finish(ContainerEntry entry, int exitCode, string reason, string message, long finishedAt)
    {
        entry.Record = entry.Record with { ExitCode = exitCode, Reason = reason, Message = message, FinishedAt = finishedAt };
        directories.Save(entry.Record);
        if (entry.Namespaces.Pid != NamespaceMode.Container)
            cgroups.KillAll(entry.Record.CgroupPath);
        entry.Exited.TrySetResult();
        events.Publish(ContainerEventType.ContainerStoppedEvent, entry.Id, SandboxOf(entry));
        options.Logger.LogDebug("Container {Container} ended with exit code {ExitCode} ({Reason})", entry.Id, exitCode, reason);
    }

    /// <summary>On a thread of its own: shim, runtime, process.</summary>
    private void Launch(ContainerEntry entry)
    {
        var config = entry.Config;
        var log = entry.Record.LogPath;
        if (log.Length > 0)
            Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        var pid = conmon.Create(entry.Id, log.Length > 0 ? log : null, config.Stdin, config.Stdin && !config.StdinOnce, config.Tty);
        // On record before it runs: should this process die now, the next one still knows whom to look for.
        entry.Record = entry.Record with { Pid = pid, StartTicks = ProcessTable.StartTicks(pid) ?? 0 };
        directories.Save(entry.Record);
        runtime.Start(entry.Id);
    }

    // The first process of a namespace does not get a signal that it has no handler for. One that has only just begun may not have set its handler up yet:
    // it gets the signal once it has, and nobody gets it twice.
    private async Task StopPolitelyAsync(ContainerEntry entry, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var (pid, signal) = (entry.Record.Pid, entry.Record.StopSignal);
        var ended = entry.Exited.Task.WaitAsync(timeout, options.TimeProvider, cancellationToken);
        var heard = ProcessTable.Catches(pid, signal);
        Signal(entry, signal);
        while (!heard && !ended.IsCompleted)
        {
            await Task.WhenAny(ended, Task.Delay(HandlerPause, options.TimeProvider, CancellationToken.None)).ConfigureAwait(false);
            heard = ProcessTable.Catches(pid, signal);
            if (heard && !ended.IsCompleted)
                Signal(entry, signal);
        }

        await ended.ConfigureAwait(false);
    }

    private static void Signal(ContainerEntry entry, int signal) => Libc.Signal(entry.Record.Pid, entry.Record.StartTicks, signal);

    private async Task KillAsync(ContainerEntry entry, CancellationToken cancellationToken)
    {
        Signal(entry, Libc.SignalKill);
        try
        {
            await entry.Exited.Task.WaitAsync(KillPatience, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new ContainerRuntimeException($"failed to stop container \"{entry.Id}\": it is still there {KillPatience} after SIGKILL", ContainerRuntimeError.Timeout, e);
        }
    }

    private SandboxEntry? SandboxOf(ContainerEntry entry) => model.Sandboxes.GetValueOrDefault(entry.Record.SandboxId);
}
