using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace ActorKube.Kubelet.Tests.Fakes;

/// <summary>
/// A scheduler whose clock only a test moves. Unlike the test kit's own it loses no timer that an actor starts while the clock is
/// being moved.
/// </summary>
public sealed class VirtualScheduler(Config config, ILoggingAdapter log) : SchedulerBase(config, log)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Item, (DateTimeOffset Due, long Order)> _items = new();
    private DateTimeOffset _now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private long _order;

    /// <inheritdoc/>
    public override TimeSpan MonotonicClock => TimeNow - DateTimeOffset.UnixEpoch;

    /// <inheritdoc/>
    public override TimeSpan HighResMonotonicClock => MonotonicClock;

    /// <inheritdoc/>
    protected override DateTimeOffset TimeNow
    {
        get
        {
            lock (_lock)
                return _now;
        }
    }

    /// <summary>Moves the clock, running on the way what is due.</summary>
    public void Advance(TimeSpan time)
    {
        var end = TimeNow + time;
        while (Next(end) is { } item)
            item.Run();
    }

    /// <inheritdoc/>
    protected override void InternalScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(delay, null, () => receiver.Tell(message, sender), cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Add(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Add(delay, null, action, cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) => Add(delay, null, action.Run, cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) => Add(initialDelay, interval, action, cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        Add(initialDelay, interval, action.Run, cancelable);

    private void Add(TimeSpan delay, TimeSpan? interval, Action action, ICancelable? cancelable)
    {
        // What is due now runs now, as with a real scheduler, which never stands still.
        if (delay <= TimeSpan.Zero)
            action();
        lock (_lock)
        {
            if (delay > TimeSpan.Zero || interval is not null)
                Enqueue(_now + (delay > TimeSpan.Zero ? delay : interval!.Value), new Item(action, interval, cancelable));
        }
    }

    private void Enqueue(DateTimeOffset due, Item item) => _items.Enqueue(item, (due, _order++));

    // The next item that is due until then, with the clock moved to its time; null when there is none.
    private Item? Next(DateTimeOffset end)
    {
        lock (_lock)
        {
            while (_items.TryPeek(out var item, out var priority) && priority.Due <= end)
            {
                _items.Dequeue();
                if (item.Cancelable?.IsCancellationRequested == true)
                    continue;
                _now = priority.Due > _now ? priority.Due : _now;
                if (item.Interval is { } interval)
                    Enqueue(priority.Due + interval, item);
                return item;
            }

            _now = end;
            return null;
        }
    }

    private sealed record Item(Action Run, TimeSpan? Interval, ICancelable? Cancelable);
}
