using ActorKube.Client;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.Kubelet.Hollow;

/// <summary>The hollow nodes of this process, at <c>/user/hollow</c>: begins so many in a second, and tells when all are registered.</summary>
public sealed class HollowNodesActor : ReceiveActor, IWithTimers
{
    private sealed record Next { public static readonly Next Instance = new(); }

    /// <summary>A node is registered.</summary>
    internal sealed record OneMore { public static readonly OneMore Instance = new(); }

    private const int Ticks = 10;

    private readonly HollowSettings _settings;
    private readonly Func<string, IApiClient> _connect;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private int _begun;
    private int _registered;

    /// <summary>See <see cref="Props"/>.</summary>
    public HollowNodesActor(HollowSettings settings, Func<string, IApiClient> connect, TimeProvider time)
    {
        (_settings, _connect, _time) = (settings, connect, time);
        Receive<Next>(_ => Begin());
        Receive<OneMore>(_ =>
        {
            if (++_registered == _settings.Nodes)
                _log.Info("All {Count} hollow nodes are registered", _registered);
        });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make it.</summary>
    /// <param name="settings">What kind of nodes, and how many.</param>
    /// <param name="connect">The API as the node of that name.</param>
    /// <param name="time">Clock.</param>
    public static Props Props(HollowSettings settings, Func<string, IApiClient> connect, TimeProvider time) => Akka.Actor.Props.Create(() => new HollowNodesActor(settings, connect, time));

    /// <inheritdoc/>
    protected override void PreStart() => Timers.StartPeriodicTimer(Next.Instance, Next.Instance, TimeSpan.Zero, TimeSpan.FromSeconds(1d / Ticks));

    private void Begin()
    {
        for (var i = 0; i < Math.Max(1, _settings.RegisterPerSecond / Ticks) && _begun < _settings.Nodes; i++)
        {
            var node = new HollowNode(_settings, _begun++);
            var api = _connect(node.Name);
            Context.ActorOf(Akka.Actor.Props.Create(() => new HollowNodeActor(node, api, _time)), node.Name);
        }

        if (_begun == _settings.Nodes)
            Timers.Cancel(Next.Instance);
    }
}
