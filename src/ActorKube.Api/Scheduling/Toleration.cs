using k8s.Models;

namespace ActorKube.Api.Scheduling;

/// <summary>Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/</summary>
public static class Toleration
{
    /// <summary>Whether any of the tolerations covers the taint.</summary>
    public static bool Covers(IList<V1Toleration> tolerations, V1Taint taint)
    {
        foreach (var toleration in tolerations)
        {
            if (Covers(toleration, taint))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether the toleration covers the taint. An empty effect covers all effects; an empty key with operator Exists covers all taints.
    /// </summary>
    public static bool Covers(V1Toleration toleration, V1Taint taint)
    {
        if (!string.IsNullOrEmpty(toleration.Effect) && toleration.Effect != taint.Effect)
        {
            return false;
        }

        if (!string.IsNullOrEmpty(toleration.Key) && toleration.Key != taint.Key)
        {
            return false;
        }

        return toleration.OperatorProperty switch
        {
            "Exists" => true,
            null or "" or "Equal" => (toleration.Value ?? "") == (taint.Value ?? ""),
            _ => false,
        };
    }

    /// <summary>The first taint that keeps new pods with these tolerations off the node, or null.</summary>
    public static V1Taint? FindUntolerated(IList<V1Taint> taints, IList<V1Toleration> tolerations)
    {
        foreach (var taint in taints)
        {
            if (taint.Effect is "NoSchedule" or "NoExecute" && !Covers(tolerations, taint))
            {
                return taint;
            }
        }

        return null;
    }
}
