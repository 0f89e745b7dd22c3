using ActorKube.Store.Protocol;
using Akka.Actor;

namespace ActorKube.Benchmarks.Store;

/// <summary>ActorKube's store, asked as the API server asks it.</summary>
/// <param name="store"><c>/user/store</c>.</param>
/// <param name="resources">Resource types that the callers are spread over.</param>
internal class StoreCallers(IActorRef store, int resources = 1) : ICompareAndSet
{
    private static readonly Cause Cause = new("benchmark", "update", "benchmark", 0);

    public virtual string Name => "store";

    public virtual TimeSpan ServerTime => TimeSpan.Zero;

    public string KeyOf(int run, int caller) => $"run-{run}/caller-{caller}";

    public async Task<long> PutAsync(int caller, string key, byte[] value, long expected)
    {
        var put = new Put($"benchmarks{caller % resources}", key, value, expected == 0 ? Expected.Absent : Expected.At(expected), Cause);
        var answer = await store.Ask<object>(put, TimeSpan.FromSeconds(30));
        return answer is Committed committed ? committed.Revision : throw new InvalidOperationException($"unexpected answer {answer}");
    }

    public virtual Task SettleAsync() => Task.CompletedTask;

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
