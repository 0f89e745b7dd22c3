using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.DaemonSets;

/// <summary>
/// Keeps one pod on every node that a DaemonSet is for, and brings a new template to them a few nodes at a time.
/// Source: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ and https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/
/// </summary>
public static class DaemonSetReconciler
{
    // How long a pod that ended is left for people to look at; also what keeps a pod that always ends from being started without pause.
    private static readonly TimeSpan EndedPodStays = TimeSpan.FromSeconds(5);

    /// <summary>What brings the pods to where they should be.</summary>
    /// <param name="set">The DaemonSet.</param>
    /// <param name="candidates">Pods it controls and orphans of its namespace, in any order.</param>
    /// <param name="owned">Its revisions, in any order.</param>
    /// <param name="nodes">All nodes.</param>
    /// <param name="context">Time, names and the last failure.</param>
    public static Plan Reconcile(V1DaemonSet set, IEnumerable<V1Pod> candidates, IEnumerable<V1ControllerRevision> owned, IEnumerable<V1Node> nodes, ReconcileContext context)
    {
        var selector = LabelSelector.From(set.Spec.Selector);
        if (selector.IsEmpty)
            return Plan.Nothing;
        var claims = Claims<V1Pod>.Of(set, selector, candidates);
        var collisions = context.LastFailure is { Action: Create { Object: V1ControllerRevision }, Reason: "AlreadyExists" } ? (set.Status?.CollisionCount ?? 0) + 1 : set.Status?.CollisionCount;
        var revisions = TemplateRevisions.Of(set, set.Spec.Template, owned, collisions);
        var view = new View(set, nodes, claims.Owned, revisions.Hash, context.Now);
        var actions = new List<PlannedAction>(claims.Actions);
        TimeSpan? wake = view.NextAvailable;
        if (set.Metadata.DeletionTimestamp is null)
        {
            actions.AddRange(revisions.Actions);
            var (deletions, creations, endedWait) = Manage(view);
            wake = new[] { wake, endedWait }.Where(w => w is not null).DefaultIfEmpty(null).Min();
            if (deletions.Count == 0 && creations.Count == 0)
                (deletions, creations) = Roll(view);
            actions.Add(new Together([.. creations.Select(node => Start(set, node, revisions.Hash, context.Names))], SlowStart: true));
            actions.Add(new Together([.. deletions.Select(pod => Stop(set, pod))]));
            actions.AddRange(revisions.Truncate(set.Spec.RevisionHistoryLimit ?? 10, claims.Owned));
        }

        var status = Status(view, collisions);
        if (!SemanticEquality.Equal(status, set.Status))
        {
            var changed = ApiJson.Copy(set);
            changed.Status = status;
            actions.Add(new UpdateStatus(changed));
        }

        return new Plan([.. actions.Where(a => a is not Together { Actions.Count: 0 })], wake);
    }

    // Pods where there are none, and none where there should not be.
    private static (List<V1Pod> Deletions, List<string> Creations, TimeSpan? Wait) Manage(View view)
    {
        var (deletions, creations) = (new List<V1Pod>(), new List<string>());
        TimeSpan? wait = null;
        foreach (var node in view.Nodes)
        {
            if (!node.Stay)
            {
                deletions.AddRange(node.Pods.Where(p => p.Metadata.DeletionTimestamp is null));
                continue;
            }

            foreach (var ended in node.Pods.Where(p => PodFacts.IsTerminal(p) && p.Metadata.DeletionTimestamp is null))
            {
                var left = EndedPodStays - (view.Now.UtcDateTime - (ended.Metadata.CreationTimestamp ?? DateTime.MinValue));
                if (left <= TimeSpan.Zero)
                    deletions.Add(ended);
                else
                    wait = wait is { } w && w < left ? w : left;
            }

            if (node.Run && node.Pods.Count == 0)
                creations.Add(node.Name);
            // Of several the oldest stays; with a surge, the oldest of each template does until the new one serves.
            if (node.Old.Count > 1)
                deletions.AddRange(node.Old.Skip(1));
            if (node.New.Count > 1)
                deletions.AddRange(node.New.Skip(1));
            if (node is { Old.Count: > 0, New.Count: > 0 } && (view.Surge == 0 || view.IsAvailable(node.New[0])))
                deletions.Add(node.Old[0]);
        }

        deletions.AddRange(view.Nowhere);
        return (deletions, creations, wait);
    }

    // The next nodes whose old pod makes way: all that do not serve anyway, then as many as may be missing. With a surge the new pod comes first.
    private static (List<V1Pod> Deletions, List<string> Creations) Roll(View view)
    {
        if (view.Set.Spec.UpdateStrategy?.Type == "OnDelete")
            return ([], []);
        var desired = view.Nodes.Where(n => n.Run).ToList();
        var outdated = desired.Where(n => n.Old.Count > 0 && n.New.Count == 0).ToList();
        var broken = outdated.Where(n => !view.IsAvailable(n.Old[0])).ToList();
        var busy = view.Surge > 0 ? desired.Count(n => n is { Old.Count: > 0, New.Count: > 0 }) : desired.Count(n => !n.Old.Concat(n.New).Any(view.IsAvailable));
        var room = Math.Max(0, (view.Surge > 0 ? view.Surge : view.Unavailable) - busy);
        var next = broken.Concat(outdated.Except(broken).OrderBy(n => n.Name, StringComparer.Ordinal).Take(room));
        return view.Surge > 0 ? ([], [.. next.Select(n => n.Name)]) : ([.. next.Select(n => n.Old[0])], []);
    }

    private static V1DaemonSetStatus Status(View view, int? collisions)
    {
        var desired = view.Nodes.Where(n => n.Run).ToList();
        var running = desired.Select(n => n.New.Concat(n.Old).FirstOrDefault(p => view.IsAvailable(p)) ?? n.New.Concat(n.Old).FirstOrDefault()).ToList();
        var available = running.Count(p => p is not null && view.IsAvailable(p));
        return new V1DaemonSetStatus
        {
            DesiredNumberScheduled = desired.Count,
            CurrentNumberScheduled = running.Count(p => p is not null),
            NumberMisscheduled = view.Nodes.Count(n => !n.Run && n.Pods.Count > 0),
            NumberReady = running.Count(p => p is not null && PodFacts.IsReady(p)),
            UpdatedNumberScheduled = desired.Count(n => n.New.Count > 0) is var updated and not 0 ? updated : null,
            NumberAvailable = available == 0 ? null : available,
            NumberUnavailable = desired.Count - available is var unavailable and not 0 ? unavailable : null,
            ObservedGeneration = view.Set.Metadata.Generation,
            CollisionCount = collisions,
            Conditions = view.Set.Status?.Conditions,
        };
    }

    private static Create Start(V1DaemonSet set, string node, string hash, NameSuffixes names)
    {
        var pod = DaemonNodes.Pod(set, node, hash, names.Name($"{set.Metadata.Name}-"));
        return new Create(pod) { Announce = new Announcement(set, "SuccessfulCreate", $"Created pod: {pod.Metadata.Name}", "FailedCreate", "Error creating: ") };
    }

    private static Delete Stop(V1DaemonSet set, V1Pod pod) => new(pod)
    {
        Announce = PodFacts.IsTerminal(pod)
            ? new Announcement(set, pod.Status.Phase == "Failed" ? "FailedDaemonPod" : "SucceededDaemonPod",
                $"Found {(pod.Status.Phase == "Failed" ? "failed" : "succeeded")} daemon pod {pod.Metadata.NamespaceProperty}/{pod.Metadata.Name} on node {DaemonNodes.NodeOf(pod)}, will try to {(pod.Status.Phase == "Failed" ? "kill" : "delete")} it", Type: "Warning")
            : new Announcement(set, "SuccessfulDelete", $"Deleted pod: {pod.Metadata.Name}", "FailedDelete", $"Error deleting: {pod.Metadata.Name}: "),
    };

    private sealed record NodeView(string Name, bool Run, bool Stay, IReadOnlyList<V1Pod> Pods, IReadOnlyList<V1Pod> Old, IReadOnlyList<V1Pod> New);

    private sealed class View
    {
        private readonly int _minReady;

        public View(V1DaemonSet set, IEnumerable<V1Node> nodes, IReadOnlyList<V1Pod> pods, string hash, DateTimeOffset now)
        {
            (Set, Now, _minReady) = (set, now, set.Spec.MinReadySeconds ?? 0);
            var byNode = pods.ToLookup(DaemonNodes.NodeOf, StringComparer.Ordinal);
            Nodes = [.. nodes.OrderBy(n => n.Metadata.Name, StringComparer.Ordinal).Select(node =>
            {
                var here = byNode[node.Metadata.Name].OrderBy(p => p.Metadata.CreationTimestamp).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal).ToList();
                var active = here.Where(PodFacts.IsActive).ToLookup(p => TemplateRevisions.HashOf(p) == hash);
                var (run, stay) = DaemonNodes.Decide(set, node);
                return new NodeView(node.Metadata.Name, run, stay, here, [.. active[false]], [.. active[true]]);
            })];
            var names = Nodes.Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
            Nowhere = [.. pods.Where(p => string.IsNullOrEmpty(p.Spec.NodeName) && !names.Contains(DaemonNodes.NodeOf(p)) && p.Metadata.DeletionTimestamp is null)];
            NextAvailable = pods.Select(p => PodFacts.WaitUntilAvailable(p, _minReady, now)).Where(w => w > TimeSpan.Zero).DefaultIfEmpty(null).Min();
            var desired = Nodes.Count(n => n.Run);
            var rolling = set.Spec.UpdateStrategy?.RollingUpdate;
            Surge = Percentages.Resolve(rolling?.MaxSurge ?? "0", desired, Math.Ceiling);
            Unavailable = Percentages.Resolve(rolling?.MaxUnavailable ?? "1", desired, Math.Ceiling);
        }

        public V1DaemonSet Set { get; }

        public DateTimeOffset Now { get; }

        public IReadOnlyList<NodeView> Nodes { get; }

        // Pods that wait for a node that is gone.
        public IReadOnlyList<V1Pod> Nowhere { get; }

        public TimeSpan? NextAvailable { get; }

        public int Surge { get; }

        public int Unavailable { get; }

        public bool IsAvailable(V1Pod pod) => PodFacts.IsActive(pod) && PodFacts.IsAvailable(pod, _minReady, Now);
    }
}
