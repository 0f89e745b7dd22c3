using System.Collections.Immutable;
using System.Text;
using ActorKube.Store.Cluster;
using ActorKube.Store.Database;
using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;
using ActorKube.Store.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace ActorKube.Store.Tests.Serialization;

public sealed class StoreSerializerTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("serializer-test", StoreSettings.Reference);

    public void Dispose() => _system.Dispose();

    public static TheoryData<object> Messages => new()
    {
        new StoreEvent(7, "ns/a", StoreEventType.Removed, Some.Json("x"), Some.Cause),
        Some.Create("ns/a"),
        Some.Write("ns/a"),
        Some.Update("ns/a", 5),
        Some.Delete("ns/a", 5),
        Some.DeleteAny("ns/a"),
        new Committed(7),
        new Rejected(0),
        new OutcomeUnknown("disk full"),
        new NotAttempted("no owner"),
        new Advance("pods", 7),
        StoreMoved.Instance,
        new OpenStore(Some.Json("proof")),
        new Rejected(3) { Taken = "ip/10.96.0.1" },
        new Put("services", "ns/a", Some.Json("x"), Expected.Absent, Some.Cause) { Unique = ["ip/10.96.0.1", "port/TCP/30000"] },
        new StoreEvents("services", []),
        new StoreEvents("services", [new StoreEvent(7, "ns/a", StoreEventType.Created, Some.Json("x"), Some.Cause) { Unique = ["ip/10.96.0.1"] }]),
        new StoreSnapshot("services", 9, [new StoredObject("ns/a", 7, Some.Json("x")) { Unique = ["ip/10.96.0.1"] }]) { More = true },
        new GetRevision("pods"),
        new CurrentRevision(9),
        new StoreSnapshot("pods", 9, [new StoredObject("ns/a", 7, Some.Json("x")), new StoredObject("ns/b", 9, Some.Json("y"))]),
        new StoreEvents("pods", [new StoreEvent(7, "ns/a", StoreEventType.Created, Some.Json("x"), Some.Cause)]),
        new ResourceSnapshot(
            new ResourceStoreState(9, ResourceStoreState.Empty.Objects.Add("ns/a", new StoredObject("ns/a", 7, Some.Json("x"))))),
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Reads_what_it_wrote(object message)
    {
        var serializer = Assert.IsType<StoreSerializer>(_system.Serialization.FindSerializerFor(message));
        var copy = serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message));
        Assert.Equal(Text(message), Text(copy));
    }

    [Fact]
    public void A_subscription_carries_its_subscriber()
    {
        var subscriber = _system.ActorOf(Props.Create(() => new Silent()), "subscriber");
        foreach (var message in new object[] { new Subscribe("pods", subscriber), new Unsubscribe("pods", subscriber), new StoreOpened(subscriber, 7) })
        {
            var serializer = Assert.IsType<StoreSerializer>(_system.Serialization.FindSerializerFor(message));
            Assert.Equal(message, serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message)));
        }
    }

    // The bytes of every version ever written. Never change a line here: add one.
    private static readonly string Event1 = "0807" + "1204" + Hex("ns/a") + "1802" + "220C" + Hex("{\"data\":\"x\"}") + "2A1F" + "0A05" + Hex("alice") + "1206" + Hex("update") + "1A07" + Hex("kubectl") + "2080D095FFBC31";
    private static readonly string Event2 = Event1 + "7D7C5D95C9";
    private static readonly string Snapshot1 = "0809" + "1004" + "1A16" + "0A04" + Hex("ns/a") + "1007" + "1A0C" + Hex("{\"data\":\"x\"}");
    private static readonly string Snapshot2 = Snapshot1 + "7DBB06EDD7";
    private static readonly string Snapshot2WithoutCompacted = "0809" + "1A16" + "0A04" + Hex("ns/a") + "1007" + "1A0C" + Hex("{\"data\":\"x\"}") + "7DF832540D";

    public static TheoryData<string, string> Events => new() { { "event/1", Event1 }, { "event/2", Event2 } };

    public static TheoryData<string, string> Snapshots => new() { { "snapshot/1", Snapshot1 }, { "snapshot/2", Snapshot2 }, { "snapshot/2", Snapshot2WithoutCompacted } };

    [Theory]
    [MemberData(nameof(Events))]
    public void Reads_every_version_of_events(string manifest, string golden)
    {
        var read = Assert.IsType<StoreEvent>(Serializer.FromBinary(Convert.FromHexString(golden), manifest));
        Assert.Equal(Text(new StoreEvent(7, "ns/a", StoreEventType.Updated, Some.Json("x"), Some.Cause)), Text(read));
        Assert.Equal("event/2", Serializer.Manifest(read));
        Assert.Equal(Event2, Convert.ToHexString(Serializer.ToBinary(read)));
    }

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Reads_every_version_of_snapshots(string manifest, string golden)
    {
        var read = Assert.IsType<ResourceSnapshot>(Serializer.FromBinary(Convert.FromHexString(golden), manifest));
        Assert.Equal(9, read.State.Revision);
        Assert.Equal(Text(new StoredObject("ns/a", 7, Some.Json("x"))), Text(read.State.Objects["ns/a"]));
        Assert.Equal("snapshot/2", Serializer.Manifest(read));
        Assert.Equal(Snapshot2WithoutCompacted, Convert.ToHexString(Serializer.ToBinary(read)));
    }

    [Fact]
    public void Reads_of_an_event_all_but_the_object()
    {
        var change = new StoreEvent(7, "ns/a", StoreEventType.Removed, Some.Json("x"), Some.Cause) { Previous = 5, Unique = ["ip/10.96.0.1"] };
        Assert.Equal(new EventHeader(7, StoreEventType.Removed, "ns/a", 99), StoreWire.Header(new JournalRow("store-pods", 7, 99, StoreSerializer.Id, "event/2", "", Serializer.ToBinary(change))));
    }

    [Fact]
    public void Notices_any_changed_or_missing_byte()
    {
        foreach (var (manifest, golden) in new[] { ("event/2", Event2), ("snapshot/2", Snapshot2) })
        {
            var bytes = Convert.FromHexString(golden);
            for (var i = 0; i < bytes.Length; i++)
            {
                for (var change = 1; change < 256; change++)
                {
                    bytes[i] ^= (byte)change;
                    Assert.Throws<InvalidDataException>(() => Serializer.FromBinary(bytes, manifest));
                    bytes[i] ^= (byte)change;
                }

                Assert.Throws<InvalidDataException>(() => Serializer.FromBinary(bytes[..i], manifest));
            }
        }
    }

    [Fact]
    public void Refuses_a_version_it_does_not_know() => Assert.Throws<ArgumentException>(() => Serializer.FromBinary([], "event/3"));

    [Fact]
    public void Nothing_of_the_store_falls_to_the_default_serializer()
    {
        var messages = typeof(Put).Assembly.GetTypes().Where(t => t.Namespace == typeof(Put).Namespace && t is { IsClass: true, IsSealed: true, IsPublic: true } && t != typeof(Cause) && t != typeof(StoredObject));
        Assert.All(messages, type => Assert.IsType<StoreSerializer>(_system.Serialization.FindSerializerForType(type)));
    }

    private StoreSerializer Serializer => (StoreSerializer)_system.Serialization.FindSerializerForType(typeof(StoreEvent));

    private static string Hex(string text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text));

    // Records compare byte memories by reference; compare what they say instead.
    private static string Text(object value) => value switch
    {
        StoreEvent e => $"{e.Revision} {e.Key} {e.Type} {Text(e.Value)} {e.Cause} {string.Join(',', e.Unique)}",
        Put p => $"{p.Resource} {p.Key} {Text(p.Value)} {p.Expected} {p.Cause} {string.Join(',', p.Unique)}",
        Remove r => $"{r.Resource} {r.Key} {Text(r.Value)} {r.Expected} {r.Cause}",
        StoredObject o => $"{o.Key} {o.Revision} {Text(o.Value)} {string.Join(',', o.Unique)}",
        StoreSnapshot s => $"{s.Resource} {s.Revision} {s.More} {string.Join(',', s.Objects.Select(Text))}",
        StoreEvents e => $"{e.Resource} {string.Join(',', e.Events.Select(Text))}",
        OpenStore o => $"open {Text(o.Proof)}",
        ResourceSnapshot s => $"{s.State.Revision} {string.Join(',', s.State.Holders)} {string.Join(',', s.State.Objects.Values.Select(Text))}",
        ReadOnlyMemory<byte> bytes => Encoding.UTF8.GetString(bytes.Span),
        _ => value.ToString()!,
    };

    private sealed class Silent : ReceiveActor;
}
