using System.Threading.Channels;
using ActorKube.Api.Machinery;
using ActorKube.Client.Protocol;
using Akka.Actor;
using Akka.Event;
using Akka.Remote;

namespace ActorKube.Client.Transport;

/// <summary>
/// One component's connection to an API server: finds a server, connects, matches answers with requests, and finds another
/// server when this one dies. Requests wait while there is no connection; a request that was sent when the connection broke
/// fails, because nobody knows whether it took place. Owned by an <see cref="ActorTransport"/>.
/// </summary>
internal sealed class ClientConnectionActor : ReceiveActor, IWithTimers
{
    public sealed record Send(long Id, ApiRequest Request, TaskCompletionSource<ApiResponse> Reply);
    public sealed record Forget(long Id);
    public sealed record Watch(long Id, ApiRequest Request, ChannelWriter<ApiWatchEvent> Events);
    public sealed record Ack(long Id, int Count);
    public sealed record Unwatch(long Id);

    private sealed record Connect { public static readonly Connect Now = new(); }
    private sealed record AttemptTimedOut(int Attempt);
    private sealed record ProbeTimedOut { public static readonly ProbeTimedOut Now = new(); }
    private sealed record Sweep { public static readonly Sweep Now = new(); }

    private const string Probe = "probe";

    private readonly ActorTransportOptions _options;
    private readonly BackOff _backOff;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly PendingRequests _requests;
    private readonly Dictionary<long, Watch> _watches = [];
    private readonly Queue<ActorSelection> _candidates = new();
    private IActorRef? _connection;
    private int _attempt;

    public ClientConnectionActor(ActorTransportOptions options)
    {
        _options = options;
        _requests = new PendingRequests(options.RequestTimeout);
        _backOff = new BackOff(options.ReconnectMin, options.ReconnectMax, options.Random);

        Receive<Send>(Handle);
        Receive<Forget>(forget => _requests.Remove(forget.Id));
        Receive<Watch>(Handle);
        Receive<Ack>(ack => { if (_watches.ContainsKey(ack.Id)) _connection?.Tell(new WatchAck(ack.Id, ack.Count)); });
        Receive<Unwatch>(unwatch => { if (_watches.Remove(unwatch.Id)) _connection?.Tell(new CloseWatch(unwatch.Id)); });

        Receive<Connect>(_ => TryNext());
        Receive<ActorIdentity>(Handle);
        Receive<AttemptTimedOut>(late => { if (late.Attempt == _attempt && _connection is null) TryNext(); });
        Receive<ProbeTimedOut>(_ => Lost());
        Receive<Connected>(Handle);
        Receive<ConnectRefused>(Handle);
        Receive<Terminated>(_ => Lost());
        // The first news of a killed process: its TCP connection breaks long before death watch gives it up.
        Receive<DisassociatedEvent>(e => { if (_connection?.Path.Address == e.RemoteAddress) Lost(); });

        Receive<RequestDone>(done => _requests.Answer(done.Id, done.Response));
        Receive<WatchEvents>(Handle);
        Receive<WatchClosed>(Handle);
        Receive<Sweep>(_ => FailOverdue());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
        Self.Tell(Connect.Now);
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        _requests.Fail(_ => true, "the client was closed");
        FailWatches("the client was closed");
    }

    private void Handle(Send send)
    {
        var pending = _requests.Add(send);
        if (!Timers.IsTimerActive("sweep"))
            Timers.StartPeriodicTimer("sweep", Sweep.Now, PendingRequests.SweepEvery);
        if (_connection is not null)
            Transmit(pending);
    }

    private void Handle(Watch watch)
    {
        _watches.Add(watch.Id, watch);
        _connection?.Tell(new OpenWatch(watch.Id, watch.Request));
    }

    private void Transmit(PendingRequests.Pending pending)
    {
        pending.Sent = true;
        _connection.Tell(new SendRequest(pending.Send.Id, pending.Send.Request));
    }

    private void TryNext()
    {
        if (_candidates.Count == 0)
        {
            foreach (var server in _options.Servers.Find(Context.System))
                _candidates.Enqueue(server);
            if (_candidates.Count == 0)
            {
                Retry();
                return;
            }
        }

        _attempt++;
        Timers.StartSingleTimer("attempt", new AttemptTimedOut(_attempt), _options.ConnectTimeout);
        _candidates.Dequeue().Tell(new Identify(_attempt));
    }

    private void Retry() => Timers.StartSingleTimer("retry", Connect.Now, _backOff.Next());

    private void Handle(ActorIdentity identity)
    {
        if (Probe.Equals(identity.MessageId))
            Timers.Cancel(Probe);
        if (_connection is not null || !_attempt.Equals(identity.MessageId))
            return;
        if (identity.Subject is not null)
            identity.Subject.Tell(new Protocol.Connect(_options.Credential(), Self));
        else if (_candidates.Count > 0)
            TryNext();
        else
        {
            Timers.Cancel("attempt");
            Retry();
        }
    }

    private void Handle(Connected connected)
    {
        if (_connection is not null)
            return;
        Timers.Cancel("attempt");
        Timers.Cancel("retry");
        _backOff.Reset();
        _candidates.Clear();
        _connection = Context.Watch(connected.Connection);
        _log.Debug("Connected to {Connection} as {User}", connected.Connection, connected.User.Name);
        foreach (var pending in _requests.InOrder)
            Transmit(pending);
        foreach (var watch in _watches.Values.OrderBy(w => w.Id))
            _connection.Tell(new OpenWatch(watch.Id, watch.Request));
    }

    private void Handle(ConnectRefused refused)
    {
        if (_connection is not null)
            return;
        _log.Warning("An API server refused the connection: {Reason}", refused.Status.Message);
        _requests.AnswerAll(new ApiResponse(refused.Status.Code ?? 401, new ApiObject(refused.Status)));
        foreach (var watch in _watches.Values)
            Close(watch, refused.Status);
        _watches.Clear();
        Timers.Cancel("attempt");
        Retry();
    }

    private void Lost()
    {
        _log.Info("Lost the connection {Connection}", _connection);
        Context.Unwatch(_connection);
        _connection = null;
        Timers.Cancel(Probe);
        _requests.Fail(p => p.Sent, "the connection to the API server broke");
        FailWatches("the connection to the API server broke");
        TryNext();
    }

    private void Handle(WatchEvents message)
    {
        if (_watches.TryGetValue(message.Id, out var watch))
        {
            foreach (var e in message.Events)
                watch.Events.TryWrite(e);
        }
    }

    private void Handle(WatchClosed closed)
    {
        if (_watches.Remove(closed.Id, out var watch))
            Close(watch, closed.Error);
    }

    private static void Close(Watch watch, k8s.Models.V1Status? error)
    {
        if (error is not null)
            watch.Events.TryWrite(new ApiWatchEvent("ERROR", new ApiObject(error)));
        watch.Events.TryComplete();
    }

    private void FailOverdue()
    {
        var overdue = _requests.Sweep(_connection is null ? "no API server could be reached in time" : "the API server did not answer in time");
        // A server that leaves a request unanswered may be cut off without anybody having noticed: ask whether it is there.
        if (overdue && _connection is not null && !Timers.IsTimerActive(Probe))
        {
            Timers.StartSingleTimer(Probe, ProbeTimedOut.Now, _options.ConnectTimeout);
            _connection.Tell(new Identify(Probe));
        }

        if (_requests.Count == 0)
            Timers.Cancel("sweep");
    }

    private void FailWatches(string why)
    {
        foreach (var watch in _watches.Values)
            watch.Events.TryComplete(new ApiUnreachableException($"watch {watch.Request.Resource}: {why}"));
        _watches.Clear();
    }
}
