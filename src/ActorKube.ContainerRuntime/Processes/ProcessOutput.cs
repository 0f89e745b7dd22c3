using System.Threading.Channels;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>Passes a running container's output on to whoever is attached to it.</summary>
internal sealed class ProcessOutput
{
    private const int MaxWaiting = 256;
    private readonly Lock _lock = new();
    private readonly List<Channel<(string Stream, byte[] Bytes)>> _attached = [];
    private bool _ended;

    /// <summary>Output for everybody. Whoever is too slow to take it is cut off: the container must not wait for a viewer.</summary>
    public void Write(string stream, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (_attached.Count == 0)
            {
                return;
            }

            var copy = bytes.ToArray();
            foreach (var slow in _attached.Where(a => !a.Writer.TryWrite((stream, copy))).ToList())
            {
                slow.Writer.TryComplete(new ContainerRuntimeException("The attached client is too slow for the container's output."));
                _attached.Remove(slow);
            }
        }
    }

    /// <summary>There will be no more output.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            _attached.ForEach(a => a.Writer.TryComplete());
            _attached.Clear();
        }
    }

    /// <summary>Follows the output from now on until it ends.</summary>
    public async Task FollowAsync(Stream? stdout, Stream? stderr, CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<(string Stream, byte[] Bytes)>(MaxWaiting);
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            _attached.Add(channel);
        }

        try
        {
            await foreach (var (stream, bytes) in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if ((stream == "stdout" ? stdout : stderr) is { } to)
                {
                    await to.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
                    await to.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            lock (_lock)
            {
                _attached.Remove(channel);
            }
        }
    }
}
