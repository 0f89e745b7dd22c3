using ActorKube.Kubelet.Logs;
using ActorKube.Kubelet.Node;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Server;
using ActorKube.Kubelet.Stats;
using ActorKube.Kubelet.Status;
using ActorKube.Kubelet.Volumes;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.Kubelet;

/// <summary>
/// The kubelet of one node, at <c>/user/kubelet</c>: starts its server, then its children <c>node</c> (Node object and Lease),
/// <c>status</c>, <c>volumes</c>, <c>pod</c> (a worker for each pod), <c>logs</c> and <c>stats</c>. It decides nothing about pods itself.
/// </summary>
public sealed class KubeletActor : ReceiveActor, IWithTimers
{
    /// <summary>Asks whether the kubelet has started; answered by <see cref="Started"/> once it has.</summary>
    public sealed record GetStarted
    {
        /// <summary>The one instance.</summary>
        public static GetStarted Instance { get; } = new();
    }

    /// <summary>The kubelet runs.</summary>
    /// <param name="NodeName">Its node.</param>
    /// <param name="Port">Where its server listens.</param>
    public sealed record Started(string NodeName, int Port);

    private sealed record Start
    {
        public static Start Instance { get; } = new();
    }

    private sealed record ServerStarted(KubeletServer Server);

    private sealed record ServerFailed(Exception Error);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly KubeletSettings _settings;
    private readonly KubeletServices _services;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<IActorRef> _asking = [];
    private readonly StatsBoard _stats;
    private KubeletServer? _server;

    /// <summary>Use <see cref="Props"/>.</summary>
    public KubeletActor(KubeletSettings settings, KubeletServices services)
    {
        (_settings, _services) = (settings, services);
        _stats = new StatsBoard(settings, services.Runtime, new MachineUsage(), services.Time);
        Receive<Start>(_ => StartServer());
        Receive<ServerStarted>(Handle);
        Receive<ServerFailed>(m =>
        {
            _log.Error(m.Error, "The kubelet's server cannot listen on {Address}:{Port}, trying again", _settings.ServerAddress, _settings.ServerPort);
            Timers.StartSingleTimer(Start.Instance, Start.Instance, Pause);
        });
        Receive<GetStarted>(_ =>
        {
            if (_server is { } server)
                Sender.Tell(new Started(_settings.NodeName, server.Port));
            else
                _asking.Add(Sender);
        });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to create the kubelet.</summary>
    public static Props Props(KubeletSettings settings, KubeletServices services) => Akka.Actor.Props.Create(() => new KubeletActor(settings, services));

    /// <inheritdoc/>
    protected override void PreStart() => StartServer();

    /// <inheritdoc/>
    protected override void PostStop()
    {
        if (_server is { } server)
            _ = server.DisposeAsync().AsTask();
    }

    private void StartServer()
    {
        var pods = _services.Informers.Informer<V1Pod>(fieldSelector: $"spec.nodeName={_settings.NodeName}");
        KubeletServer.StartAsync(_settings, _services.Certificates, _services.Runtime, () => pods.Lister, _stats, _services.Time, OnRequestError, CancellationToken.None)
            .PipeTo(Self, Self, server => new ServerStarted(server), e => new ServerFailed(e));
    }

    // Called by the server's threads.
    private void OnRequestError(Exception error, string path) => _log.Error(error, "A request for {Path} broke", path);

    private void Handle(ServerStarted message)
    {
        _server = message.Server;
        _log.Info("Kubelet of node {Node} listens on port {Port}, runtime {Runtime}", _settings.NodeName, _server.Port, _services.Runtime.Name);
        StartChildren(_server.Port);
        foreach (var asking in _asking)
            asking.Tell(new Started(_settings.NodeName, _server.Port));
        _asking.Clear();
    }

    private void StartChildren(int port)
    {
        var (api, informers, events, runtime, time) = (_services.Api, _services.Informers, _services.Events, _services.Runtime, _services.Time);
        var machine = new Machine(_settings.RootDirectory);
        IReadOnlyList<string> addresses = _settings.NodeAddresses.IsEmpty ? machine.Addresses() : _settings.NodeAddresses;
        var builder = new NodeStatusBuilder(_settings, runtime.Name, addresses, machine.Info);
        var nodes = informers.Informer<V1Node>(fieldSelector: $"metadata.name={_settings.NodeName}");
        var sync = new NodeSync(builder, machine, runtime, api.For<V1Node>(), port, time);
        Context.ActorOf(Akka.Actor.Props.Create(() => new NodeActor(_settings, api, nodes, events, sync, time)), "node");

        var resources = new ResourceFacts(builder.Allocatable(machine.Use()));
        var services = PodServices.Create(_settings, api, informers, events, runtime, new NodeFacts(runtime.Name, addresses), resources, time, clusterDns: _services.ClusterDns);
        var pods = informers.Informer<V1Pod>(fieldSelector: $"spec.nodeName={_settings.NodeName}");
        var status = Context.ActorOf(Akka.Actor.Props.Create(() => new StatusActor(api)), "status");
        var objects = Context.ActorOf(Akka.Actor.Props.Create(() => new ReferencedObjectsActor(api)), "volumes");
        Context.ActorOf(Akka.Actor.Props.Create(() => new PodsActor(services, pods, status, objects)), "pod");
        var rotator = new LogRotator(runtime, _settings, services.Directories, time);
        Context.ActorOf(Akka.Actor.Props.Create(() => new LogRotationActor(rotator, _settings.ContainerLogMonitorInterval)), "logs");
        Context.ActorOf(Akka.Actor.Props.Create(() => new StatsActor(_stats, _settings.StatsInterval)), "stats");
    }
}
