using System.Net;
using System.Net.Sockets;
using ActorKube.Client.Informers;
using ActorKube.KubeProxy.PodNetwork;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.KubeProxy.Dns;

/// <summary>What DNS needs from its process.</summary>
/// <param name="NodeName">The node it works for.</param>
/// <param name="Informers">Services, EndpointSlices and nodes.</param>
public sealed record DnsServices(string NodeName, IInformerFactory Informers);

/// <summary>
/// Keeps DNS servers listening on the gateway addresses of this node's pods. Queries do not pass through the actor: they are answered on
/// pool threads from the informers' copies. <c>/user/dns</c>, one per node process.
/// </summary>
public sealed class DnsActor : ReceiveActor, IWithTimers
{
    private readonly DnsServices _services;
    private readonly DnsSettings _settings;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<IPAddress, DnsServer> _servers = [];
    private IReadOnlyList<IPAddress> _wanted = [];
    private DnsResponder _responder = null!;

    /// <summary>Starts with no server.</summary>
    public DnsActor(DnsServices services, DnsSettings settings)
    {
        (_services, _settings) = (services, settings);
        Receive<ResourceAdded<V1Node>>(e => OnNode(e.Object));
        Receive<ResourceUpdated<V1Node>>(e => OnNode(e.New));
        Receive<ResourceDeleted<V1Node>>(_ => { }); // pods may still run: keep answering
        Receive<InformerSynced<V1Node>>(_ => { });
        Receive<ListenAgain>(_ => Listen());
        Receive<ServerEnded>(OnServerEnded);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to start one.</summary>
    public static Props Props(DnsServices services, DnsSettings settings) => Akka.Actor.Props.Create(() => new DnsActor(services, settings));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        var data = new InformerZoneData(_services.Informers);
        var upstream = new ResolvConf(_settings.ResolvConf);
        var forwarder = new Forwarder(() => [.. upstream.Servers().Except(Volatile.Read(ref _wanted))], 53, _settings.UpstreamTimeout, _settings.MaxUpstreamQueries);
        _responder = new DnsResponder(new ClusterZone(_settings.ClusterDomain, (uint)_settings.Ttl.TotalSeconds, data), forwarder, () => data.IsReady);
        if (_settings.Addresses.Count > 0)
        {
            Volatile.Write(ref _wanted, [.. _settings.Addresses.Select(IPAddress.Parse)]);
            Listen();
        }
        else
        {
            _services.Informers.Informer<V1Node>().Subscribe(Self);
        }
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (var server in _servers.Values)
        {
            server.Dispose();
        }
    }

    private void OnNode(V1Node node)
    {
        if (node.Metadata.Name != _services.NodeName)
        {
            return;
        }

        var gateways = PodRange.GatewaysOf(node);
        if (gateways.Count > 0 && !gateways.SequenceEqual(_wanted))
        {
            Volatile.Write(ref _wanted, gateways);
            Listen();
        }
    }

    private void Listen()
    {
        foreach (var gone in _servers.Keys.Except(_wanted).ToList())
        {
            _servers.Remove(gone, out var server);
            server!.Dispose();
        }

        foreach (var address in _wanted.Where(a => !_servers.ContainsKey(a)))
        {
            try
            {
                var server = DnsServer.Listen(new IPEndPoint(address, _settings.Port), _responder);
                _servers[address] = server;
                server.Ended.PipeTo(Self, success: () => new ServerEnded(address, server, null), failure: e => new ServerEnded(address, server, e));
                _log.Info("DNS for {Domain} listens on {EndPoint}", _settings.ClusterDomain, server.EndPoint);
            }
            catch (SocketException e)
            {
                // The bridge comes with the first pod, or a moment after the node's range is known.
                _log.Debug("DNS cannot listen on {Address} yet: {Reason}", address, e.Message);
                Timers.StartSingleTimer(nameof(ListenAgain), ListenAgain.Instance, _settings.RetryInterval);
            }
        }
    }

    private void OnServerEnded(ServerEnded ended)
    {
        if (_servers.TryGetValue(ended.Address, out var server) && server == ended.Server)
        {
            _log.Warning(ended.Error, "DNS on {Address} ended; starting it again", ended.Address);
            server.Dispose();
            _servers.Remove(ended.Address);
            Timers.StartSingleTimer(nameof(ListenAgain), ListenAgain.Instance, _settings.RetryInterval);
        }
    }

    private sealed record ListenAgain
    {
        public static ListenAgain Instance { get; } = new();
    }

    private sealed record ServerEnded(IPAddress Address, DnsServer Server, Exception? Error);
}
