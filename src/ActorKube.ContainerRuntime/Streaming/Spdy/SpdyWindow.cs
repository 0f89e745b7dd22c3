namespace ActorKube.ContainerRuntime.Streaming.Spdy;

/// <summary>How much may still be sent before the peer says that it has room for more.</summary>
internal sealed class SpdyWindow(int size)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _size = size;
    private Exception? _failure;

    /// <summary>Takes up to <paramref name="wanted"/> bytes of the window, waiting until there is at least one.</summary>
    public async ValueTask<int> TakeAsync(int wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task grown;
            lock (_lock)
            {
                if (_failure is not null)
                {
                    throw new SpdyException(_failure.Message, _failure);
                }

                if (_size > 0)
                {
                    var taken = (int)Math.Min(wanted, _size);
                    _size -= taken;
                    return taken;
                }

                grown = _grown.Task;
            }

            await grown.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gives room, or takes it back (a smaller initial window may make it negative). False when it passes 2^31-1.</summary>
    public bool Add(long delta)
    {
        lock (_lock)
        {
            _size += delta;
            if (_size > 0)
            {
                _grown.TrySetResult();
                _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return _size <= int.MaxValue;
        }
    }

    /// <summary>Wakes whoever waits: there will be no more room.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
            _grown.TrySetResult();
        }
    }
}
