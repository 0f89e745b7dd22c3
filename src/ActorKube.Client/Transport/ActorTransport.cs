using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ActorKube.Client.Protocol;
using Akka.Actor;

namespace ActorKube.Client.Transport;

/// <summary>
/// Requests as actor messages, inside the cluster. One actor of its own holds the connection; requests made while there is none
/// wait for one, up to their time-out. In one process nothing is copied or serialized.
/// </summary>
public sealed class ActorTransport : IApiTransport
{
    /// <summary>Events taken before they are acknowledged in the middle of a burst.</summary>
    internal const int AckEvery = 64;

    private readonly IActorRef _connection;
    private long _lastId;

    /// <summary>Starts the connection's actor under <paramref name="parent"/> (a system, or the context of the calling actor).</summary>
    public ActorTransport(IActorRefFactory parent, ActorTransportOptions options, string? name = null) =>
        _connection = parent.ActorOf(Props.Create(() => new ClientConnectionActor(options)), name);

    /// <inheritdoc/>
    public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken = default)
    {
        var reply = new TaskCompletionSource<ApiResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = Interlocked.Increment(ref _lastId);
        _connection.Tell(new ClientConnectionActor.Send(id, request, reply), ActorRefs.NoSender);
        return cancellationToken.CanBeCanceled ? WithCancellation(id, reply, cancellationToken) : reply.Task;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ApiWatchEvent> WatchAsync(ApiRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Unbounded here, bounded by the server: it stops a watch whose unacknowledged events pile up.
        var events = Channel.CreateUnbounded<ApiWatchEvent>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        var id = Interlocked.Increment(ref _lastId);
        _connection.Tell(new ClientConnectionActor.Watch(id, request, events.Writer), ActorRefs.NoSender);
        try
        {
            var taken = 0;
            while (await events.Reader.WaitToReadAsync(cancellationToken))
            {
                while (events.Reader.TryRead(out var e))
                {
                    yield return e;
                    if (++taken >= AckEvery)
                        Acknowledge();
                }

                if (taken > 0)
                    Acknowledge();
            }

            void Acknowledge()
            {
                _connection.Tell(new ClientConnectionActor.Ack(id, taken), ActorRefs.NoSender);
                taken = 0;
            }
        }
        finally
        {
            _connection.Tell(new ClientConnectionActor.Unwatch(id), ActorRefs.NoSender);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _connection.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        return ValueTask.CompletedTask;
    }

    private async Task<ApiResponse> WithCancellation(long id, TaskCompletionSource<ApiResponse> reply, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.Register(() =>
        {
            if (reply.TrySetCanceled(cancellationToken))
                _connection.Tell(new ClientConnectionActor.Forget(id), ActorRefs.NoSender);
        });
        return await reply.Task;
    }
}
