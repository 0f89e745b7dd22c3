using Akka.Actor;
using Akka.Event;

namespace ActorKube.KubeProxy.Services;

/// <summary>
/// Looks now and then whether the table is still there, and tells <see cref="KubeProxyActor"/>, which supervises it, when somebody removed it.
/// </summary>
internal sealed class TableWatchActor : ReceiveActor, IWithTimers
{
    private readonly INftables _nftables;
    private readonly KubeProxySettings _settings;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stopped = new();

    public TableWatchActor(INftables nftables, KubeProxySettings settings)
    {
        (_nftables, _settings) = (nftables, settings);
        Receive<Look>(_ => _nftables.ListAsync($"list chain inet {_settings.Table} services", _stopped.Token)
            .PipeTo(Self, success: json => new Seen(json is not null, null), failure: e => new Seen(true, e)));
        Receive<Seen>(OnSeen);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Look), Look.Instance, _settings.SyncPeriod);

    protected override void PostStop() => _stopped.Cancel();

    private void OnSeen(Seen seen)
    {
        if (seen.Error is not null)
        {
            _log.Warning(seen.Error, "Table {Table} could not be looked at", _settings.Table);
        }
        else if (!seen.Exists)
        {
            Context.Parent.Tell(TableGone.Instance);
        }
    }

    /// <summary>The table is not there.</summary>
    public sealed record TableGone
    {
        public static TableGone Instance { get; } = new();
    }

    private sealed record Look
    {
        public static Look Instance { get; } = new();
    }

    private sealed record Seen(bool Exists, Exception? Error);
}
