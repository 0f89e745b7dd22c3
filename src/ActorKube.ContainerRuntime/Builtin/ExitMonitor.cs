using ActorKube.ContainerRuntime.Cri;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>
/// Sees containers end: the shim writes an exit file, the kernel tells of it at once. A slow look at all running containers catches what no notification
/// told: a lost one, or a shim that was killed.
/// </summary>
internal sealed class ExitMonitor : IDisposable
{
    private readonly RuntimeModel _model;
    private readonly ContainerService _containers;
    private readonly ILogger _logger;
    private readonly FileSystemWatcher _watcher;
    private readonly ITimer _poll;
    private int _polling;

    public ExitMonitor(BuiltinRuntimeOptions options, RuntimeModel model, RuntimeDirectories directories, ContainerService containers)
    {
        _model = model;
        _containers = containers;
        _logger = options.Logger;
        _watcher = new FileSystemWatcher(directories.Exits) { NotifyFilter = NotifyFilters.FileName };
        _watcher.Created += (_, e) => Look(e.Name);
        _watcher.Renamed += (_, e) => Look(e.Name);
        _watcher.Error += (_, _) => LookAtAll();
        _watcher.EnableRaisingEvents = true;
        _poll = options.TimeProvider.CreateTimer(_ => LookAtAll(), null, options.PollInterval, options.PollInterval);
    }

    public void Dispose()
    {
        _watcher.Dispose();
        _poll.Dispose();
    }

    private void Look(string? id)
    {
        if (id is not null && _model.Containers.TryGetValue(id, out var container))
            _ = ObserveAsync(container);
    }

    private void LookAtAll()
    {
        if (Interlocked.Exchange(ref _polling, 1) == 0)
            _ = LookAtAllAsync();
    }

    private async Task LookAtAllAsync()
    {
        try
        {
            foreach (var container in _model.Containers.Values.Where(c => c.Record.State == ContainerState.ContainerRunning))
                await ObserveAsync(container).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _polling, 0);
        }
    }

    private async Task ObserveAsync(ContainerEntry container)
    {
        try
        {
            await _containers.ObserveAsync(container).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            _logger.LogWarning(e, "Could not look at container {Container}; will try again", container.Id);
        }
    }
}
