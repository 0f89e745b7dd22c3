using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Logs;

namespace ActorKube.Kubelet.Pods;

/// <summary>Asks the runtime for everything of one pod, by its labels.</summary>
/// <param name="runtime">The runtime.</param>
/// <param name="nodeName">This node's name.</param>
/// <param name="remembers">Whether ended containers, which do not change any more, are asked for only once; then <see cref="Forget"/> must be called.</param>
internal sealed class PodRuntimeReader(IContainerRuntime runtime, string nodeName, bool remembers)
{
    private readonly ConcurrentDictionary<string, ContainerInstance> _ended = new();

    public async Task<PodRuntimeStatus> ReadAsync(string podUid, CancellationToken cancellationToken)
    {
        var sandboxFilter = new PodSandboxFilter { LabelSelector = { [PodLabels.PodUid] = podUid, [PodLabels.Node] = nodeName } };
        var containerFilter = new ContainerFilter { LabelSelector = { [PodLabels.PodUid] = podUid, [PodLabels.Node] = nodeName } };
        var listedSandboxes = runtime.ListPodSandboxAsync(sandboxFilter, cancellationToken);
        var listed = await runtime.ListContainersAsync(containerFilter, cancellationToken).ConfigureAwait(false);
        var sandboxes = new List<SandboxInstance>();
        foreach (var sandbox in await listedSandboxes.ConfigureAwait(false))
        {
            if (await ReadSandboxAsync(sandbox, cancellationToken).ConfigureAwait(false) is { } found)
                sandboxes.Add(found);
        }

        var containers = new List<ContainerInstance>();
        foreach (var container in listed)
        {
            if (await ReadContainerAsync(container, cancellationToken).ConfigureAwait(false) is { } found)
                containers.Add(found);
        }

        return PodRuntimeStatus.Ordered(sandboxes, containers);
    }

    /// <summary>Drops what is remembered of a removed container.</summary>
    public void Forget(string containerId) => _ended.TryRemove(containerId, out _);

    private async Task<SandboxInstance?> ReadSandboxAsync(PodSandbox sandbox, CancellationToken cancellationToken)
    {
        var ready = sandbox.State == PodSandboxState.SandboxReady;
        ImmutableArray<string> addresses = [];
        if (ready)
        {
            try
            {
                var status = await runtime.PodSandboxStatusAsync(sandbox.Id, cancellationToken).ConfigureAwait(false);
                ready = status.State == PodSandboxState.SandboxReady;
                addresses = AddressesOf(status);
            }
            catch (ContainerRuntimeException e) when (e.IsNotFound)
            {
                return null;
            }
        }

        return new SandboxInstance(sandbox.Id, sandbox.Metadata?.Attempt ?? 0, ready, FromNanoseconds(sandbox.CreatedAt), addresses);
    }

    private async Task<ContainerInstance?> ReadContainerAsync(Container container, CancellationToken cancellationToken)
    {
        if (_ended.TryGetValue(container.Id, out var known))
            return known;
        ContainerStatus status;
        try
        {
            status = await runtime.ContainerStatusAsync(container.Id, cancellationToken).ConfigureAwait(false);
        }
        catch (ContainerRuntimeException e) when (e.IsNotFound)
        {
            return null;
        }

        var instance = From(status, container);
        if (!instance.HasExited)
            return instance;
        instance = instance with { Message = await LastWordsAsync(status, instance).ConfigureAwait(false) };
        if (remembers)
            _ended[container.Id] = instance;
        return instance;
    }

    private static ContainerInstance From(ContainerStatus status, Container container) => new()
    {
        Id = container.Id,
        SandboxId = container.PodSandboxId,
        Name = container.Labels.TryGetValue(PodLabels.ContainerName, out var name) ? name : container.Metadata?.Name ?? "",
        RestartCount = container.Annotations.TryGetValue(PodLabels.RestartCount, out var count) && int.TryParse(count, CultureInfo.InvariantCulture, out var n)
            ? n
            : (int)(container.Metadata?.Attempt ?? 0),
        State = status.State,
        CreatedAt = FromNanoseconds(status.CreatedAt),
        StartedAt = status.StartedAt > 0 ? FromNanoseconds(status.StartedAt) : null,
        FinishedAt = status.FinishedAt > 0 ? FromNanoseconds(status.FinishedAt) : null,
        ExitCode = status.ExitCode,
        Reason = status.Reason,
        Message = status.Message,
        Image = FirstOf(status.Image?.UserSpecifiedImage, status.Image?.Image, container.Image?.Image),
        ImageId = FirstOf(status.ImageRef, status.ImageId, container.ImageRef),
        Hash = container.Annotations.TryGetValue(PodLabels.ContainerHash, out var hash) ? hash : "",
        LogPath = status.LogPath,
        Resources = status.Resources?.Linux,
    };

    private static async Task<string> LastWordsAsync(ContainerStatus status, ContainerInstance instance)
    {
        var annotations = status.Annotations;
        annotations.TryGetValue(PodLabels.TerminationMessageHostPath, out var path);
        annotations.TryGetValue(PodLabels.TerminationMessagePolicy, out var policy);
        return await TerminationMessage.ReadAsync(path, policy, instance.ExitCode, instance.LogPath, instance.Message).ConfigureAwait(false);
    }

    private static ImmutableArray<string> AddressesOf(PodSandboxStatus status) => status.Network is null
        ? []
        : [.. new[] { status.Network.Ip }.Concat(status.Network.AdditionalIps.Select(a => a.Ip)).Where(ip => !string.IsNullOrEmpty(ip))];

    private static string FirstOf(params ReadOnlySpan<string?> values)
    {
        foreach (var value in values)
        {
            if (!string.IsNullOrEmpty(value))
                return value;
        }

        return "";
    }

    private static DateTimeOffset FromNanoseconds(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);
}
