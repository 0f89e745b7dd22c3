using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.Client.Tests.Fakes;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Shell;

public class ControllerActorTests() : TestKit("""
    akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
    akka.test { default-timeout = 20s, single-expect-default = 20s }
    """)
{
    private readonly FakeApi _api = new();
    private readonly ManualTime _time = new();
    private readonly HeardEvents _events = new();

    /// <summary>Wants a Secret beside each ConfigMap.</summary>
    private sealed class Twins(IInformerFactory informers) : IController
    {
        private readonly IInformer<V1ConfigMap> _maps = informers.Informer<V1ConfigMap>();
        private readonly IInformer<V1Secret> _secrets = informers.Informer<V1Secret>();

        public string Name => "twins";

        public List<string> Reconciled { get; } = [];

        public IReadOnlyList<Source> Sources => [Source.Own(_maps), Source.Own(_secrets)];

        public Func<V1ConfigMap, ReconcileContext, Plan?> Override { get; set; } = (_, _) => null;

        public Plan Reconcile(ObjectKey key, ReconcileContext context)
        {
            lock (Reconciled)
                Reconciled.Add(key.Name);
            if (_maps.Lister.Get(key.Namespace, key.Name) is not { } map)
                return Plan.Nothing;
            if (Override(map, context) is { } other)
                return other;
            return _secrets.Lister.Get(key.Namespace, key.Name) is not null ? Plan.Nothing : Plan.Of(new Create(new V1Secret { Metadata = Bare(key.Name) })
            {
                Announce = new Announcement(map, "Made", "Made a twin", "FailedMake", "No twin: "),
            });
        }
    }

    [Fact]
    public void Carries_out_plans_and_tells_about_them()
    {
        _api.Add(new V1ConfigMap { Metadata = Bare("a") });
        Start(new Twins(Informers()));

        AwaitCondition(() => _api.Find<V1Secret>("a") is not null);
        AwaitCondition(() => { lock (_events.All) return _events.All.Contains("a Normal Made Made a twin"); });
    }

    [Fact]
    public void Makes_nothing_twice_while_the_cache_lags_behind_its_writes()
    {
        // The watch of secrets shows nothing, so the reconciler would make a twin at every change of the map.
        var blind = new FakeApi();
        var informers = new MixedInformers(Informers(), new InformerFactory(Sys, blind.Client));
        _api.Add(new V1ConfigMap { Metadata = Bare("a") });
        var twins = new Twins(informers);
        Start(twins);
        AwaitCondition(() => _api.Find<V1Secret>("a") is not null);

        _api.Change<V1ConfigMap>("a", m => m.Data = new Dictionary<string, string> { ["k"] = "v" });
        _api.Add(new V1ConfigMap { Metadata = Bare("marker") });
        AwaitCondition(() => _api.Find<V1Secret>("marker") is not null);

        Assert.Equal(2, _api.Requests.Count(r => r is { Verb: "create", Resource: "secrets" } && r.Object is not null && r.UserAgent == "kube-controller-manager"));
    }

    [Fact]
    public void Tries_again_after_a_failure_with_growing_waits_and_hands_the_failure_on()
    {
        _api.Admission = r =>
        {
            if (r.UserAgent == "kube-controller-manager")
                throw ApiError.Forbidden(KindRegistry.BuiltIn.Of<V1Secret>(), "a", "not today");
        };
        _api.Add(new V1ConfigMap { Metadata = Bare("a") });
        PlanFailure? seen = null;
        var twins = new Twins(Informers());
        twins.Override = (_, context) =>
        {
            seen = context.LastFailure;
            return null;
        };
        Start(twins);
        AwaitCondition(() => { lock (_events.All) return _events.All.Any(e => e.StartsWith("a Warning FailedMake No twin: secrets \"a\" is forbidden", StringComparison.Ordinal)); });

        Advance(TimeSpan.FromSeconds(1));
        AwaitCondition(() => seen is { Reason: "Forbidden" });
        _api.Admission = null;
        AwaitCondition(() =>
        {
            Advance(TimeSpan.FromSeconds(1));
            return _api.Find<V1Secret>("a") is not null;
        });
    }

    [Fact]
    public void Looks_again_when_the_plan_asks_for_it()
    {
        _api.Add(new V1ConfigMap { Metadata = Bare("a") });
        var twins = new Twins(Informers()) { Override = (_, _) => new Plan([], TimeSpan.FromSeconds(10)) };
        Start(twins);
        AwaitCondition(() => Count(twins) == 1);

        // The wait begins some time after the plan was made, when it has been carried out.
        var passed = TimeSpan.Zero;
        AwaitCondition(() =>
        {
            if (Count(twins) > 1)
                return true;
            Advance(TimeSpan.FromSeconds(1));
            passed += TimeSpan.FromSeconds(1);
            return false;
        });
        Assert.True(passed >= TimeSpan.FromSeconds(10), $"{passed}");
    }

    [Fact]
    public void One_object_that_trips_up_the_reconciler_does_not_stop_the_others()
    {
        _api.Add(new V1ConfigMap { Metadata = Bare("bad") });
        _api.Add(new V1ConfigMap { Metadata = Bare("good") });
        Start(new Twins(Informers()) { Override = (map, _) => map.Metadata.Name == "bad" ? throw new InvalidOperationException("on purpose") : null });

        AwaitCondition(() => _api.Find<V1Secret>("good") is not null);
        Assert.Null(_api.Find<V1Secret>("bad"));
    }

    [Fact]
    public async Task A_slow_start_stops_after_the_first_batch_that_fails()
    {
        var creates = Enumerable.Range(0, 100).Select(i => (PlannedAction)new Create(new V1Secret { Metadata = Bare($"s{i}") })).ToList();
        var left = 5;
        _api.Admission = _ =>
        {
            if (left-- <= 0)
                throw ApiError.Forbidden(KindRegistry.BuiltIn.Of<V1Secret>(), "s", "exceeded quota");
        };

        var outcome = await new PlanRunner(_api, _events, "test").RunAsync(Plan.Of(new Together(creates, SlowStart: true)));

        // 1 + 2 worked, two of the next four, and that was all.
        Assert.Equal(5, outcome.Writes.Count);
        Assert.Equal("Forbidden", outcome.Failure!.Reason);
        Assert.Equal(7, _api.Requests.Count);
    }

    private static int Count(Twins twins)
    {
        lock (twins.Reconciled)
            return twins.Reconciled.Count;
    }

    private static V1ObjectMeta Bare(string name) => new() { Name = name, NamespaceProperty = "default" };

    private InformerFactory Informers() => new(Sys, _api.Client);

    private void Start(IController controller)
    {
        var services = new ControllerManagerServices(_api.Client, Informers(), _events, _time);
        Sys.ActorOf(Props.Create(() => new ControllerActor(controller, services, 4, 1)));
    }

    private void Advance(TimeSpan time)
    {
        _time.Advance(time);
        ((TestScheduler)Sys.Scheduler).Advance(time);
    }

    private sealed class MixedInformers(IInformerFactory others, IInformerFactory secrets) : IInformerFactory
    {
        public IInformer<T> Informer<T>(string? ns = null, string? fieldSelector = null, string? labelSelector = null) where T : class, k8s.IKubernetesObject<V1ObjectMeta> =>
            (typeof(T) == typeof(V1Secret) ? secrets : others).Informer<T>(ns, fieldSelector, labelSelector);
    }
}
