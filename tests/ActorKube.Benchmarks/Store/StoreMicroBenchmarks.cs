using System.Globalization;
using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;
using ActorKube.Store.Serialization;
using Akka.Actor;
using BenchmarkDotNet.Attributes;

namespace ActorKube.Benchmarks.Store;

/// <summary>What one write costs outside the database, with 10,000 objects in the store.</summary>
[MemoryDiagnoser]
public class StoreMicroBenchmarks
{
    private static readonly Cause Cause = new("system:node:n1", "update", "kubelet", 1_700_000_000_000);

    private readonly byte[] _value = new byte[1536];
    private ActorSystem _system = null!;
    private StoreSerializer _serializer = null!;
    private ResourceStoreState _state = null!;
    private StoreEvent _event = null!;
    private byte[] _bytes = null!;

    /// <summary>Fills the state.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _system = ActorSystem.Create("benchmark", ActorKube.Store.StoreSettings.Reference);
        _serializer = (StoreSerializer)_system.Serialization.FindSerializerForType(typeof(StoreEvent));
        _state = Enumerable.Range(0, 10_000).Aggregate(ResourceStoreState.Empty, (state, i) => state.Apply(state.Decide(Write(i))!));
        _event = _state.Decide(Write(5000))!;
        _bytes = _serializer.ToBinary(_event);
    }

    /// <summary>Ends the actor system.</summary>
    [GlobalCleanup]
    public void CleanUp() => _system.Dispose();

    /// <summary>Decides and applies one write.</summary>
    [Benchmark]
    public ResourceStoreState DecideAndApply() => _state.Apply(_state.Decide(Write(5000))!);

    /// <summary>A batch of 100 writes through the queue.</summary>
    [Benchmark(OperationsPerInvoke = 100)]
    public int QueueABatch()
    {
        var queue = new WriteQueue<int>(_state, 500, long.MaxValue);
        for (var i = 0; i < 100; i++)
            queue.Offer(i, Write(i));
        queue.Begin();
        return queue.Complete().Count;
    }

    /// <summary>Writes an event's bytes.</summary>
    [Benchmark]
    public byte[] Serialize() => _serializer.ToBinary(_event);

    /// <summary>Reads an event's bytes.</summary>
    [Benchmark]
    public object Deserialize() => _serializer.FromBinary(_bytes, "event/2");

    private Put Write(int i) => new("pods", "default/pod-" + i.ToString(CultureInfo.InvariantCulture), _value, Expected.Any, Cause);
}
