using ActorKube.Api.Meta;
using ActorKube.ApiServer.Endpoints.Proxies;
using ActorKube.ApiServer.Pipeline;
using ActorKube.Client.Protocol;
using Akka.Actor;

namespace ActorKube.ApiServer.Connections;

/// <summary>
/// One connected component: its requests go through the pipeline under its name, its watches stream to it. Child of
/// <see cref="ApiServerActor"/>; ends with the component.
/// </summary>
internal sealed class ConnectionActor : ReceiveActor
{
    private readonly ApiPipeline _pipeline;
    private readonly ObjectProxy _proxy;
    private readonly UserInfo _user;
    private readonly IActorRef _client;
    private readonly int _window;
    private readonly Dictionary<long, WatchStream> _watches = [];
    private readonly CancellationTokenSource _ended = new();

    /// <summary>A watch's stream is over; the client has been told.</summary>
    internal sealed record WatchEnded(long Id, WatchStream Stream);

    public ConnectionActor(ApiPipeline pipeline, ObjectProxy proxy, UserInfo user, IActorRef client, int window)
    {
        _pipeline = pipeline;
        _proxy = proxy;
        _user = user;
        _client = client;
        _window = window;
        Receive<SendRequest>(Handle);
        Receive<OpenWatch>(Handle);
        Receive<WatchAck>(ack => Find(ack.Id)?.Acknowledge(ack.Count));
        Receive<CloseWatch>(Handle);
        Receive<WatchEnded>(Handle);
        Receive<Terminated>(_ => Context.Stop(Self));
    }

    /// <inheritdoc/>
    protected override void PreStart() => Context.Watch(_client);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _ended.Cancel();
        foreach (var watch in _watches.Values)
        {
            watch.Close();
        }
    }

    private void Handle(SendRequest message) =>
        AnswerAsync(message.Request).PipeTo(Sender, Self, response => new RequestDone(message.Id, response));

    private Task<ApiResponse> AnswerAsync(ApiRequest request) => request is { Verb: "get", Subresource: "proxy" } || request.Subresource.StartsWith("proxy/", StringComparison.Ordinal)
        ? _proxy.GetAsync(request, _user, _ended.Token)
        : _pipeline.HandleAsync(request, _user, _ended.Token);

    private void Handle(OpenWatch message)
    {
        var stream = new WatchStream(message.Id, _client, Self, _window);
        if (_watches.Remove(message.Id, out var before))
        {
            before.Close();
        }

        _watches.Add(message.Id, stream);
        stream.Start(_pipeline, message.Request, _user);
    }

    private void Handle(CloseWatch message)
    {
        if (_watches.Remove(message.Id, out var stream))
        {
            stream.Close();
        }
    }

    private void Handle(WatchEnded message)
    {
        if (Find(message.Id) == message.Stream)
        {
            _watches.Remove(message.Id);
        }
    }

    private WatchStream? Find(long id) => _watches.GetValueOrDefault(id);
}
