using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Deployments;

/// <summary>Turns chosen sizes into writes: at most one for each ReplicaSet, and none for one that is as it should be.</summary>
internal static class ReplicaSetWrites
{
    /// <summary>
    /// Writes for the ReplicaSets in <paramref name="sizes"/>, and for the current one where the Deployment's annotations or minReadySeconds changed.
    /// </summary>
    public static IEnumerable<PlannedAction> For(DeploymentView view, IReadOnlyDictionary<V1ReplicaSet, int> sizes)
    {
        foreach (var replicaSet in view.All)
        {
            var before = DeploymentView.Size(replicaSet);
            var sized = sizes.TryGetValue(replicaSet, out var size);
            var isNew = ReferenceEquals(replicaSet, view.New);
            var annotations = isNew
                ? Revisions.AnnotationsOfCurrent(view, Revisions.Next(view))
                : new Dictionary<string, string>(replicaSet.Metadata.Annotations ?? new Dictionary<string, string>());
            if (sized)
                Revisions.SetSizes(annotations, view);
            var minReady = isNew ? view.Deployment.Spec.MinReadySeconds : replicaSet.Spec.MinReadySeconds;
            if ((!sized || size == before)
                && (minReady ?? 0) == (replicaSet.Spec.MinReadySeconds ?? 0)
                && SemanticEquality.Equal(annotations, replicaSet.Metadata.Annotations ?? new Dictionary<string, string>()))
                continue;
            var changed = ApiJson.Copy(replicaSet);
            changed.Metadata.Annotations = annotations;
            changed.Spec.MinReadySeconds = minReady;
            if (sized)
                changed.Spec.Replicas = size;
            yield return new Update(changed)
            {
                Announce = !sized || size == before ? null : new Announcement(
                    view.Deployment, "ScalingReplicaSet", $"Scaled {(size > before ? "up" : "down")} replica set {replicaSet.Metadata.Name} from {before} to {size}"),
            };
        }
    }
}
