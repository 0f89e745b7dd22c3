using ActorKube.ContainerRuntime.Cri;
using Google.Protobuf.Collections;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>What the runtime knows, in the messages of CRI.</summary>
internal static class CriViews
{
    public static PodSandboxState State(SandboxEntry sandbox) =>
        sandbox.Record is { Ready: true, Stopped: false } ? PodSandboxState.SandboxReady : PodSandboxState.SandboxNotready;

    public static PodSandbox ToSandbox(SandboxEntry entry) => new()
    {
        Id = entry.Id,
        Metadata = entry.Config.Metadata,
        State = State(entry),
        CreatedAt = entry.Record.CreatedAt,
        Labels = { entry.Config.Labels },
        Annotations = { entry.Config.Annotations },
        RuntimeHandler = entry.Record.RuntimeHandler,
    };

    public static PodSandboxStatus ToSandboxStatus(SandboxEntry entry)
    {
        var status = new PodSandboxStatus
        {
            Id = entry.Id,
            Metadata = entry.Config.Metadata,
            State = State(entry),
            CreatedAt = entry.Record.CreatedAt,
            Network = new PodSandboxNetworkStatus(),
            Linux = new LinuxPodSandboxStatus { Namespaces = new Namespace { Options = entry.Namespaces } },
            Labels = { entry.Config.Labels },
            Annotations = { entry.Config.Annotations },
            RuntimeHandler = entry.Record.RuntimeHandler,
        };
        if (!entry.Record.Stopped && entry.Record.Addresses.Count > 0)
        {
            status.Network.Ip = entry.Record.Addresses[0];
            status.Network.AdditionalIps.AddRange(entry.Record.Addresses.Skip(1).Select(ip => new PodIP { Ip = ip }));
        }
        return status;
    }

    public static Container ToContainer(ContainerEntry entry) => new()
    {
        Id = entry.Id,
        PodSandboxId = entry.Record.SandboxId,
        Metadata = entry.Config.Metadata,
        Image = entry.Config.Image,
        ImageRef = entry.Record.ImageRef,
        ImageId = entry.Record.ImageId,
        State = entry.Record.State,
        CreatedAt = entry.Record.CreatedAt,
        Labels = { entry.Config.Labels },
        Annotations = { entry.Config.Annotations },
    };

    public static ContainerStatus ToContainerStatus(ContainerEntry entry)
    {
        var record = entry.Record;
        return new ContainerStatus
        {
            Id = entry.Id,
            Metadata = entry.Config.Metadata,
            State = record.State,
            CreatedAt = record.CreatedAt,
            StartedAt = record.StartedAt,
            FinishedAt = record.FinishedAt,
            ExitCode = record.ExitCode,
            Image = entry.Config.Image,
            ImageRef = record.ImageRef,
            ImageId = record.ImageId,
            Reason = record.Reason,
            Message = record.Message,
            Labels = { entry.Config.Labels },
            Annotations = { entry.Config.Annotations },
            Mounts = { entry.Config.Mounts },
            LogPath = record.LogPath,
            Resources = entry.Config.Linux?.Resources is { } resources ? new ContainerResources { Linux = resources } : null,
            StopSignal = entry.Config.StopSignal,
            User = new ContainerUser
            {
                Linux = new LinuxContainerUser { Uid = record.Uid, Gid = record.Gid, SupplementalGroups = { record.Groups.Select(g => (long)g) } },
            },
        };
    }

    public static bool Matches(SandboxEntry entry, PodSandboxFilter? filter) =>
        filter is null
        || (Matches(entry.Id, filter.Id) && (filter.State is null || filter.State.State == State(entry)) && HasLabels(entry.Config.Labels, filter.LabelSelector));

    public static bool Matches(ContainerEntry entry, ContainerFilter? filter) =>
        filter is null
        || (Matches(entry.Id, filter.Id)
            && Matches(entry.Record.SandboxId, filter.PodSandboxId)
            && (filter.State is null || filter.State.State == entry.Record.State)
            && HasLabels(entry.Config.Labels, filter.LabelSelector));

    public static bool Matches(ContainerEntry entry, ContainerStatsFilter? filter) =>
        filter is null
        || (Matches(entry.Id, filter.Id) && Matches(entry.Record.SandboxId, filter.PodSandboxId) && HasLabels(entry.Config.Labels, filter.LabelSelector));

    /// <summary>A filter's id may be the beginning of one.</summary>
    private static bool Matches(string id, string filter) => filter.Length == 0 || id.StartsWith(filter, StringComparison.Ordinal);

    private static bool HasLabels(MapField<string, string> labels, MapField<string, string> selector) =>
        selector.All(s => labels.TryGetValue(s.Key, out var value) && value == s.Value);
}
