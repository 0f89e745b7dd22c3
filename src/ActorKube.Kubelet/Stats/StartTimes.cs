using k8s.Models;

namespace ActorKube.Kubelet.Stats;

/// <summary>When pods and their running containers started, as the pods' status says.</summary>
internal sealed class StartTimes
{
    private readonly Dictionary<string, V1Pod> _pods;

    private StartTimes(Dictionary<string, V1Pod> pods) => _pods = pods;

    /// <summary>Those of these pods.</summary>
    public static StartTimes Of(IEnumerable<V1Pod> pods) => new(pods.DistinctBy(p => p.Metadata.Uid).ToDictionary(p => p.Metadata.Uid, StringComparer.Ordinal));

    /// <summary>When a pod started; null when nobody knows.</summary>
    public DateTimeOffset? OfPod(string uid) => Utc(_pods.GetValueOrDefault(uid)?.Status?.StartTime);

    /// <summary>When a pod's container started; null when nobody knows.</summary>
    public DateTimeOffset? OfContainer(string uid, string name)
    {
        var status = _pods.GetValueOrDefault(uid)?.Status;
        var all = (status?.ContainerStatuses ?? []).Concat(status?.InitContainerStatuses ?? []).Concat(status?.EphemeralContainerStatuses ?? []);
        return Utc(all.FirstOrDefault(c => c.Name == name)?.State?.Running?.StartedAt);
    }

    private static DateTimeOffset? Utc(DateTime? time) => time is { } t ? new DateTimeOffset(DateTime.SpecifyKind(t, DateTimeKind.Utc)) : null;
}
