using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>Tells whether an update of a waiting pod can change where it fits.</summary>
public static class PodWishes
{
    /// <summary>Whether labels or spec differ. A pod whose status alone changed (our own condition, say) still wishes the same.</summary>
    public static bool Changed(V1Pod old, V1Pod now) =>
        !ApiJson.Serialize(old.Spec).AsSpan().SequenceEqual(ApiJson.Serialize(now.Spec))
        || !(old.Metadata.Labels ?? None).OrderBy(l => l.Key, StringComparer.Ordinal).SequenceEqual((now.Metadata.Labels ?? None).OrderBy(l => l.Key, StringComparer.Ordinal));

    private static readonly Dictionary<string, string> None = [];
}
