namespace ActorKube.Scheduler;

/// <summary>A pod that waits for a node, and what happened to it so far.</summary>
public sealed class QueuedPod
{
    internal QueuedPod(PodInfo pod, long order, DateTimeOffset now)
    {
        Pod = pod;
        Order = order;
        Added = now;
    }

    /// <summary>The pod.</summary>
    public PodInfo Pod { get; internal set; }

    /// <summary>When the pod first came.</summary>
    public DateTimeOffset Added { get; }

    /// <summary>How often it was tried.</summary>
    public int Attempts { get; internal set; }

    /// <summary>When it may be tried again.</summary>
    public DateTimeOffset BackoffUntil { get; internal set; }

    internal long Order { get; set; }

    internal QueuePlace Place { get; set; }

    internal ClusterChange HelpedBy { get; set; }

    internal DateTimeOffset LastTried { get; set; }

    /// <summary>The last attempt broke (the API server refused or was away), so that an idle scheduler must not cut the wait short.</summary>
    internal bool Failed { get; set; }
}

/// <summary>Where a waiting pod is.</summary>
public enum QueuePlace
{
    /// <summary>Taken out, being scheduled or bound.</summary>
    Out,

    /// <summary>To be tried as soon as its turn comes.</summary>
    Active,

    /// <summary>To be tried when its back-off is over.</summary>
    Backoff,

    /// <summary>Found no node; waits for a change that could help.</summary>
    Unschedulable,

    /// <summary>Has scheduling gates; waits until they are removed.</summary>
    Gated,
}

/// <summary>
/// The pods that wait for a node. Higher priority first, then who waits longer. A pod that found no node waits until something changes
/// that could help it (or for the flush interval), and at least for its back-off: initial, doubled per attempt, up to the maximum.
/// No clock of its own: the caller says what time it is. Not thread-safe: the actor owns it.
/// </summary>
public sealed class SchedulingQueue(TimeSpan initialBackoff, TimeSpan maxBackoff, TimeSpan flushInterval)
{
    private readonly Dictionary<string, QueuedPod> _pods = [];
    private readonly SortedSet<QueuedPod> _active = new(Comparer<QueuedPod>.Create(ByPriority));
    private readonly SortedSet<QueuedPod> _backoff = new(Comparer<QueuedPod>.Create(ByBackoff));
    private readonly HashSet<QueuedPod> _unschedulable = [];
    private long _order;

    /// <summary>All pods that wait, wherever.</summary>
    public int Count => _pods.Count;

    /// <summary>How many pods wait at a place.</summary>
    public int CountAt(QueuePlace place) => _pods.Values.Count(p => p.Place == place);

    /// <summary>Where a pod is; null when it does not wait.</summary>
    public QueuePlace? PlaceOf(string uid) => _pods.TryGetValue(uid, out var pod) ? pod.Place : null;

    /// <summary>
    /// Adds a pod, or takes in its new version. A waiting pod whose own wishes changed is tried again; one that is only shown with
    /// another status is not.
    /// </summary>
    public void Put(PodInfo pod, DateTimeOffset now)
    {
        if (!_pods.TryGetValue(pod.Uid, out var queued))
        {
            queued = new QueuedPod(pod, _order++, now);
            _pods[pod.Uid] = queued;
            Enter(queued, IsGated(pod) ? QueuePlace.Gated : QueuePlace.Active);
            return;
        }

        var place = queued.Place;
        var changed = place is QueuePlace.Unschedulable or QueuePlace.Gated && PodWishes.Changed(queued.Pod.Pod, pod.Pod);
        Leave(queued);
        queued.Pod = pod;
        Enter(queued, IsGated(pod) ? QueuePlace.Gated : changed ? Ready(queued, now) : place);
    }

    /// <summary>Forgets a pod.</summary>
    public void Remove(string uid)
    {
        if (_pods.Remove(uid, out var pod))
        {
            Leave(pod);
        }
    }

    /// <summary>
    /// The next pod to try, or null. An idle scheduler does not make a pod sit out its back-off once something changed for it.
    /// The pod is out of the queue until it comes back by <see cref="Unschedulable"/> or <see cref="Failed"/>, or is removed.
    /// </summary>
    public QueuedPod? Pop(DateTimeOffset now)
    {
        while (_backoff.Min is { } due && due.BackoffUntil <= now)
        {
            Leave(due);
            Enter(due, QueuePlace.Active);
        }

        var next = _active.Min ?? _backoff.FirstOrDefault(p => !p.Failed);
        if (next is not null)
        {
            Leave(next);
            next.Attempts++;
            next.LastTried = now;
            next.Failed = false;
        }

        return next;
    }

    /// <summary>Whether <see cref="Pop"/> would return a pod.</summary>
    public bool HasNext(DateTimeOffset now) =>
        _active.Count > 0 || (_backoff.Min is { } first && (first.BackoffUntil <= now || _backoff.Any(p => !p.Failed)));

    /// <summary>A pod that was popped found no node; one of these changes could help it.</summary>
    public void Unschedulable(QueuedPod pod, ClusterChange helpedBy, DateTimeOffset now)
    {
        pod.HelpedBy = helpedBy;
        Return(pod, QueuePlace.Unschedulable, now);
    }

    /// <summary>A pod that was popped could not be bound for a reason that has nothing to do with room: it is tried again after its back-off.</summary>
    public void Failed(QueuedPod pod, DateTimeOffset now)
    {
        pod.Failed = true;
        Return(pod, QueuePlace.Backoff, now);
    }

    /// <summary>Something changed: the pods it could help are tried again.</summary>
    public void Move(ClusterChange change, DateTimeOffset now)
    {
        if (change == ClusterChange.None || _unschedulable.Count == 0)
        {
            return;
        }

        foreach (var pod in _unschedulable.Where(p => (p.HelpedBy & change) != 0).OrderBy(p => p.Order).ToList())
        {
            Leave(pod);
            Enter(pod, Ready(pod, now));
        }
    }

    /// <summary>Tries again what has waited for the flush interval without any change that could help.</summary>
    public void Flush(DateTimeOffset now)
    {
        foreach (var pod in _unschedulable.Where(p => now - p.LastTried >= flushInterval).OrderBy(p => p.Order).ToList())
        {
            Leave(pod);
            Enter(pod, Ready(pod, now));
        }
    }

    /// <summary>How long until a back-off ends; null when none is under way.</summary>
    public TimeSpan? NextBackoff(DateTimeOffset now) => _backoff.Min is { } first ? Max(first.BackoffUntil - now, TimeSpan.Zero) : null;

    /// <summary>The back-off after so many attempts. Example: 1s, 2s, 4s, 8s, 10s, 10s …</summary>
    public TimeSpan BackoffAfter(int attempts)
    {
        var backoff = initialBackoff;
        for (var i = 1; i < attempts && backoff < maxBackoff; i++)
        {
            backoff += backoff;
        }

        return backoff < maxBackoff ? backoff : maxBackoff;
    }

    private void Return(QueuedPod pod, QueuePlace place, DateTimeOffset now)
    {
        if (!_pods.TryGetValue(pod.Pod.Uid, out var known) || known != pod || pod.Place != QueuePlace.Out)
        {
            return;
        }

        pod.BackoffUntil = now + BackoffAfter(pod.Attempts);
        pod.Order = _order++; // behind those of the same priority that were not yet tried
        Enter(pod, place);
    }

    private static QueuePlace Ready(QueuedPod pod, DateTimeOffset now) => pod.BackoffUntil > now ? QueuePlace.Backoff : QueuePlace.Active;

    private void Enter(QueuedPod pod, QueuePlace place)
    {
        pod.Place = place;
        _ = place switch
        {
            QueuePlace.Active => _active.Add(pod),
            QueuePlace.Backoff => _backoff.Add(pod),
            QueuePlace.Unschedulable => _unschedulable.Add(pod),
            _ => true,
        };
    }

    private void Leave(QueuedPod pod)
    {
        _ = pod.Place switch
        {
            QueuePlace.Active => _active.Remove(pod),
            QueuePlace.Backoff => _backoff.Remove(pod),
            QueuePlace.Unschedulable => _unschedulable.Remove(pod),
            _ => true,
        };
        pod.Place = QueuePlace.Out;
    }

    private static bool IsGated(PodInfo pod) => pod.Pod.Spec.SchedulingGates is { Count: > 0 };

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static int ByPriority(QueuedPod a, QueuedPod b)
    {
        var byPriority = b.Pod.Priority.CompareTo(a.Pod.Priority);
        return byPriority != 0 ? byPriority : a.Order.CompareTo(b.Order);
    }

    private static int ByBackoff(QueuedPod a, QueuedPod b)
    {
        var byTime = a.BackoffUntil.CompareTo(b.BackoffUntil);
        return byTime != 0 ? byTime : a.Order.CompareTo(b.Order);
    }
}
