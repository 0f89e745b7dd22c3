using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Kubelet.Status;

/// <summary>Brings the kubelet's status together with what others wrote meanwhile.</summary>
internal static class PodStatusMerge
{
    /// <summary>The status to write over <paramref name="current"/>: conditions of others and a finished phase are kept.</summary>
    public static V1PodStatus Merge(V1PodStatus? current, V1PodStatus own)
    {
        if (current is null)
            return own;
        var others = (current.Conditions ?? []).Where(c => !PodConditions.OfKubelet.Contains(c.Type)).ToList();
        var foreign = (own.Conditions ?? []).Where(c => !PodConditions.OfKubelet.Contains(c.Type) && others.All(o => o.Type != c.Type));
        return own with
        {
            Phase = current.Phase is "Succeeded" or "Failed" ? current.Phase : own.Phase,
            Conditions = [.. (own.Conditions ?? []).Where(c => PodConditions.OfKubelet.Contains(c.Type)), .. others, .. foreign],
            NominatedNodeName = current.NominatedNodeName ?? own.NominatedNodeName,
        };
    }

    /// <summary>Whether two statuses say the same.</summary>
    public static bool Same(V1PodStatus? a, V1PodStatus? b) =>
        ReferenceEquals(a, b) || (a is not null && b is not null && ApiJson.Serialize(a).AsSpan().SequenceEqual(ApiJson.Serialize(b)));
}
