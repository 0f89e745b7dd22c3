using ActorKube.Client.Informers;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.KubeProxy.Services;

/// <summary>
/// Keeps the machine's packet filter in line with Services and EndpointSlices. One transaction at a time; what changes meanwhile goes into
/// the next. When the kernel refuses a change, the whole table is written anew. <c>/user/kube-proxy</c>, one per node process. When it
/// stops, the table stays, and connections with it.
/// </summary>
public sealed class KubeProxyActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan MaxRetry = TimeSpan.FromSeconds(30);
    private readonly KubeProxyServices _services;
    private readonly KubeProxySettings _settings;
    private readonly NftScript _script;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stopped = new();
    private readonly HashSet<Type> _toSync = [typeof(V1Service), typeof(V1EndpointSlice), typeof(V1Node)];
    private ProxyState _state = null!;
    private IActorRef _flows = ActorRefs.Nobody;
    private bool _busy, _pending, _needsFull = true, _standingBy;
    private int _failures;
    private DateTimeOffset _lastSync = DateTimeOffset.MinValue;

    /// <summary>Starts without rules; the informers fill them.</summary>
    public KubeProxyActor(KubeProxyServices services, KubeProxySettings settings)
    {
        (_services, _settings) = (services, settings);
        _script = new NftScript(settings.Table, settings.MasqueradeMark, settings.OverlayDevice);
        Change<ResourceAdded<V1Service>>(e => _state.Changed(e.Object));
        Change<ResourceUpdated<V1Service>>(e => _state.Changed(e.New));
        Change<ResourceDeleted<V1Service>>(e => _state.Changed(e.Object));
        Change<ResourceAdded<V1EndpointSlice>>(e => _state.Changed(e.Object));
        Change<ResourceUpdated<V1EndpointSlice>>(e => _state.Changed(e.New));
        Change<ResourceDeleted<V1EndpointSlice>>(e => _state.Changed(e.Object));
        Change<ResourceAdded<V1Node>>(e => _state.Changed(null, e.Object));
        Change<ResourceUpdated<V1Node>>(e => _state.Changed(e.Old, e.New));
        Change<ResourceDeleted<V1Node>>(e => _state.Changed(e.Object, null));
        Change<InformerSynced<V1Service>>(_ => _toSync.Remove(typeof(V1Service)));
        Change<InformerSynced<V1EndpointSlice>>(_ => _toSync.Remove(typeof(V1EndpointSlice)));
        Change<InformerSynced<V1Node>>(_ => _toSync.Remove(typeof(V1Node)));
        Receive<SyncNow>(_ => Sync());
        Receive<ClientsRead>(WriteTable);
        Receive<Applied>(OnApplied);
        Receive<ApplyFailed>(OnApplyFailed);
        Receive<TableWatchActor.TableGone>(_ => OnTableGone());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to start one.</summary>
    public static Props Props(KubeProxyServices services, KubeProxySettings settings) =>
        Akka.Actor.Props.Create(() => new KubeProxyActor(services, settings));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _state = new ProxyState(_services.NodeName, _settings.ClusterCidrs, _services.Informers);
        _services.Informers.Informer<V1Node>().Subscribe(Self);
        _services.Informers.Informer<V1Service>().Subscribe(Self);
        _services.Informers.Informer<V1EndpointSlice>().Subscribe(Self);
        Context.ActorOf(Akka.Actor.Props.Create(() => new TableWatchActor(_services.Nftables, _settings)), "table");
        _flows = Context.ActorOf(Akka.Actor.Props.Create(() => new StaleFlowsActor(_settings.Conntrack)), "flows");
        if (_settings.LocalhostNodePorts && _services.SetSysctl("net/ipv4/conf/all/route_localnet", "1") is { } why)
        {
            _log.Warning("Node ports will not answer on 127.0.0.1: {Reason}", why);
        }
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _stopped.Cancel();
        _services.Lock.Dispose();
    }

    private void Change<T>(Action<T> handler) => Receive<T>(message =>
    {
        handler(message);
        Request();
    });

    /// <summary>Sees that a sync comes: at once after a pause, else when the shortest period is over.</summary>
    private void Request()
    {
        _pending = true;
        if (_busy || _toSync.Count > 0 || Timers.IsTimerActive(nameof(SyncNow)))
        {
            return;
        }

        var wait = _lastSync + _settings.MinSyncPeriod - _services.Time.GetUtcNow();
        if (wait > TimeSpan.Zero && !_standingBy)
        {
            Timers.StartSingleTimer(nameof(SyncNow), SyncNow.Instance, wait);
        }
        else
        {
            Sync();
        }
    }

    private void Sync()
    {
        if (_busy || _toSync.Count > 0)
        {
            return;
        }

        _pending = false;
        _state.CatchUp();
        if (!TakeLock())
        {
            return;
        }

        if (_needsFull)
        {
            _busy = true;
            (_state.Ruleset.Facts.Any(f => f.IsObject) ? _services.Nftables.ListAsync($"list sets table inet {_settings.Table}", _stopped.Token) : Task.FromResult<string?>(null))
                .PipeTo(Self, success: json => new ClientsRead(json), failure: e => new ApplyFailed(true, e));
            return;
        }

        var changes = _state.Ruleset.TakeChanges();
        if (_script.Incremental(changes) is { } script)
        {
            Apply(script, changes, full: false);
        }
    }

    private bool TakeLock()
    {
        if (_services.Lock.TryTake())
        {
            _standingBy = false;
            return true;
        }

        if (!_standingBy)
        {
            _log.Info("Another kube-proxy of this machine writes the table {Table}: standing by", _settings.Table);
        }

        (_standingBy, _needsFull) = (true, true);
        Timers.StartSingleTimer(nameof(SyncNow), SyncNow.Instance, _settings.TakeOverInterval);
        return false;
    }

    private void WriteTable(ClientsRead clients)
    {
        // Built now, so that what changed while the clients were read is in it.
        _state.CatchUp();
        _state.Ruleset.TakeChanges();
        Apply(_script.Full(_state.Ruleset, AffinityClients.Parse(clients.Json)), [], full: true);
    }

    private void Apply(string script, IReadOnlyList<FactChange> changes, bool full)
    {
        _busy = true;
        var began = _services.Time.GetTimestamp();
        _services.Nftables.ApplyAsync(script, _stopped.Token)
            .PipeTo(Self, success: () => new Applied(full, changes, _services.Time.GetElapsedTime(began)), failure: e => new ApplyFailed(full, e));
    }

    private void OnApplied(Applied applied)
    {
        _failures = 0;
        if (applied.Full)
        {
            _needsFull = false;
            _log.Info("Wrote table {Table}: {Count} entries in {Milliseconds} ms", _settings.Table, _state.Ruleset.Count, (int)applied.Took.TotalMilliseconds);
        }
        else
        {
            _log.Debug("Applied {Count} changes in {Milliseconds} ms", applied.Changes.Count, (int)applied.Took.TotalMilliseconds);
            if (StaleConnections.Of(applied.Changes, _state.Ruleset) is { Count: > 0 } stale)
            {
                _flows.Tell(new StaleFlowsActor.Forget(stale));
            }
        }

        Done();
    }

    private void OnApplyFailed(ApplyFailed failed)
    {
        if (_stopped.IsCancellationRequested)
        {
            return;
        }

        _needsFull = true;
        if (!failed.Full)
        {
            _log.Warning(failed.Error, "A change of table {Table} was refused; writing the whole table", _settings.Table);
            _pending = true;
            Done();
            return;
        }

        var wait = TimeSpan.FromSeconds(Math.Min(MaxRetry.TotalSeconds, Math.Pow(2, _failures++)));
        _log.Error("Table {Table} could not be written; next attempt in {Seconds} s: {Reason}", _settings.Table, wait.TotalSeconds, failed.Error.Message);
        _busy = false;
        Timers.StartSingleTimer(nameof(SyncNow), SyncNow.Instance, wait);
    }

    private void Done()
    {
        _busy = false;
        _lastSync = _services.Time.GetUtcNow();
        if (_pending)
        {
            Request();
        }
    }

    private void OnTableGone()
    {
        if (!_needsFull && !_busy)
        {
            _log.Warning("Table {Table} is gone; writing it again", _settings.Table);
            _needsFull = true;
            Request();
        }
    }

    private sealed record SyncNow
    {
        public static SyncNow Instance { get; } = new();
    }

    private sealed record ClientsRead(string? Json);

    private sealed record Applied(bool Full, IReadOnlyList<FactChange> Changes, TimeSpan Took);

    private sealed record ApplyFailed(bool Full, Exception Error);
}
