using ActorKube.Client.Informers;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.KubeProxy.PodNetwork;

/// <summary>What the pod network needs from its process.</summary>
/// <param name="NodeName">The node it works for.</param>
/// <param name="Informers">Nodes.</param>
/// <param name="Tools">The machine's network.</param>
/// <param name="OnPodCidrs">Told of the node's ranges (<c>10.244.1.0/24,fd00:244:1::/64</c>) once the bridge stands and again when they change; the runtime's UpdateRuntimeConfigAsync.</param>
/// <param name="WriteCniConfig">Whether the runtime takes its network from a CNI configuration.</param>
public sealed record PodNetworkServices(string NodeName, IInformerFactory Informers, INetworkTools Tools, Func<string, Task> OnPodCidrs, bool WriteCniConfig);

/// <summary>
/// Keeps the machine's bridge, VXLAN device and routes in line with the Node objects. Waits for the node's own ranges; from then on
/// every change of a node's ranges or addresses is carried out, and everything is checked now and then. <c>/user/pod-network</c>, one per
/// node process. When it stops, the network stays: pods go on.
/// </summary>
public sealed class PodNetworkActor : ReceiveActor, IWithTimers
{
    private readonly PodNetworkServices _services;
    private readonly PodNetworkSettings _settings;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stopped = new();
    private NetworkPlan? _before;
    private string _told = "";
    private bool _synced, _busy, _pending, _lookedAgain;

    /// <summary>Starts without a plan.</summary>
    public PodNetworkActor(PodNetworkServices services, PodNetworkSettings settings)
    {
        (_services, _settings) = (services, settings);
        Receive<ResourceAdded<V1Node>>(_ => Sync());
        Receive<ResourceUpdated<V1Node>>(e => SyncIf(IsOther(e.Old, e.New)));
        Receive<ResourceDeleted<V1Node>>(_ => Sync());
        Receive<InformerSynced<V1Node>>(_ =>
        {
            _synced = true;
            Sync();
        });
        Receive<SyncNow>(_ => Sync());
        Receive<Observed>(OnObserved);
        Receive<Applied>(OnApplied);
        Receive<Told>(OnTold);
        Receive<SyncFailed>(OnSyncFailed);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to start one.</summary>
    public static Props Props(PodNetworkServices services, PodNetworkSettings settings) => Akka.Actor.Props.Create(() => new PodNetworkActor(services, settings));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(_settings.SyncPeriod), SyncNow.Instance, _settings.SyncPeriod);
        _services.Informers.Informer<V1Node>().Subscribe(Self);
    }

    /// <inheritdoc/>
    protected override void PostStop() => _stopped.Cancel();

    private static bool IsOther(V1Node old, V1Node now) =>
        !PodRange.Of(old).SequenceEqual(PodRange.Of(now))
        || !(old.Status?.Addresses ?? []).Select(a => (a.Type, a.Address)).SequenceEqual((now.Status?.Addresses ?? []).Select(a => (a.Type, a.Address)));

    private void SyncIf(bool changed)
    {
        if (changed)
        {
            Sync();
        }
    }

    private void Sync()
    {
        if (!_synced || _busy)
        {
            _pending = true;
            return;
        }

        _pending = false;
        if (NetworkPlan.For(_services.NodeName, _services.Informers.Informer<V1Node>().Lister.List(), _settings) is not { } plan)
        {
            return;
        }

        _busy = true;
        _services.Tools.ObserveAsync(_settings.RouteProtocol, _stopped.Token)
            .PipeTo(Self, success: network => new Observed(plan, network), failure: e => new SyncFailed(e.Message));
    }

    private void OnObserved(Observed observed)
    {
        var plan = observed.Plan;
        _services.Tools.ApplyAsync(NetworkCommands.For(plan, _before, observed.Network, _settings), _stopped.Token)
            .PipeTo(Self, success: failures => new Applied(plan, failures), failure: e => new SyncFailed(e.Message));
    }

    private void OnApplied(Applied applied)
    {
        var plan = applied.Plan;
        _before = plan;
        var lookAgain = applied.Failures.Count > 0 && !_lookedAgain;
        _lookedAgain = lookAgain;
        if (lookAgain)
        {
            // The built-in runtime sets the same bridge up when it is told of the ranges, perhaps between our look and our commands.
            _busy = false;
            Sync();
            return;
        }

        foreach (var failure in applied.Failures)
        {
            _log.Warning("Part of the pod network could not be set up: {Failure}", failure);
        }

        foreach (var (name, value) in Sysctls(plan))
        {
            if (_services.Tools.SetSysctl(name, value) is { } why)
            {
                _log.Warning("Kernel setting {Name} could not be set: {Reason}", name, why);
            }
        }

        if (_services.WriteCniConfig)
        {
            try
            {
                CniConfig.Save(
                    Path.Combine(_settings.CniConfDir, _settings.CniFile), CniConfig.Write(plan, _settings.Mtu, File.Exists(Path.Combine(_settings.CniBinDir, "portmap"))));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Self.Tell(new SyncFailed($"the CNI configuration could not be written: {e.Message}"));
                return;
            }
        }

        if (plan.PodCidrs == _told)
        {
            Done(applied.Failures.Count > 0);
            return;
        }

        _log.Info("Pods of this node have {PodCidrs} on bridge {Bridge}", plan.PodCidrs, plan.Bridge);
        _services.OnPodCidrs(plan.PodCidrs).PipeTo(Self, success: () => new Told(plan.PodCidrs, applied.Failures.Count > 0), failure: e => new SyncFailed(e.Message));
    }

    private void OnTold(Told told)
    {
        _told = told.PodCidrs;
        Done(told.Retry);
    }

    private void OnSyncFailed(SyncFailed failed)
    {
        if (!_stopped.IsCancellationRequested)
        {
            _log.Warning("The pod network could not be set up: {Reason}", failed.Reason);
            Done(retry: true);
        }
    }

    private void Done(bool retry)
    {
        _busy = false;
        if (_pending)
        {
            Sync();
        }
        else if (retry)
        {
            Timers.StartSingleTimer(nameof(SyncNow), SyncNow.Instance, _settings.RetryInterval);
        }
    }

    private IEnumerable<(string Name, string Value)> Sysctls(NetworkPlan plan)
    {
        yield return ("net/ipv4/ip_forward", "1");
        if (plan.Ranges.Any(r => !r.IsV4))
        {
            yield return ("net/ipv6/conf/all/forwarding", "1");

            // The bridge asks for its pods from its link-local address; looking for a duplicate first would keep the first pod unreachable for seconds.
            yield return ($"net/ipv6/conf/{plan.Bridge}/accept_dad", "0");
        }

        // A Service's reply between two pods of the bridge must pass the address translation too.
        yield return ("net/bridge/bridge-nf-call-iptables", "1");
        yield return ("net/bridge/bridge-nf-call-ip6tables", "1");
        if (plan.Vxlan is not null)
        {
            // What comes in by VXLAN may have left by another way: the source need only be reachable at all.
            yield return ($"net/ipv4/conf/{_settings.VxlanDevice}/rp_filter", "2");
        }
    }

    private sealed record SyncNow
    {
        public static SyncNow Instance { get; } = new();
    }

    private sealed record Observed(NetworkPlan Plan, ObservedNetwork Network);

    private sealed record Applied(NetworkPlan Plan, IReadOnlyList<string> Failures);

    private sealed record Told(string PodCidrs, bool Retry);

    private sealed record SyncFailed(string Reason);
}
