using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authentication;
using ActorKube.ApiServer.Connections;
using ActorKube.ApiServer.Endpoints.Proxies;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.ApiServer;

/// <summary>
/// <c>/user/apiserver</c>: the door for components that speak in actor messages. Finds out who connects and gives each a
/// <see cref="ConnectionActor"/>; parent of the watch caches. Waits with connections until the pipeline stands.
/// </summary>
public sealed class ApiServerActor : ReceiveActor, IWithUnboundedStash
{
    /// <summary>The actor's name.</summary>
    public const string Name = "apiserver";

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IActorRef _watchCaches;
    private readonly CancellationTokenSource _stopped = new();
    private int _connections;

    /// <summary>The pipeline stands: serve, and remove old Events.</summary>
    internal sealed record Serve(ApiPipeline Pipeline, ObjectProxy Proxy, BearerAuthenticator Tokens, int WatchWindow, Props EventExpiry, Props Definitions);

    /// <summary>An API server over that store.</summary>
    public ApiServerActor(IActorRef store)
    {
        _watchCaches = Context.ActorOf(Props.Create(() => new WatchCacheSupervisor(store)), "watch-cache");
        Receive<WatchCacheSupervisor.Start>(_watchCaches.Forward);
        Receive<WatchCacheSupervisor.Stop>(_watchCaches.Forward);
        Receive<Serve>(serve =>
        {
            Context.ActorOf(serve.EventExpiry, "event-expiry");
            Context.ActorOf(serve.Definitions, "custom-resource-definitions");
            Become(() => Serving(serve));
            Stash.UnstashAll();
        });
        Receive<Connect>(_ => Stash.Stash());
    }

    /// <inheritdoc/>
    public IStash Stash { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PostStop() => _stopped.Cancel();

    private void Serving(Serve serve)
    {
        Receive<WatchCacheSupervisor.Start>(_watchCaches.Forward);
        Receive<WatchCacheSupervisor.Stop>(_watchCaches.Forward);
        Receive<Connect>(connect => Handle(connect, serve));
        Receive<Judged>(judged => Admit(judged, serve));
    }

    private void Handle(Connect connect, Serve serve)
    {
        switch (connect.Credential)
        {
            // A process' own components are believed; the same claim from another process is worth nothing.
            case InProcessCredential own when connect.Client.Path.Address.HasLocalScope && Sender.Path.Address.HasLocalScope:
                Admit(new Judged(connect, WithAuthenticated(own.User), Sender), serve);
                break;
            case TokenCredential token:
                var sender = Sender;
                var bearer = token.NodeName.Length > 0 ? TokenAuthenticator.JoinAs(token.Token, token.NodeName) : token.Token;
                serve.Tokens.AuthenticateAsync(bearer, _stopped.Token).AsTask().PipeTo(
                    Self, Self, user => new Judged(connect, user, sender), error => new Judged(connect, null, sender, error));
                break;
            default:
                Admit(new Judged(connect, null, Sender), serve);
                break;
        }
    }

    private void Admit(Judged judged, Serve serve)
    {
        if (judged.User is not { } user)
        {
            _log.Warning(judged.Error, "Refused a connection of {Client}: its credential is not good", judged.Connect.Client);
            judged.Sender.Tell(new ConnectRefused(ApiError.Unauthorized().Status));
            return;
        }

        var connection = Context.ActorOf(
            Props.Create(() => new ConnectionActor(serve.Pipeline, serve.Proxy, user, judged.Connect.Client, serve.WatchWindow)), $"connection-{++_connections}");
        _log.Debug("{User} connected as {Connection}", user.Name, connection);
        judged.Sender.Tell(new Connected(connection, user), connection);
    }

    private static UserInfo WithAuthenticated(UserInfo user) =>
        user.IsIn(UserInfo.Authenticated) ? user : user with { Groups = [.. user.Groups, UserInfo.Authenticated] };

    // What became of a credential; no user: it is not good, or could not be looked at.
    private sealed record Judged(Connect Connect, UserInfo? User, IActorRef Sender, Exception? Error = null);
}
