using ActorKube.Store.Protocol;
using Akka.Actor;
using System.Threading.Channels;

namespace ActorKube.Store.Tests;

/// <summary>A subscriber whose messages a test reads one by one.</summary>
internal sealed class StoreProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Channel<object> _received = Channel.CreateUnbounded<object>();

    public StoreProbe(ActorSystem system)
    {
        var writer = _received.Writer;
        Ref = system.ActorOf(Props.Create(() => new Recorder(writer)));
    }

    public IActorRef Ref { get; }

    public async Task<T> ExpectAsync<T>()
    {
        using var patience = new CancellationTokenSource(Patience);
        return Assert.IsType<T>(await _received.Reader.ReadAsync(patience.Token));
    }

    /// <summary>Reads events until the revision has come.</summary>
    public async Task<List<StoreEvent>> EventsUntilAsync(long revision)
    {
        var all = new List<StoreEvent>();
        while (all.Count == 0 || all[^1].Revision < revision)
            all.AddRange((await ExpectAsync<StoreEvents>()).Events);
        return all;
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(ChannelWriter<object> writer) => ReceiveAny(message => writer.TryWrite(message));
    }
}
