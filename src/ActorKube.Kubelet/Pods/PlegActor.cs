using System.Collections.Immutable;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// Tells its parent which pods' containers changed (Kubernetes' pod life cycle event generator): at once by the runtime's events,
/// and at the latest at the next list of all containers. Child of <c>PodsActor</c>.
/// </summary>
internal sealed class PlegActor : ReceiveActor, IWithTimers
{
    /// <summary>To the parent: look at this pod.</summary>
    public sealed record PodRuntimeChanged(string PodUid);

    private sealed record Happened(ContainerEventResponse Event);

    private sealed record EventsEnded(Exception? Error);

    private sealed record Relist
    {
        public static Relist Instance { get; } = new();
    }

    private sealed record Listed(PlegSnapshot Snapshot);

    private sealed record ListFailed(Exception Error);

    private sealed record Listen
    {
        public static Listen Instance { get; } = new();
    }

    private static readonly TimeSpan ListenAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    private readonly IContainerRuntime _runtime;
    private readonly string _nodeName;
    private readonly TimeSpan _relistPeriod;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stopped = new();
    private PlegSnapshot? _snapshot;
    private bool _listing;

    public PlegActor(IContainerRuntime runtime, string nodeName, TimeSpan relistPeriod)
    {
        _runtime = runtime;
        _nodeName = nodeName;
        _relistPeriod = relistPeriod;
        Receive<Happened>(Handle);
        Receive<EventsEnded>(Handle);
        Receive<Listen>(_ => StartListening());
        Receive<Relist>(_ => StartListing());
        Receive<Listed>(Handle);
        Receive<ListFailed>(m =>
        {
            _listing = false;
            _log.Warning(m.Error, "The runtime did not list its containers");
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer("relist", Relist.Instance, TimeSpan.Zero, _relistPeriod);
        StartListening();
    }

    protected override void PostStop()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private void StartListening()
    {
        var self = Self;
        ListenAsync(_runtime, self, _stopped.Token).PipeTo(self, self, () => new EventsEnded(null), e => new EventsEnded(e));
    }

    private static async Task ListenAsync(IContainerRuntime runtime, IActorRef self, CancellationToken cancellationToken)
    {
        await foreach (var happened in runtime.GetContainerEventsAsync(cancellationToken).ConfigureAwait(false))
            self.Tell(new Happened(happened));
    }

    private void Handle(Happened message)
    {
        var e = message.Event;
        var uid = e.PodSandboxStatus?.Metadata?.Uid is { Length: > 0 } known
            ? known
            : e.ContainersStatuses.Select(s => s.Labels.TryGetValue(PodLabels.PodUid, out var label) ? label : null).FirstOrDefault(u => u is not null)
                ?? _snapshot?.PodOf(e.ContainerId);
        if (uid is not null)
            Context.Parent.Tell(new PodRuntimeChanged(uid));
        else
            Timers.StartSingleTimer("soon", Relist.Instance, Soon);
    }

    private void Handle(EventsEnded message)
    {
        if (message.Error is not null)
            _log.Debug("The runtime's events ended ({Reason}), listening again", message.Error.Message);
        Timers.StartSingleTimer("listen", Listen.Instance, ListenAgain);
    }

    private void StartListing()
    {
        if (_listing)
            return;
        _listing = true;
        ListAsync().PipeTo(Self, Self, snapshot => new Listed(snapshot), e => new ListFailed(e));
    }

    private async Task<PlegSnapshot> ListAsync()
    {
        var sandboxFilter = new PodSandboxFilter { LabelSelector = { [PodLabels.Node] = _nodeName } };
        var containerFilter = new ContainerFilter { LabelSelector = { [PodLabels.Node] = _nodeName } };
        var sandboxes = await _runtime.ListPodSandboxAsync(sandboxFilter, _stopped.Token).ConfigureAwait(false);
        var containers = await _runtime.ListContainersAsync(containerFilter, _stopped.Token).ConfigureAwait(false);
        return PlegSnapshot.Of(sandboxes, containers);
    }

    private void Handle(Listed message)
    {
        _listing = false;
        foreach (var uid in message.Snapshot.ChangedSince(_snapshot))
            Context.Parent.Tell(new PodRuntimeChanged(uid));
        _snapshot = message.Snapshot;
    }
}

/// <summary>States of all sandboxes and containers at one moment.</summary>
/// <param name="States">By id: the pod and a number for the state.</param>
internal sealed record PlegSnapshot(ImmutableDictionary<string, (string PodUid, int State)> States)
{
    public static PlegSnapshot Of(IEnumerable<PodSandbox> sandboxes, IEnumerable<Container> containers)
    {
        var states = ImmutableDictionary.CreateBuilder<string, (string, int)>();
        foreach (var sandbox in sandboxes)
            states[sandbox.Id] = (sandbox.Labels.TryGetValue(PodLabels.PodUid, out var uid) ? uid : "", (int)sandbox.State);
        foreach (var container in containers)
            states[container.Id] = (container.Labels.TryGetValue(PodLabels.PodUid, out var uid) ? uid : "", (int)container.State);
        return new PlegSnapshot(states.ToImmutable());
    }

    /// <summary>The pod of a sandbox or container, or null.</summary>
    public string? PodOf(string id) => States.TryGetValue(id, out var entry) && entry.PodUid.Length > 0 ? entry.PodUid : null;

    /// <summary>
    /// Pods of which something appeared, changed or went; for the first snapshot all of them, because something may have happened
    /// between a worker's first look and it.
    /// </summary>
    public IReadOnlyCollection<string> ChangedSince(PlegSnapshot? before)
    {
        before ??= new PlegSnapshot(ImmutableDictionary<string, (string, int)>.Empty);
        var changed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, state) in States)
        {
            if (!before.States.TryGetValue(id, out var old) || old != state)
                changed.Add(state.PodUid);
        }

        foreach (var (id, state) in before.States)
        {
            if (!States.ContainsKey(id))
                changed.Add(state.PodUid);
        }

        changed.Remove("");
        return changed;
    }
}
