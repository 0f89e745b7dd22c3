using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.Kubelet.Node;

/// <summary>
/// Registers the Node, keeps its status current and tells the runtime the node's pod ranges. Its child <c>lease</c> says that the
/// node lives. Child of <c>KubeletActor</c>, named <c>node</c>.
/// </summary>
internal sealed class NodeActor : ReceiveActor, IWithTimers
{
    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }

    private sealed record Synced(V1Node Node);

    private sealed record SyncFailed(Exception Error);

    private static readonly TimeSpan WhileNotReady = TimeSpan.FromSeconds(1);

    private readonly KubeletSettings _settings;
    private readonly IApiClient _api;
    private readonly IInformer<V1Node> _informer;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;
    private readonly NodeSync _sync;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private bool _busy;
    private bool _again;
    private V1Node? _node;
    private bool _started;

    public NodeActor(KubeletSettings settings, IApiClient api, IInformer<V1Node> informer, IEventRecorder events, NodeSync sync, TimeProvider time)
    {
        (_settings, _api, _informer, _events, _sync, _time) = (settings, api, informer, events, sync, time);
        Receive<Tick>(_ => Sync());
        Receive<Synced>(Handle);
        Receive<SyncFailed>(Handle);
        Receive<ResourceAdded<V1Node>>(m => Handle(m.Object));
        Receive<ResourceUpdated<V1Node>>(m => Handle(m.New));
        Receive<ResourceDeleted<V1Node>>(_ =>
        {
            _node = null;
            Sync();
        });
        Receive<InformerSynced<V1Node>>(_ => { });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _informer.Subscribe(Self);
        Sync();
    }

    private void Sync()
    {
        if (_busy)
        {
            _again = true;
            return;
        }

        (_busy, _again) = (true, false);
        _sync.RunAsync(CancellationToken.None).PipeTo(Self, Self, node => new Synced(node), e => new SyncFailed(e));
    }

    private void Handle(Synced message)
    {
        _busy = false;
        var before = _node;
        _node = message.Node;
        if (before?.Metadata.Uid != _node.Metadata.Uid)
            Registered();
        foreach (var (reason, type) in NodeEvents.Between(before?.Status, _node.Status))
            _events.Record(_node, type, reason, $"Node {_settings.NodeName} status is now: {reason}");
        var ready = _node.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;
        Next(ready ? _settings.NodeStatusUpdateFrequency : WhileNotReady);
    }

    private void Handle(SyncFailed message)
    {
        _busy = false;
        // Controllers write to new nodes too: whoever comes second reads again.
        if (message.Error is ApiException { IsConflict: true })
            _log.Debug("Node {Node} was changed by somebody else meanwhile, trying again", _settings.NodeName);
        else
            _log.Warning(message.Error, "Could not write the status of node {Node}, trying again", _settings.NodeName);
        Next(WhileNotReady);
    }

    private void Next(TimeSpan delay)
    {
        if (_again)
            Sync();
        else
            Timers.StartSingleTimer(Tick.Instance, Tick.Instance, delay);
    }

    private void Registered()
    {
        _log.Info("Node {Node} is registered", _settings.NodeName);
        if (!_started)
            _events.Record(_node!, "Normal", "Starting", "Starting kubelet.");
        _started = true;
        foreach (var lease in Context.GetChildren())
            Context.Stop(lease);
        Context.ActorOf(Props.Create(() => new NodeLeaseActor(_settings, _api.For<V1Lease>(), _node!.Metadata.Uid, _time)));
    }

    // New pod ranges make the node ready: no waiting for the next round.
    private void Handle(V1Node seen)
    {
        if (NodeSync.RangesOf(seen) != _sync.ToldRanges)
            Sync();
    }
}
