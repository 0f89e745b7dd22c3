using System.Threading.Tasks.Sources;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>
/// One watch's place in a cache's log, and what it sleeps on. While it sleeps its place stands still; it is set to the first change that may concern it when there is one, so
/// that thousands of watches of single objects or single nodes' pods cost nothing when others change. Sleeping allocates nothing.
/// </summary>
/// <param name="Selection">What the watch selects.</param>
/// <param name="Log">The log it reads; another log in the cache wakes it.</param>
/// <param name="Position">The next event to read.</param>
internal sealed class WatchCursor(Selection Selection, EventLog Log, long Position) : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _sleep = new() { RunContinuationsAsynchronously = true };
    private bool _called;

    /// <summary>The next event to read. Moved by its watch while that runs, by the cache when it is woken.</summary>
    public long Position { get; set; } = Position;

    /// <summary>The log it reads.</summary>
    public EventLog Log { get; } = Log;

    /// <summary>The one key it is about; null for many.</summary>
    public string? OnlyKey => Selection.OnlyKey;

    /// <summary>The one field value it is about; null for many.</summary>
    public FieldTrigger? Trigger => Selection.Trigger;

    /// <summary>Neighbours in the list of sleepers that it is in; only the cache touches them.</summary>
    internal WatchCursor? Previous { get; set; }

    /// <inheritdoc cref="Previous"/>
    internal WatchCursor? Next { get; set; }

    /// <summary>The list of sleepers that it is in; only the cache touches it.</summary>
    internal SleeperList? Bed { get; set; }

    /// <summary>Whether one of the changes can concern the watch, judged by their keys alone.</summary>
    public bool Concerns(IReadOnlyList<CacheEvent> changes)
    {
        foreach (var change in changes)
        {
            if (change.Object.Key.StartsWith(Selection.Prefix, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Prepares to sleep. False when it was called in the meantime, which this forgets.</summary>
    internal bool TryPrepare()
    {
        if (_called)
        {
            _called = false;
            return false;
        }

        _sleep.Reset();
        return true;
    }

    /// <summary>Remembers that something other than a change wants the watch's attention.</summary>
    internal void Call() => _called = true;

    /// <summary>What a prepared watch awaits.</summary>
    internal ValueTask Sleep() => new(this, _sleep.Version);

    /// <summary>Ends the sleep; the watch goes on on another thread.</summary>
    internal void Wake() => _sleep.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _sleep.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _sleep.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _sleep.OnCompleted(continuation, state, token, flags);
}
