using Akka.Actor;
using Akka.Event;

namespace ActorKube.Kubelet.Logs;

/// <summary>Has logs rotated from time to time. Child of <c>KubeletActor</c>, named <c>logs</c>.</summary>
internal sealed class LogRotationActor : ReceiveActor, IWithTimers
{
    private sealed record Look
    {
        public static Look Instance { get; } = new();
    }

    private sealed record Looked(Exception? Error);

    private readonly LogRotator _rotator;
    private readonly TimeSpan _interval;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private bool _busy;

    public LogRotationActor(LogRotator rotator, TimeSpan interval)
    {
        (_rotator, _interval) = (rotator, interval);
        Receive<Look>(_ =>
        {
            if (_busy)
                return;
            _busy = true;
            _rotator.RotateAsync(CancellationToken.None).PipeTo(Self, Self, () => new Looked(null), e => new Looked(e));
        });
        Receive<Looked>(m =>
        {
            _busy = false;
            if (m.Error is not null)
                _log.Warning(m.Error, "Could not rotate container logs, trying again");
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(Look.Instance, Look.Instance, _interval, _interval);
}
