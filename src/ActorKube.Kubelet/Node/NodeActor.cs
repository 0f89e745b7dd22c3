using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ContainerRuntime;
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

    private sealed record RangesTold(string PodCidr);

    private sealed record RangesFailed(Exception Error);

    private static readonly TimeSpan WhileNotReady = TimeSpan.FromSeconds(1);

    private readonly KubeletSettings _settings;
    private readonly IApiClient _api;
    private readonly IContainerRuntime _runtime;
    private readonly IInformer<V1Node> _informer;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;
    private readonly NodeSync _sync;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private bool _busy;
    private bool _again;
    private string _podCidr = "";
    private V1Node? _node;
    private bool _started;

    public NodeActor(KubeletSettings settings, IApiClient api, IContainerRuntime runtime, IInformer<V1Node> informer, IEventRecorder events, NodeSync sync, TimeProvider time)
    {
        (_settings, _api, _runtime, _informer, _events, _sync, _time) = (settings, api, runtime, informer, events, sync, time);
        Receive<Tick>(_ => Sync());
        Receive<Synced>(Handle);
        Receive<SyncFailed>(Handle);
        Receive<ResourceAdded<V1Node>>(m => TellRanges(m.Object));
        Receive<ResourceUpdated<V1Node>>(m => TellRanges(m.New));
        Receive<ResourceDeleted<V1Node>>(_ =>
        {
            _node = null;
            Sync();
        });
        Receive<InformerSynced<V1Node>>(_ => { });
        Receive<RangesTold>(m =>
        {
            _log.Info("The runtime gives pods addresses out of {PodCidr}", m.PodCidr);
            Sync();
        });
        Receive<RangesFailed>(m =>
        {
            _podCidr = "";
            _log.Warning(m.Error, "The runtime did not take the node's pod ranges, trying again");
        });
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
        TellRanges(_node);
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

    private void TellRanges(V1Node node)
    {
        var ranges = node.Spec?.PodCIDRs is { Count: > 0 } many ? string.Join(',', many) : node.Spec?.PodCIDR ?? "";
        if (ranges.Length == 0 || ranges == _podCidr)
            return;
        _podCidr = ranges;
        _runtime.UpdateRuntimeConfigAsync(ranges).PipeTo(Self, Self, () => new RangesTold(ranges), e => new RangesFailed(e));
    }
}

/// <summary>The events that tell people of a node's changes.</summary>
internal static class NodeEvents
{
    public static IEnumerable<(string Reason, string Type)> Between(V1NodeStatus? before, V1NodeStatus? after)
    {
        foreach (var condition in after?.Conditions ?? [])
        {
            if (before?.Conditions?.FirstOrDefault(c => c.Type == condition.Type)?.Status == condition.Status)
                continue;
            var reason = (condition.Type, condition.Status) switch
            {
                ("Ready", "True") => "NodeReady",
                ("Ready", _) => "NodeNotReady",
                ("MemoryPressure", "False") => "NodeHasSufficientMemory",
                ("MemoryPressure", _) => "NodeHasInsufficientMemory",
                ("DiskPressure", "False") => "NodeHasNoDiskPressure",
                ("DiskPressure", _) => "NodeHasDiskPressure",
                ("PIDPressure", "False") => "NodeHasSufficientPID",
                ("PIDPressure", _) => "NodeHasInsufficientPID",
                _ => null,
            };
            if (reason is not null)
                yield return (reason, "Normal");
        }
    }
}

/// <summary>One round of keeping the Node object: create or correct it, then its status when it changed or is due.</summary>
internal sealed class NodeSync(NodeStatusBuilder builder, IMachine machine, IContainerRuntime runtime, IResourceClient<V1Node> nodes, int port, TimeProvider time)
{
    private const int Attempts = 5;

    private DateTimeOffset _reportedAt;

    public async Task<V1Node> RunAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ApiException e) when (e.IsConflict && attempt < Attempts)
            {
                // Somebody else, who gives the node its pod ranges for example, was faster: once more on the newest object.
                continue;
            }
        }
    }

    private async Task<V1Node> TryAsync(CancellationToken cancellationToken)
    {
        var node = await RegisterAsync(cancellationToken).ConfigureAwait(false);
        var now = time.GetUtcNow();
        var status = builder.Build(node.Status, await AskRuntimeAsync(cancellationToken).ConfigureAwait(false), machine.Use(), port, now);
        if (!NodeStatusBuilder.Differs(node.Status, status) && now - _reportedAt < builder.Settings.NodeStatusReportFrequency)
            return node;
        var update = ApiJson.Copy(node);
        update.Status = status;
        var written = await nodes.UpdateStatusAsync(update, cancellationToken).ConfigureAwait(false);
        _reportedAt = now;
        return written;
    }

    private async Task<V1Node> RegisterAsync(CancellationToken cancellationToken)
    {
        V1Node node;
        try
        {
            node = await nodes.GetAsync(null, builder.Settings.NodeName, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return await nodes.CreateAsync(NewNode(), cancellationToken).ConfigureAwait(false);
        }

        var labels = builder.Labels();
        if (labels.All(l => node.Metadata.Labels is { } own && own.TryGetValue(l.Key, out var value) && value == l.Value))
            return node;
        var corrected = ApiJson.Copy(node);
        corrected.Metadata.Labels ??= new Dictionary<string, string>();
        foreach (var (key, value) in labels)
            corrected.Metadata.Labels[key] = value;
        return await nodes.UpdateAsync(corrected, cancellationToken).ConfigureAwait(false);
    }

    private V1Node NewNode() => new()
    {
        ApiVersion = "v1",
        Kind = "Node",
        Metadata = new V1ObjectMeta { Name = builder.Settings.NodeName, Labels = new Dictionary<string, string>(builder.Labels()) },
        Spec = new V1NodeSpec { Taints = builder.Taints() is { Count: > 0 } taints ? [.. taints] : null },
    };

    private async Task<RuntimeReport> AskRuntimeAsync(CancellationToken cancellationToken)
    {
        try
        {
            var version = await runtime.VersionAsync(cancellationToken).ConfigureAwait(false);
            var status = await runtime.StatusAsync(cancellationToken).ConfigureAwait(false);
            var images = await runtime.ListImagesAsync(cancellationToken).ConfigureAwait(false);
            return new RuntimeReport(version, status, images, null);
        }
        catch (ContainerRuntimeException e)
        {
            return new RuntimeReport(null, null, [], e.Message);
        }
    }
}
