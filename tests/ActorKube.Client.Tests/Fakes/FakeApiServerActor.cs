using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.Client.Protocol;
using Akka.Actor;

namespace ActorKube.Client.Tests.Fakes;

/// <summary>The actor side of an API server over a <see cref="FakeApi"/>: one connection actor per component.</summary>
public sealed class FakeApiServerActor : ReceiveActor
{
    public FakeApiServerActor(FakeApi api, Func<ApiCredential, bool> accepts)
    {
        Receive<Connect>(connect =>
        {
            if (accepts(connect.Credential))
                Sender.Tell(new Connected(Context.ActorOf(Props.Create(() => new Connection(api, connect.Client))), new UserInfo("somebody", [])));
            else
                Sender.Tell(new ConnectRefused(ApiError.Unauthorized().Status));
        });
        Receive<KillConnections>(_ =>
        {
            foreach (var child in Context.GetChildren())
                Context.Stop(child);
        });
    }

    public sealed record KillConnections;

    /// <summary>Answers requests, except those for an object named <c>silence</c>.</summary>
    private sealed class Connection : ReceiveActor
    {
        private readonly Dictionary<long, CancellationTokenSource> _watches = [];

        public Connection(FakeApi api, IActorRef client)
        {
            Receive<SendRequest>(m =>
            {
                if (m.Request.Name != "silence")
                    api.SendAsync(Rebuilt(m.Request)).PipeTo(Sender, success: r => new RequestDone(m.Id, r));
            });
            Receive<OpenWatch>(m =>
            {
                var cancelled = _watches[m.Id] = new CancellationTokenSource();
                _ = Pump(api, m, client, cancelled.Token);
            });
            Receive<CloseWatch>(m => { if (_watches.Remove(m.Id, out var watch)) watch.Cancel(); });
            Receive<WatchAck>(_ => { });
        }

        protected override void PostStop()
        {
            foreach (var watch in _watches.Values)
                watch.Cancel();
        }

        // FakeApi takes objects; from another process only bytes arrive.
        private static ApiRequest Rebuilt(ApiRequest request) => request.Object is not null || request.Verb != "create"
            ? request
            : request with { Object = ApiJson.Deserialize(Api.Kinds.KindRegistry.BuiltIn.Find(request.Group, request.Version, request.Resource)!.ClrType!, request.Body.Span) };

        private static async Task Pump(FakeApi api, OpenWatch m, IActorRef client, CancellationToken cancelled)
        {
            try
            {
                await foreach (var e in api.WatchAsync(m.Request, cancelled))
                {
                    if (e.Type == "ERROR")
                    {
                        client.Tell(new WatchClosed(m.Id, e.Object.As<k8s.Models.V1Status>()), ActorRefs.NoSender);
                        return;
                    }

                    client.Tell(new WatchEvents(m.Id, [e]), ActorRefs.NoSender);
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }
}
