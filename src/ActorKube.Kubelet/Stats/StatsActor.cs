using Akka.Actor;
using Akka.Event;

namespace ActorKube.Kubelet.Stats;

/// <summary>Has it read from time to time what node and containers use. Child of <c>KubeletActor</c>, named <c>stats</c>.</summary>
internal sealed class StatsActor : ReceiveActor, IWithTimers
{
    private sealed record Look
    {
        public static Look Instance { get; } = new();
    }

    private sealed record Looked(Exception? Error);

    private readonly StatsBoard _board;
    private readonly TimeSpan _interval;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private bool _busy;

    public StatsActor(StatsBoard board, TimeSpan interval)
    {
        (_board, _interval) = (board, interval);
        Receive<Look>(_ =>
        {
            if (_busy)
                return;
            _busy = true;
            _board.RefreshAsync(CancellationToken.None).PipeTo(Self, Self, _ => new Looked(null), e => new Looked(e));
        });
        Receive<Looked>(m =>
        {
            _busy = false;
            if (m.Error is not null)
                _log.Warning(m.Error, "Could not read what containers use, trying again");
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(Look.Instance, Look.Instance, TimeSpan.Zero, _interval);
}
