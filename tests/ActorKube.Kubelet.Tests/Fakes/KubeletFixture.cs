using System.Collections.Immutable;
using System.Diagnostics;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Probes;
using ActorKube.Kubelet.Status;
using ActorKube.Kubelet.Volumes;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Fakes;

/// <summary>The clock of the actor system's scheduler: time passes when a test says so.</summary>
internal sealed class SchedulerTime(IScheduler scheduler) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => scheduler.Now;

    public override long GetTimestamp() => scheduler.Now.UtcTicks;
}

/// <summary>Probes that say what the test wants.</summary>
internal sealed class FakeProber : IProber
{
    public Func<V1Probe, ProbeTarget, ProbeResult> Answer { get; set; } = (_, _) => ProbeResult.Success();

    public int Count;

    public Task<ProbeResult> ProbeAsync(V1Probe probe, ProbeTarget target, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref Count);
        return Task.FromResult(Answer(probe, target));
    }
}

/// <summary>A file system without privileges.</summary>
internal sealed class FakeMounter : IMounter
{
    public HashSet<string> Mounts { get; } = [];

    public List<(string Path, long User, long Group)> Owners { get; } = [];

    public bool TryMountTmpfs(string path, long? sizeBytes, UnixFileMode mode) => Mounts.Add(path);

    public void UnmountBelow(string path) => Mounts.RemoveWhere(m => m == path || m.StartsWith(path + "/", StringComparison.Ordinal));

    public bool IsMountPoint(string path) => Mounts.Contains(path);

    public void Own(string path, long uid, long gid) => Owners.Add((path, uid, gid));
}

/// <summary>The pods side of a kubelet on a fake runtime and a fake API, in virtual time.</summary>
public abstract class KubeletFixture : TestKit
{
    private const string Config = """
        akka.scheduler.implementation = "ActorKube.Kubelet.Tests.Fakes.VirtualScheduler, ActorKube.Kubelet.Tests"
        akka.loglevel = WARNING
        akka.stdout-loglevel = OFF
        akka.loggers = []
        """;

    private protected readonly TemporaryDirectory _directory = new();
    private IActorRef? _pods;

    protected KubeletFixture() : base(Config)
    {
        Time = new SchedulerTime(Scheduler);
        Runtime = new FakeRuntime(Time);
        Settings = new KubeletSettings
        {
            NodeName = "n1",
            RootDirectory = _directory.Path,
            PodLogsDirectory = _directory["pod-logs"],
            ClusterDns = ["10.0.0.10"],
            ResolvConf = "/dev/null",
        };
    }

    private protected TimeProvider Time { get; }

    private protected KubeletSettings Settings { get; set; }

    private protected FakeRuntime Runtime { get; }

    private protected FakeApi Api { get; } = new();

    private protected FakeEvents Events { get; } = new();

    private protected FakeProber Prober { get; } = new();

    private protected FakeMounter Mounter { get; } = new();

    private VirtualScheduler Scheduler => (VirtualScheduler)Sys.Scheduler;

    private protected PodServices Services() => PodServices.Create(
        Settings, Api, Api, Events, Runtime, new NodeFacts("fake", ["192.0.2.1"]),
        new ResourceFacts(ImmutableDictionary<string, ResourceQuantity>.Empty.Add("memory", new ResourceQuantity("8Gi")).Add("cpu", new ResourceQuantity("1000"))), Time, Mounter, Prober);

    /// <summary>Starts the actors, as a kubelet that (re)starts does.</summary>
    private protected void StartKubelet()
    {
        var services = Services();
        var listening = Runtime.Listeners;
        var status = Sys.ActorOf(Props.Create(() => new StatusActor(Api)));
        var objects = Sys.ActorOf(Props.Create(() => new ReferencedObjectsActor(Api)));
        _pods = Sys.ActorOf(Props.Create(() => new PodsActor(services, Api.Informer<V1Pod>(null, null, null), status, objects)), $"pods-{Guid.NewGuid():n}");
        Eventually(() => Runtime.Listeners > listening);
    }

    /// <summary>Ends the actors; containers run on.</summary>
    private protected void StopKubelet()
    {
        Watch(_pods!);
        Sys.Stop(_pods!);
        ExpectTerminated(_pods!);
    }

    private protected void Delete(string name = "web", long? grace = null) =>
        _ = Api.For<V1Pod>().DeleteAsync("default", name, new V1DeleteOptions { GracePeriodSeconds = grace });

    private protected V1Pod? Pod(string name = "web") => Api.Resource<V1Pod>().Find(name);

    private protected V1PodStatus Status(string name = "web") => Pod(name)!.Status;

    private protected V1ContainerStatus ContainerStatus(string container = "main", string pod = "web") => 
        Status(pod).ContainerStatuses?.Single(s => s.Name == container) ?? new V1ContainerStatus { State = new V1ContainerState(), LastState = new V1ContainerState() };

    private protected bool IsReady(string name = "web") => Pod(name)?.Status.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    /// <summary>Waits in real time until something holds; virtual time stands still meanwhile.</summary>
    private protected static void Eventually(Func<bool> holds, string what = "")
    {
        var watch = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), "it does not come true " + what);
            Thread.Yield();
            Thread.Sleep(1);
        }
    }

    /// <summary>Lets virtual time pass second by second until something holds.</summary>
    private protected TimeSpan Pass(TimeSpan atMost, Func<bool> holds)
    {
        var passed = TimeSpan.Zero;
        // The longer it takes, the more real time each virtual second is given: a busy machine is slow, not wrong.
        while (!Soon(holds, TimeSpan.FromMilliseconds(30 + 5 * passed.TotalSeconds)))
        {
            Assert.True(passed < atMost, $"it does not come true within {atMost}");
            Scheduler.Advance(TimeSpan.FromSeconds(1));
            passed += TimeSpan.FromSeconds(1);
        }

        return passed;
    }

    /// <summary>Lets virtual time pass.</summary>
    private protected void Pass(TimeSpan time) => Scheduler.Advance(time);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _directory.Dispose();
    }

    // What virtual time set in motion takes a little real time.
    private static bool Soon(Func<bool> holds, TimeSpan within)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < within;)
        {
            if (holds())
                return true;
            Thread.Sleep(1);
        }

        return holds();
    }
}
