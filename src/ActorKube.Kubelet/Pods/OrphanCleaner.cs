using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.Kubelet.Pods;

/// <summary>Finds and removes sandboxes, containers, volumes and logs of pods that nobody wants any more.</summary>
internal sealed class OrphanCleaner(PodServices services)
{
    private static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(30);

    /// <summary>The uids of all pods of which this node has something.</summary>
    public async Task<IReadOnlyCollection<string>> FindAsync(CancellationToken cancellationToken)
    {
        var uids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var sandbox in await SandboxesAsync(null, cancellationToken).ConfigureAwait(false))
        {
            if (sandbox.Labels.TryGetValue(PodLabels.PodUid, out var uid))
                uids.Add(uid);
        }

        if (Directory.Exists(services.Directories.Pods))
            uids.UnionWith(Directory.EnumerateDirectories(services.Directories.Pods).Select(d => Path.GetFileName(d)!));
        if (Directory.Exists(services.Directories.LogsRoot))
            uids.UnionWith(Directory.EnumerateDirectories(services.Directories.LogsRoot).Select(d => Path.GetFileName(d).Split('_')).Where(p => p.Length == 3).Select(p => p[2]));
        return uids;
    }

    /// <summary>Stops what runs, with the grace the pod had, and removes everything.</summary>
    public Task CleanAsync(IReadOnlyCollection<string> uids, CancellationToken cancellationToken) =>
        Task.WhenAll(uids.Select(uid => CleanAsync(uid, cancellationToken)));

    private async Task CleanAsync(string uid, CancellationToken cancellationToken)
    {
        var filter = new ContainerFilter { LabelSelector = { [PodLabels.PodUid] = uid, [PodLabels.Node] = services.Settings.NodeName } };
        var containers = await services.Runtime.ListContainersAsync(filter, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(containers.Where(c => c.State == ContainerState.ContainerRunning)
            .Select(c => services.Runtime.StopContainerAsync(c.Id, GraceOf(c), cancellationToken))).ConfigureAwait(false);
        foreach (var sandbox in await SandboxesAsync(uid, cancellationToken).ConfigureAwait(false))
        {
            await services.Runtime.StopPodSandboxAsync(sandbox.Id, cancellationToken).ConfigureAwait(false);
            await services.Runtime.RemovePodSandboxAsync(sandbox.Id, cancellationToken).ConfigureAwait(false);
        }

        services.Volumes.Remove(uid);
        var directory = services.Directories.Of(uid);
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
        if (!Directory.Exists(services.Directories.LogsRoot))
            return;
        foreach (var logs in Directory.EnumerateDirectories(services.Directories.LogsRoot, "*_" + uid).ToList())
            Directory.Delete(logs, recursive: true);
    }

    private Task<IReadOnlyList<PodSandbox>> SandboxesAsync(string? uid, CancellationToken cancellationToken)
    {
        var filter = new PodSandboxFilter { LabelSelector = { [PodLabels.Node] = services.Settings.NodeName } };
        if (uid is not null)
            filter.LabelSelector[PodLabels.PodUid] = uid;
        return services.Runtime.ListPodSandboxAsync(filter, cancellationToken);
    }

    private static TimeSpan GraceOf(Container container) =>
        container.Annotations.TryGetValue(PodLabels.GracePeriod, out var text) && int.TryParse(text, out var seconds) ? TimeSpan.FromSeconds(seconds) : DefaultGrace;
}
