using ActorKube.Client.Protocol;
using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;

namespace ActorKube.Client.Serialization;

/// <summary>
/// The messages of the API protocol as Protobuf, each under a manifest of its own. Objects travel as their JSON bytes.
/// What belongs to one process only is refused: an <see cref="InProcessCredential"/> would let anybody who can send a message be anybody.
/// </summary>
public sealed class ApiProtocolSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string ConnectManifest = "connect/1";
    private const string ConnectedManifest = "connected/1";
    private const string ConnectRefusedManifest = "refused/1";
    private const string SendRequestManifest = "request/1";
    private const string RequestDoneManifest = "response/1";
    private const string OpenWatchManifest = "watch/1";
    private const string WatchEventsManifest = "events/1";
    private const string WatchAckManifest = "ack/1";
    private const string CloseWatchManifest = "unwatch/1";
    private const string WatchClosedManifest = "closed/1";

    /// <inheritdoc/>
    public override int Identifier => 36101;

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        SendRequest => SendRequestManifest,
        RequestDone => RequestDoneManifest,
        WatchEvents => WatchEventsManifest,
        WatchAck => WatchAckManifest,
        OpenWatch => OpenWatchManifest,
        CloseWatch => CloseWatchManifest,
        WatchClosed => WatchClosedManifest,
        Connect => ConnectManifest,
        Connected => ConnectedManifest,
        ConnectRefused => ConnectRefusedManifest,
        _ => throw new ArgumentException($"{o.GetType()} is no message of the API protocol"),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => ToMessage(obj).ToByteArray();

    private static IMessage ToMessage(object obj) => obj switch
    {
        SendRequest m => new Proto.SendRequest { Id = m.Id, Request = ProtoMapping.ToProto(m.Request) },
        RequestDone m => new Proto.RequestDone { Id = m.Id, Response = ProtoMapping.ToProto(m.Response) },
        WatchEvents m => new Proto.WatchEvents { Id = m.Id, Events = { m.Events.Select(ProtoMapping.ToProto) } },
        WatchAck m => new Proto.WatchAck { Id = m.Id, Count = m.Count },
        OpenWatch m => new Proto.SendRequest { Id = m.Id, Request = ProtoMapping.ToProto(m.Request) },
        CloseWatch m => new Proto.CloseWatch { Id = m.Id },
        WatchClosed m => new Proto.WatchClosed { Id = m.Id, Error = ProtoMapping.StatusBytes(m.Error) },
        Connect { Credential: TokenCredential token } m => new Proto.Connect
        {
            Token = token.Token,
            NodeName = token.NodeName,
            Client = Akka.Serialization.Serialization.SerializedActorPath(m.Client),
        },
        Connect m => throw new InvalidOperationException($"a {m.Credential.GetType().Name} never leaves its process"),
        Connected m => new Proto.Connected
        {
            Connection = Akka.Serialization.Serialization.SerializedActorPath(m.Connection),
            User = new Proto.User { Name = m.User.Name, Uid = m.User.Uid, Groups = { m.User.Groups } },
        },
        ConnectRefused m => new Proto.ConnectRefused { Status = ProtoMapping.StatusBytes(m.Status) },
        _ => throw new ArgumentException($"{obj.GetType()} is no message of the API protocol"),
    };

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        switch (manifest)
        {
            case SendRequestManifest:
                var request = Proto.SendRequest.Parser.ParseFrom(bytes);
                return new SendRequest(request.Id, ProtoMapping.FromProto(request.Request));
            case RequestDoneManifest:
                var done = Proto.RequestDone.Parser.ParseFrom(bytes);
                return new RequestDone(done.Id, ProtoMapping.FromProto(done.Response));
            case WatchEventsManifest:
                var events = Proto.WatchEvents.Parser.ParseFrom(bytes);
                return new WatchEvents(events.Id, [.. events.Events.Select(ProtoMapping.FromProto)]);
            case WatchAckManifest:
                var ack = Proto.WatchAck.Parser.ParseFrom(bytes);
                return new WatchAck(ack.Id, ack.Count);
            case OpenWatchManifest:
                var open = Proto.SendRequest.Parser.ParseFrom(bytes);
                return new OpenWatch(open.Id, ProtoMapping.FromProto(open.Request));
            case CloseWatchManifest:
                return new CloseWatch(Proto.CloseWatch.Parser.ParseFrom(bytes).Id);
            case WatchClosedManifest:
                var closed = Proto.WatchClosed.Parser.ParseFrom(bytes);
                return new WatchClosed(closed.Id, ProtoMapping.StatusFrom(closed.Error));
            case ConnectManifest:
                var connect = Proto.Connect.Parser.ParseFrom(bytes);
                return new Connect(new TokenCredential(connect.Token, connect.NodeName), system.Provider.ResolveActorRef(connect.Client));
            case ConnectedManifest:
                var connected = Proto.Connected.Parser.ParseFrom(bytes);
                return new Connected(system.Provider.ResolveActorRef(connected.Connection),
                    new Api.Meta.UserInfo(connected.User.Name, [.. connected.User.Groups], connected.User.Uid));
            case ConnectRefusedManifest:
                return new ConnectRefused(ProtoMapping.StatusFrom(Proto.ConnectRefused.Parser.ParseFrom(bytes).Status)!);
            default:
                throw new ArgumentException($"unknown manifest \"{manifest}\" of the API protocol");
        }
    }
}
