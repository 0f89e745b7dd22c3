using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Authentication;
using ActorKube.ApiServer.Connections;
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
    private int _connections;

    /// <summary>The pipeline stands: serve, and remove old Events.</summary>
    internal sealed record Serve(ApiPipeline Pipeline, TokenAuthenticator Tokens, int WatchWindow, Props EventExpiry);

    /// <summary>An API server over that store.</summary>
    public ApiServerActor(IActorRef store)
    {
        _watchCaches = Context.ActorOf(Props.Create(() => new WatchCacheSupervisor(store)), "watch-cache");
        Receive<WatchCacheSupervisor.Start>(_watchCaches.Forward);
        Receive<Serve>(serve =>
        {
            Context.ActorOf(serve.EventExpiry, "event-expiry");
            Become(() => Serving(serve));
            Stash.UnstashAll();
        });
        Receive<Connect>(_ => Stash.Stash());
    }

    /// <inheritdoc/>
    public IStash Stash { get; set; } = null!;

    private void Serving(Serve serve)
    {
        Receive<WatchCacheSupervisor.Start>(_watchCaches.Forward);
        Receive<Connect>(connect => Handle(connect, serve));
    }

    private void Handle(Connect connect, Serve serve)
    {
        if (Authenticate(connect, serve.Tokens) is not { } user)
        {
            _log.Warning("Refused a connection of {Client}: its credential is not good", connect.Client);
            Sender.Tell(new ConnectRefused(ApiError.Unauthorized().Status));
            return;
        }

        var connection = Context.ActorOf(
            Props.Create(() => new ConnectionActor(serve.Pipeline, user, connect.Client, serve.WatchWindow)), $"connection-{++_connections}");
        _log.Debug("{User} connected as {Connection}", user.Name, connection);
        Sender.Tell(new Connected(connection, user), connection);
    }

    // A process' own components are believed; the same claim from another process is worth nothing.
    private UserInfo? Authenticate(Connect connect, TokenAuthenticator tokens) => connect.Credential switch
    {
        InProcessCredential own when connect.Client.Path.Address.HasLocalScope && Sender.Path.Address.HasLocalScope => WithAuthenticated(own.User),
        TokenCredential { NodeName.Length: > 0 } join => tokens.Join(join.Token, join.NodeName),
        TokenCredential token => tokens.Authenticate(token.Token),
        _ => null,
    };

    private static UserInfo WithAuthenticated(UserInfo user) =>
        user.IsIn("system:authenticated") ? user : user with { Groups = [.. user.Groups, "system:authenticated"] };
}
