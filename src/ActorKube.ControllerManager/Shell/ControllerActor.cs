using ActorKube.Api.Machinery;
using ActorKube.Client;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.ControllerManager.Shell;

/// <summary>
/// The one shell around every controller: turns changes into keys, lets the controller plan, carries the plan out, and comes back when it failed, when the
/// plan asks for it, or when something changed. A key is worked on once at a time and not before the cache shows its own last writes.
///
/// </summary>
internal sealed class ControllerActor : ReceiveActor, IWithTimers
{
    private sealed record Applied(ObjectKey Key, Plan Plan, PlanOutcome Outcome);
    private sealed record Broke(ObjectKey Key, Exception Error);
    private sealed record Wake { public static readonly Wake Now = new(); }

    private readonly IController _controller;
    private readonly TimeProvider _time;
    private readonly int _concurrency;
    private readonly PlanRunner _runner;
    private readonly NameSuffixes _names;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly UnseenWrites _unseen = new();
    private readonly Dictionary<ObjectKey, PlanFailure> _failures = [];
    private readonly IReadOnlyList<Source> _sources;
    private readonly Dictionary<Type, Source> _byMessage;
    private readonly Dictionary<Type, Source> _byKind;
    private readonly HashSet<Source> _unsynced;

    public ControllerActor(IController controller, ControllerManagerServices services, int concurrency, int seed)
    {
        _controller = controller;
        _time = services.Time;
        _queue = new WorkQueue<ObjectKey>(metrics: new WorkQueueMetrics<ObjectKey>(controller.Name, _time));
        _concurrency = concurrency;
        _runner = new PlanRunner(services.ApiOf(controller.Name).Transport, services.Events.As(ControllerIdentities.ReporterOf(controller.Name)), ControllerManagerServices.UserAgent);
        _names = new NameSuffixes(seed);
        _sources = controller.Sources;
        _byMessage = _sources.SelectMany(s => s.Messages.Select(m => (m, s))).ToDictionary(p => p.m, p => p.s);
        _byKind = _sources.ToDictionary(s => s.Kind);
        _unsynced = [.. _sources.Where(s => s.NeedsSync)];

        Receive<Applied>(Handle);
        Receive<Broke>(Handle);
        Receive<Wake>(_ => Work());
        Receive<object>(m => _byMessage.ContainsKey(m.GetType()), HandleChange);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        foreach (var source in _sources)
            source.Subscribe(Self);
    }

    private void HandleChange(object message)
    {
        var source = _byMessage[message.GetType()];
        if (source.Read(message) is { } change)
        {
            foreach (var key in change.Keys)
                _queue.Add(key);
            foreach (var key in _unseen.See(change.Object, change.Deleted))
                _queue.Add(key);
        }
        else
            _unsynced.Remove(source);

        Work();
    }

    private void Work()
    {
        // Decisions on half of the objects would be wrong: orphans that are none, missing pods that are there.
        if (_unsynced.Count > 0)
            return;
        var now = _time.GetUtcNow();
        while (_queue.InFlight < _concurrency && _queue.TryTake(now, out var key))
            Start(key, now);
        if (_queue.NextDue is { } due)
            Timers.StartSingleTimer("due", Wake.Now, due > now ? due - now : TimeSpan.FromMilliseconds(1));
    }

    private void Start(ObjectKey key, DateTimeOffset now)
    {
        if (_unseen.WaitOf(key, now) is var wait && wait > TimeSpan.Zero)
        {
            _queue.Done(key);
            _queue.AddAfter(key, wait, now);
            return;
        }

        Plan plan;
        try
        {
            plan = _controller.Reconcile(key, new ReconcileContext(now, _names, _failures.GetValueOrDefault(key)));
        }
        catch (Exception e)
        {
            // One object that trips up its reconciler must not keep all others from being reconciled.
            Handle(new Broke(key, e));
            return;
        }

        if (plan.Actions.Count == 0)
            Finish(key, plan, now);
        else
        {
            _log.Debug("{Controller} {Key}: {Count} actions", _controller.Name, key, plan.Actions.Count);
            _runner.RunAsync(plan).PipeTo(Self, success: outcome => new Applied(key, plan, outcome), failure: e => new Broke(key, e));
        }
    }

    private void Finish(ObjectKey key, Plan plan, DateTimeOffset now)
    {
        _failures.Remove(key);
        _queue.Forget(key);
        _queue.Done(key);
        if (plan.RequeueAfter is { } after)
            _queue.AddAfter(key, after, now);
    }

    private void Handle(Applied applied)
    {
        var now = _time.GetUtcNow();
        var (key, outcome) = (applied.Key, applied.Outcome);
        _unseen.Add(key, outcome.Writes.Where(w => _byKind.ContainsKey(w.Kind)), w => _byKind[w.Kind].Find(w.Key), now);
        if (outcome.Failure is { } failure)
        {
            // These only say that the cache was behind; the change or deletion that made it so is on its way.
            if (outcome.Error is ApiException { IsConflict: true } || (outcome.Error is ApiException { IsNotFound: true } && failure.Action is not Create))
                _log.Debug("{Controller} {Key}: {Reason}", _controller.Name, key, failure.Message);
            else
            {
                _failures[key] = failure;
                _log.Warning("{Controller} {Key}: {Action} failed: {Reason}; it will be tried again", _controller.Name, key, failure.Action.GetType().Name, failure.Message);
            }

            _queue.AddFailed(key, now);
            _queue.Done(key);
        }
        else
            Finish(key, applied.Plan, now);

        Work();
    }

    private void Handle(Broke broke)
    {
        _log.Error(broke.Error, "{Controller} {Key}: reconciling threw", _controller.Name, broke.Key);
        _queue.AddFailed(broke.Key, _time.GetUtcNow());
        _queue.Done(broke.Key);
        // Not Work(): the key's appointment is made, and whoever called goes on with the next.
        Self.Tell(Wake.Now);
    }
}
