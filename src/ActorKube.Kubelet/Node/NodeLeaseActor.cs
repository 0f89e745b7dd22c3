using ActorKube.Api.Machinery;
using ActorKube.Client;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.Kubelet.Node;

/// <summary>
/// Renews the node's Lease in <c>kube-node-lease</c>: the heartbeat by which the control plane sees that the node lives. Child of
/// <see cref="NodeActor"/>. Source: https://kubernetes.io/docs/concepts/architecture/leases/#node-heart-beats
/// </summary>
internal sealed class NodeLeaseActor : ReceiveActor, IWithTimers
{
    public const string Namespace = "kube-node-lease";

    private sealed record Renew
    {
        public static Renew Instance { get; } = new();
    }

    private sealed record Renewed(V1Lease Lease);

    private sealed record RenewFailed(Exception Error);

    private readonly KubeletSettings _settings;
    private readonly IResourceClient<V1Lease> _leases;
    private readonly string _nodeUid;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private V1Lease? _lease;
    private bool _busy;
    private int _failures;

    public NodeLeaseActor(KubeletSettings settings, IResourceClient<V1Lease> leases, string nodeUid, TimeProvider time)
    {
        (_settings, _leases, _nodeUid, _time) = (settings, leases, nodeUid, time);
        Receive<Renew>(_ => Start());
        Receive<Renewed>(m => (_busy, _lease, _failures) = (false, m.Lease, 0));
        Receive<RenewFailed>(Handle);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(Renew.Instance, Renew.Instance, TimeSpan.Zero, _settings.LeaseRenewInterval);

    private void Start()
    {
        if (_busy)
            return;
        _busy = true;
        RenewAsync(_lease).PipeTo(Self, Self, lease => new Renewed(lease), e => new RenewFailed(e));
    }

    private void Handle(RenewFailed message)
    {
        (_busy, _lease) = (false, null);
        _log.Warning(message.Error, "Could not renew the lease of node {Node}", _settings.NodeName);

        // The first repetition comes at once: somebody else may have touched the lease.
        if (_failures++ == 0)
            Self.Tell(Renew.Instance);
    }

    private async Task<V1Lease> RenewAsync(V1Lease? known)
    {
        if (known is null)
        {
            try
            {
                known = await _leases.GetAsync(Namespace, _settings.NodeName).ConfigureAwait(false);
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                return await _leases.CreateAsync(NewLease()).ConfigureAwait(false);
            }
        }

        var update = ApiJson.Copy(known);
        update.Spec = Spec();
        update.Metadata.OwnerReferences = Owner();
        return await _leases.UpdateAsync(update).ConfigureAwait(false);
    }

    private V1Lease NewLease() => new()
    {
        ApiVersion = "coordination.k8s.io/v1",
        Kind = "Lease",
        Metadata = new V1ObjectMeta { Name = _settings.NodeName, NamespaceProperty = Namespace, OwnerReferences = Owner() },
        Spec = Spec(),
    };

    private V1LeaseSpec Spec() => new()
    {
        HolderIdentity = _settings.NodeName,
        LeaseDurationSeconds = (int)Math.Ceiling(_settings.LeaseDuration.TotalSeconds),
        RenewTime = _time.GetUtcNow().UtcDateTime,
    };

    // With its node the lease goes too.
    private List<V1OwnerReference> Owner() => [new() { ApiVersion = "v1", Kind = "Node", Name = _settings.NodeName, Uid = _nodeUid }];
}
