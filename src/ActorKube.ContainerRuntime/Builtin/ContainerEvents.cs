using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>Tells every listener what happens to containers. A listener gets what happens after it began to listen.</summary>
internal sealed class ContainerEvents(RuntimeModel model)
{
    private ImmutableList<Channel<ContainerEventResponse>> _listeners = [];

    public void Publish(ContainerEventType type, string containerId, SandboxEntry? sandbox)
    {
        if (_listeners.IsEmpty)
            return;
        var happened = new ContainerEventResponse { ContainerId = containerId, ContainerEventType = type, CreatedAt = model.Now() };
        if (sandbox is not null)
        {
            happened.PodSandboxStatus = CriViews.ToSandboxStatus(sandbox);
            happened.ContainersStatuses.AddRange(model.ContainersOf(sandbox.Id).Select(CriViews.ToContainerStatus));
        }
        foreach (var listener in _listeners)
            listener.Writer.TryWrite(happened);
    }

    public IAsyncEnumerable<ContainerEventResponse> ListenAsync(CancellationToken cancellationToken)
    {
        // Subscribed before the first read, so that nothing between the call and the read is missed.
        var channel = Channel.CreateUnbounded<ContainerEventResponse>(new UnboundedChannelOptions { SingleReader = true });
        ImmutableInterlocked.Update(ref _listeners, l => l.Add(channel));
        return ReadAsync(channel, cancellationToken);
    }

    /// <summary>Ends every listener's stream.</summary>
    public void Complete()
    {
        foreach (var listener in _listeners)
            listener.Writer.TryComplete();
    }

    private async IAsyncEnumerable<ContainerEventResponse> ReadAsync(Channel<ContainerEventResponse> channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return happened;
        }
        finally
        {
            ImmutableInterlocked.Update(ref _listeners, l => l.Remove(channel));
        }
    }
}
