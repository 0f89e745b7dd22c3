using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>Hands every event to everybody who listens.</summary>
internal sealed class ContainerEventHub
{
    private readonly ConcurrentDictionary<Channel<ContainerEventResponse>, bool> _listeners = new();

    /// <summary>Something happened.</summary>
    public void Publish(ContainerEventResponse happened)
    {
        foreach (var listener in _listeners.Keys)
        {
            listener.Writer.TryWrite(happened);
        }
    }

    /// <summary>Everything that happens from now on.</summary>
    public async IAsyncEnumerable<ContainerEventResponse> ListenAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<ContainerEventResponse>(new UnboundedChannelOptions { SingleReader = true });
        _listeners[channel] = true;
        try
        {
            await foreach (var happened in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return happened;
            }
        }
        finally
        {
            _listeners.TryRemove(channel, out _);
        }
    }
}
