using System.Globalization;
using System.IO.Compression;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;

namespace ActorKube.Kubelet.Logs;

/// <summary>
/// Keeps logs from filling the disk: a file that grew too large is renamed, the runtime opens a new one, older ones are compressed
/// and the oldest removed. Source: https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-rotation
/// </summary>
internal sealed class LogRotator(IContainerRuntime runtime, KubeletSettings settings, PodDirectories directories, TimeProvider time)
{
    // By default "0.log.*" would match "0.log" itself, as on DOS.
    private static readonly EnumerationOptions Exact = new() { MatchType = MatchType.Simple };

    /// <summary>Looks at the logs of all running containers once.</summary>
    public async Task RotateAsync(CancellationToken cancellationToken)
    {
        var filter = new ContainerFilter
        {
            State = new ContainerStateValue { State = ContainerState.ContainerRunning },
            LabelSelector = { [PodLabels.Node] = settings.NodeName },
        };
        foreach (var container in await runtime.ListContainersAsync(filter, cancellationToken).ConfigureAwait(false))
        {
            if (LogOf(container) is { } path && File.Exists(path) && new FileInfo(path).Length > settings.ContainerLogMaxSize)
                await RotateAsync(container.Id, path, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RotateAsync(string containerId, string path, CancellationToken cancellationToken)
    {
        // Of n files one is the current and one comes from this rotation.
        var older = Rotated(path);
        foreach (var file in older.SkipLast(Math.Max(0, settings.ContainerLogMaxFiles - 2)))
            File.Delete(file);
        foreach (var file in Rotated(path).Where(f => !f.EndsWith(".gz", StringComparison.Ordinal)))
            await CompressAsync(file, cancellationToken).ConfigureAwait(false);

        var stamp = time.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        var rotated = $"{path}.{stamp}";
        File.Move(path, rotated, overwrite: true);
        try
        {
            await runtime.ReopenContainerLogAsync(containerId, cancellationToken).ConfigureAwait(false);
        }
        catch (ContainerRuntimeException) when (!File.Exists(path))
        {
            // The runtime still writes to the renamed file: give it its name back and try again later.
            File.Move(rotated, path);
            throw;
        }
    }

    // Earlier files, the oldest first: the time stamps sort by themselves.
    private static List<string> Rotated(string path) =>
    [
        .. Directory.EnumerateFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".*", Exact)
            .Where(f => !f.EndsWith(".tmp", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];

    private static async Task CompressAsync(string file, CancellationToken cancellationToken)
    {
        var temporary = file + ".tmp";
        var source = File.OpenRead(file);
        await using (source.ConfigureAwait(false))
        {
            var target = new GZipStream(File.Create(temporary), CompressionLevel.Fastest);
            await using (target.ConfigureAwait(false))
                await source.CopyToAsync(target, cancellationToken).ConfigureAwait(false);
        }

        File.Move(temporary, file + ".gz", overwrite: true);
        File.Delete(file);
    }

    private string? LogOf(Container container)
    {
        var labels = container.Labels;
        if (!labels.TryGetValue(PodLabels.PodNamespace, out var ns) || !labels.TryGetValue(PodLabels.PodName, out var name)
            || !labels.TryGetValue(PodLabels.PodUid, out var uid) || !labels.TryGetValue(PodLabels.ContainerName, out var containerName)
            || !container.Annotations.TryGetValue(PodLabels.RestartCount, out var text) || !int.TryParse(text, CultureInfo.InvariantCulture, out var count))
            return null;
        return Path.Combine(directories.Logs(ns, name, uid), PodDirectories.LogFile(containerName, count));
    }
}
