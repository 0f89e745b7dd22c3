using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Kubelet.Node;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.Kubelet.Hollow;

/// <summary>
/// One hollow node: registers, renews its Lease, watches its pods as a kubelet does and reports them as running, over or gone after the set times. Child of
/// <see cref="HollowNodesActor"/>.
/// </summary>
internal sealed class HollowNodeActor : ReceiveActor, IWithTimers
{
    private sealed record Register { public static readonly Register Now = new(); }
    private sealed record Registered(V1Node Node);
    private sealed record Heartbeat { public static readonly Heartbeat Now = new(); }
    private sealed record WatchNow { public static readonly WatchNow Instance = new(); }
    private sealed record Seen(V1Pod Pod);
    private sealed record Gone(string Uid);
    private sealed record WatchEnded(Exception? Error);
    private sealed record Due(string Uid);
    private sealed record Done;
    private sealed record Failed(string What, Exception Error);

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StatusEvery = TimeSpan.FromMinutes(5);

    private readonly HollowNode _node;
    private readonly HollowSettings _settings;
    private readonly IApiClient _api;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Dictionary<string, V1Pod> _pods = [];
    private int _started;

    public HollowNodeActor(HollowNode node, IApiClient api, TimeProvider time)
    {
        (_node, _settings, _api, _time, _random) = (node, node.Settings, api, time, new Random(node.Number));
        Receive<Register>(_ => RegisterAsync().PipeTo(Self, Self, n => new Registered(n), e => new Failed("register", e)));
        Receive<Registered>(Handle);
        Receive<Heartbeat>(_ => RegisterAsync().PipeTo(Self, Self, _ => new Done(), e => new Failed("report its status", e)));
        Receive<WatchNow>(_ => Pump());
        Receive<Seen>(seen => Handle(seen.Pod));
        Receive<Gone>(Handle);
        Receive<Due>(Handle);
        Receive<Done>(_ => { });
        Receive<WatchEnded>(ended =>
        {
            if (ended.Error is not null)
                _log.Debug("{Node}: the watch of its pods ended: {Reason}", _node.Name, ended.Error.Message);
            Timers.StartSingleTimer(WatchNow.Instance, WatchNow.Instance, Retry);
        });
        Receive<Failed>(Handle);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Self.Tell(Register.Now);

    protected override void PostStop() => _stopped.Cancel();

    private void Handle(Registered registered)
    {
        var settings = new KubeletSettings { NodeName = _node.Name, RootDirectory = "", PodLogsDirectory = "", LeaseRenewInterval = _settings.LeaseRenewInterval, LeaseDuration = _settings.LeaseDuration };
        var uid = registered.Node.Metadata.Uid;
        Context.ActorOf(Props.Create(() => new NodeLeaseActor(settings, _api.For<V1Lease>(), uid, _time)), "lease");
        Timers.StartPeriodicTimer(Heartbeat.Now, Heartbeat.Now, StatusEvery);
        Self.Tell(WatchNow.Instance);
        Context.Parent.Tell(HollowNodesActor.OneMore.Instance);
    }

    private void Handle(Failed failed)
    {
        _log.Warning("{Node} could not {What}: {Reason}", _node.Name, failed.What, failed.Error.Message);
        if (failed.What == "register")
            Timers.StartSingleTimer(Register.Now, Register.Now, Retry);
    }

    private void Handle(V1Pod pod)
    {
        var uid = pod.Metadata.Uid;
        var before = _pods.GetValueOrDefault(uid);
        _pods[uid] = pod;
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            if (before?.Metadata.DeletionTimestamp is null)
                Timers.StartSingleTimer(uid, new Due(uid), _settings.StopDelay);
        }
        else if (before is null && pod.Status?.Phase is null or "" or "Pending")
            Timers.StartSingleTimer(uid, new Due(uid), _settings.StartDelay);
        else if (before?.Status?.Phase != "Running" && pod.Status?.Phase == "Running" && pod.Spec.RestartPolicy is "Never" or "OnFailure")
            Timers.StartSingleTimer(uid, new Due(uid), _settings.RunTime);
    }

    private void Handle(Gone gone)
    {
        _pods.Remove(gone.Uid);
        Timers.Cancel(gone.Uid);
    }

    // What is next for a pod follows from how it was last seen.
    private void Handle(Due due)
    {
        if (!_pods.TryGetValue(due.Uid, out var pod))
            return;
        var now = _time.GetUtcNow();
        if (pod.Metadata.DeletionTimestamp is not null)
            Send(pod, "end a pod", EndAsync(pod));
        else if (pod.Status?.Phase == "Running")
            Send(pod, "report a pod", ReportAsync(pod, _node.Over(pod, failed: false, now)));
        else if (_random.NextDouble() < _settings.Failures)
            Send(pod, "report a pod", ReportAsync(pod, _node.Over(pod, failed: true, now)));
        else
            Send(pod, "report a pod", ReportAsync(pod, _node.Running(pod, _started++, now)));
    }

    // A pod that is gone, or another one by now, is told of by the watch.
    private void Send(V1Pod pod, string what, Task work)
    {
        var uid = pod.Metadata.Uid;
        work.PipeTo(Self, Self, () => new Done(), e => e is ApiException { IsNotFound: true } or ApiException { IsConflict: true } ? new Done() : new Failed($"{what}, {pod.Metadata.NamespaceProperty}/{pod.Metadata.Name}", e));
        if (pod.Metadata.DeletionTimestamp is not null)
            Timers.StartSingleTimer(uid, new Due(uid), TimeSpan.FromSeconds(10));
    }

    private async Task<V1Node> RegisterAsync()
    {
        V1Node node;
        try
        {
            node = await _api.For<V1Node>().GetAsync(null, _node.Name).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            node = await _api.For<V1Node>().CreateAsync(_node.Register()).ConfigureAwait(false);
        }

        return await _api.For<V1Node>().PatchAsync(null, _node.Name, Client.Patch.Strategic(new V1Node { Status = _node.Status(node.Status, _time.GetUtcNow()) }), "status").ConfigureAwait(false);
    }

    private Task ReportAsync(V1Pod pod, V1PodStatus status) => _api.For<V1Pod>().PatchAsync(
        pod.Metadata.NamespaceProperty, pod.Metadata.Name, Client.Patch.Strategic(new V1Pod { Metadata = new V1ObjectMeta { Uid = pod.Metadata.Uid }, Status = status }), "status");

    private Task EndAsync(V1Pod pod) => _api.For<V1Pod>().DeleteAsync(
        pod.Metadata.NamespaceProperty, pod.Metadata.Name, new V1DeleteOptions { GracePeriodSeconds = 0, Preconditions = new V1Preconditions { Uid = pod.Metadata.Uid } });

    private void Pump() => _ = PumpAsync(_api.For<V1Pod>(), _node.Name, Self, _stopped.Token);

    // Runs beside the actor and only sends it messages; every way out is one.
    private static async Task PumpAsync(IResourceClient<V1Pod> pods, string node, IActorRef self, CancellationToken stopped)
    {
        try
        {
            var own = new ListOptions { FieldSelector = $"spec.nodeName={node}" };
            var list = await pods.ListAsync(null, own, stopped).ConfigureAwait(false);
            foreach (var pod in list.Items)
                self.Tell(new Seen(pod), ActorRefs.NoSender);
            await foreach (var change in pods.WatchAsync(null, own with { ResourceVersion = list.ResourceVersion }, stopped).WithCancellation(stopped).ConfigureAwait(false))
                self.Tell(change.Type == "DELETED" ? new Gone(change.Object.Metadata.Uid) : new Seen(change.Object), ActorRefs.NoSender);
            self.Tell(new WatchEnded(null), ActorRefs.NoSender);
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            // The node stops.
        }
        catch (Exception e)
        {
            self.Tell(new WatchEnded(e), ActorRefs.NoSender);
        }
    }
}
