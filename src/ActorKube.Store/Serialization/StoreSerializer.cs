using ActorKube.Store.Cluster;
using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;
using ActorKube.Store.Serialization.Wire;
using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;

namespace ActorKube.Store.Serialization;

/// <summary>
/// Writes the store's events, snapshots and messages as Protobuf (<c>store.proto</c>). Manifests carry a version; whatever was once written
/// is read for ever, so a changed layout gets a new manifest beside the old one. Objects travel as the bytes they are.
/// </summary>
public sealed class StoreSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    // Without a checksum; written by earlier versions.
    internal const string Event1 = "event/1";
    internal const string Snapshot1 = "snapshot/1";
    internal const string Event = "event/2";
    internal const string Snapshot = "snapshot/2";
    internal const string SnapshotHead = "snapshot-head/1";
    internal const string SnapshotPart = "snapshot-part/1";
    internal const int Id = 1864;

    private const string PutManifest = "put/1";
    private const string RemoveManifest = "remove/1";
    private const string AdvanceManifest = "advance/1";
    private const string OpenManifest = "open/1";
    private const string OpenedManifest = "opened/1";
    private const string CommittedManifest = "committed/1";
    private const string RejectedManifest = "rejected/1";
    private const string OutcomeUnknownManifest = "outcome-unknown/1";
    private const string NotAttemptedManifest = "not-attempted/1";
    private const string GetRevisionManifest = "get-revision/1";
    private const string CurrentRevisionManifest = "current-revision/1";
    private const string SubscribeManifest = "subscribe/1";
    private const string UnsubscribeManifest = "unsubscribe/1";
    private const string MovedManifest = "moved/1";
    private const string Objects = "objects/1";
    private const string Events = "events/1";

    /// <summary>Fixed for ever: it is written beside every event.</summary>
    public override int Identifier => Id;

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        StoreEvent => Event,
        ResourceSnapshot => Snapshot,
        Put => PutManifest,
        Remove => RemoveManifest,
        Advance => AdvanceManifest,
        OpenStore => OpenManifest,
        StoreOpened => OpenedManifest,
        Committed => CommittedManifest,
        Rejected => RejectedManifest,
        OutcomeUnknown => OutcomeUnknownManifest,
        NotAttempted => NotAttemptedManifest,
        GetRevision => GetRevisionManifest,
        CurrentRevision => CurrentRevisionManifest,
        Subscribe => SubscribeManifest,
        Unsubscribe => UnsubscribeManifest,
        StoreMoved => MovedManifest,
        StoreSnapshot => Objects,
        StoreEvents => Events,
        _ => throw Unknown(o.GetType()),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj is StoreEvent or ResourceSnapshot ? Checksum.Write(Message(obj)) : Message(obj).ToByteArray();

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        switch (manifest)
        {
            case Event:
                return EventData.Parser.ParseFrom(Checksum.Verify(bytes)).ToEvent();
            case Event1:
                return EventData.Parser.ParseFrom(bytes).ToEvent();
            case Snapshot:
                return SnapshotData.Parser.ParseFrom(Checksum.Verify(bytes)).ToSnapshot();
            case Snapshot1:
                return SnapshotData.Parser.ParseFrom(bytes).ToSnapshot();
            case PutManifest:
                var put = PutData.Parser.ParseFrom(bytes);
                return new Put(put.Resource, put.Key, put.Value.Memory, StoreWire.ToExpected(put.Expected), put.Cause.ToCause()) { Unique = StoreWire.ToList(put.Unique) };
            case RemoveManifest:
                var remove = RemoveData.Parser.ParseFrom(bytes);
                return new Remove(remove.Resource, remove.Key, remove.Value.Memory, StoreWire.ToExpected(remove.Expected), remove.Cause.ToCause());
            case AdvanceManifest:
                var advance = AdvanceData.Parser.ParseFrom(bytes);
                return new Advance(advance.Resource, advance.Current);
            case OpenManifest:
                return new OpenStore(OpenData.Parser.ParseFrom(bytes).Proof.Memory);
            case OpenedManifest:
                var opened = OpenedData.Parser.ParseFrom(bytes);
                return new StoreOpened(Resolve(opened.Store), opened.Epoch);
            case CommittedManifest:
                return new Committed(RevisionData.Parser.ParseFrom(bytes).Revision);
            case RejectedManifest:
                var rejected = RevisionData.Parser.ParseFrom(bytes);
                return new Rejected(rejected.Revision) { Taken = rejected.Taken };
            case OutcomeUnknownManifest:
                return new OutcomeUnknown(OutcomeUnknownData.Parser.ParseFrom(bytes).Reason);
            case NotAttemptedManifest:
                return new NotAttempted(OutcomeUnknownData.Parser.ParseFrom(bytes).Reason);
            case GetRevisionManifest:
                return new GetRevision(ResourceData.Parser.ParseFrom(bytes).Resource);
            case CurrentRevisionManifest:
                return new CurrentRevision(RevisionData.Parser.ParseFrom(bytes).Revision);
            case SubscribeManifest:
                var subscribe = SubscriptionData.Parser.ParseFrom(bytes);
                return new Subscribe(subscribe.Resource, Resolve(subscribe.Subscriber)) { After = subscribe.HasAfter ? subscribe.After : null };
            case UnsubscribeManifest:
                var unsubscribe = SubscriptionData.Parser.ParseFrom(bytes);
                return new Unsubscribe(unsubscribe.Resource, Resolve(unsubscribe.Subscriber));
            case MovedManifest:
                return StoreMoved.Instance;
            case Objects:
                return ObjectsData.Parser.ParseFrom(bytes).ToSnapshot();
            case Events:
                var events = EventsData.Parser.ParseFrom(bytes);
                return new StoreEvents(events.Resource, [.. events.Events.Select(e => e.ToEvent())]);
            default:
                throw new ArgumentException($"The store wrote no '{manifest}' that this version can read", nameof(manifest));
        }
    }

    private static IMessage Message(object obj) => obj switch
    {
        StoreEvent e => e.ToData(),
        ResourceSnapshot s => s.ToData(),
        Put p => new PutData { Resource = p.Resource, Key = p.Key, Value = p.Value.ToBytes(), Expected = p.Expected.Revision, Cause = p.Cause.ToData(), Unique = { p.Unique } },
        Remove r => new RemoveData { Resource = r.Resource, Key = r.Key, Value = r.Value.ToBytes(), Expected = r.Expected.Revision, Cause = r.Cause.ToData() },
        Advance a => new AdvanceData { Resource = a.Resource, Current = a.Current },
        Committed c => new RevisionData { Revision = c.Revision },
        OpenStore o => new OpenData { Proof = o.Proof.ToBytes() },
        StoreOpened o => new OpenedData { Store = Akka.Serialization.Serialization.SerializedActorPath(o.Store), Epoch = o.Epoch },
        Rejected r => new RevisionData { Revision = r.CurrentRevision, Taken = r.Taken },
        CurrentRevision c => new RevisionData { Revision = c.Revision },
        OutcomeUnknown u => new OutcomeUnknownData { Reason = u.Reason },
        NotAttempted n => new OutcomeUnknownData { Reason = n.Reason },
        GetRevision g => new ResourceData { Resource = g.Resource },
        Subscribe s => Message(s),
        Unsubscribe u => new SubscriptionData { Resource = u.Resource, Subscriber = Akka.Serialization.Serialization.SerializedActorPath(u.Subscriber) },
        StoreMoved => new MovedData(),
        StoreSnapshot s => s.ToData(),
        StoreEvents e => new EventsData { Resource = e.Resource, Events = { e.Events.Select(x => x.ToData()) } },
        _ => throw Unknown(obj.GetType()),
    };

    private static SubscriptionData Message(Subscribe subscribe)
    {
        var data = new SubscriptionData { Resource = subscribe.Resource, Subscriber = Akka.Serialization.Serialization.SerializedActorPath(subscribe.Subscriber) };
        if (subscribe.After is { } after)
            data.After = after;
        return data;
    }

    private IActorRef Resolve(string path) => system.Provider.ResolveActorRef(path);

    private static ArgumentException Unknown(Type type) => new($"{nameof(StoreSerializer)} was asked for {type}");
}
