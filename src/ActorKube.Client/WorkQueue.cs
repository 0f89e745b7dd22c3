using System.Diagnostics.CodeAnalysis;

namespace ActorKube.Client;

/// <summary>
/// Keys that need work, each at most once: a key added again while it waits is one entry, a key added while it is worked on waits until
/// <see cref="Done"/>. Failures put a key off for 5 ms, 10 ms, 20 ms … up to 1000 s. Not thread safe: an actor owns it and passes the time.
/// </summary>
public sealed class WorkQueue<TKey> where TKey : notnull
{
    private readonly TimeSpan _first;
    private readonly TimeSpan _longest;
    private readonly WorkQueueMetrics<TKey>? _metrics;
    private readonly Queue<TKey> _ready = new();
    private readonly HashSet<TKey> _waiting = [];
    private readonly HashSet<TKey> _inFlight = [];
    private readonly HashSet<TKey> _again = [];
    private readonly Dictionary<TKey, DateTimeOffset> _due = [];
    private readonly PriorityQueue<TKey, DateTimeOffset> _later = new();
    private readonly Dictionary<TKey, int> _failures = [];

    /// <summary>Makes an empty queue.</summary>
    /// <param name="firstBackOff">Wait after a key's first failure; 5 ms by default.</param>
    /// <param name="longestBackOff">Where doubling stops; 1000 s by default.</param>
    /// <param name="metrics">What measures it; null for nothing.</param>
    public WorkQueue(TimeSpan? firstBackOff = null, TimeSpan? longestBackOff = null, WorkQueueMetrics<TKey>? metrics = null)
    {
        _metrics = metrics;
        _first = firstBackOff ?? TimeSpan.FromMilliseconds(5);
        _longest = longestBackOff ?? TimeSpan.FromSeconds(1000);
    }

    /// <summary>Keys that wait for a worker now, without those put off or in flight.</summary>
    public int Count => _ready.Count;

    /// <summary>Keys taken and not yet done.</summary>
    public int InFlight => _inFlight.Count;

    /// <summary>When the next key that was put off comes due; null when there is none.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            DropStale();
            return _later.TryPeek(out _, out var due) ? due : null;
        }
    }

    /// <summary>How often the key failed since it last worked out.</summary>
    public int FailuresOf(TKey key) => _failures.GetValueOrDefault(key);

    /// <summary>The key needs work now. Any later appointment of it is met by this.</summary>
    public void Add(TKey key)
    {
        _due.Remove(key);
        if (_inFlight.Contains(key))
            _again.Add(key);
        else if (_waiting.Add(key))
        {
            _ready.Enqueue(key);
            _metrics?.Added(key);
        }
    }

    /// <summary>The key needs work after a while, unless it is already due sooner.</summary>
    public void AddAfter(TKey key, TimeSpan delay, DateTimeOffset now)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }

        var due = now + delay;
        if (_waiting.Contains(key) || _again.Contains(key) || (_due.TryGetValue(key, out var sooner) && sooner <= due))
            return;
        _due[key] = due;
        _later.Enqueue(key, due);
    }

    /// <summary>The key failed: it comes again after its back-off.</summary>
    public void AddFailed(TKey key, DateTimeOffset now)
    {
        _metrics?.Retried();
        var failures = _failures.GetValueOrDefault(key);
        _failures[key] = failures + 1;
        var wait = Math.Min(_first.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 40)), _longest.TotalMilliseconds);
        AddAfter(key, TimeSpan.FromMilliseconds(wait), now);
    }

    /// <summary>The key worked out: its next failure is the first again.</summary>
    public void Forget(TKey key) => _failures.Remove(key);

    /// <summary>Takes the next key; it stays in flight until <see cref="Done"/>.</summary>
    public bool TryTake(DateTimeOffset now, [MaybeNullWhen(false)] out TKey key)
    {
        DropStale();
        while (_later.TryPeek(out var later, out var due) && due <= now)
        {
            _later.Dequeue();
            Add(later);
            DropStale();
        }

        if (!_ready.TryDequeue(out key))
            return false;
        _waiting.Remove(key);
        _inFlight.Add(key);
        _metrics?.Taken(key);
        return true;
    }

    /// <summary>Work on the key ended, well or badly.</summary>
    public void Done(TKey key)
    {
        _inFlight.Remove(key);
        _metrics?.Done(key);
        if (_again.Remove(key))
            Add(key);
    }

    // An appointment that was met or moved leaves its entry in the heap; entries that no longer hold are passed over.
    private void DropStale()
    {
        while (_later.TryPeek(out var key, out var due) && !(_due.TryGetValue(key, out var holds) && holds == due))
            _later.Dequeue();
    }
}
