using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;

namespace ActorKube.ContainerRuntime.Builtin.Native;

/// <summary>A pipe to or from a child process. Real pipes, not sockets: a command may open /dev/stdout anew. Our end reads and writes without blocking a thread.</summary>
internal sealed class PipePair : IDisposable
{
    private readonly int _read;
    private readonly int _write;
    private int _childEnd = -1;
    private PipeStream? _ours;

    public PipePair() => (_read, _write) = Libc.Pipe();

    /// <summary>The end that the child reads from; ours writes.</summary>
    public int ChildReads()
    {
        _ours = new AnonymousPipeClientStream(PipeDirection.Out, new SafePipeHandle(_write, ownsHandle: true));
        return _childEnd = _read;
    }

    /// <summary>The end that the child writes to; ours reads.</summary>
    public int ChildWrites()
    {
        _ours = new AnonymousPipeClientStream(PipeDirection.In, new SafePipeHandle(_read, ownsHandle: true));
        return _childEnd = _write;
    }

    /// <summary>Once the child has it, or the end of the stream is never seen.</summary>
    public void CloseChildEnd()
    {
        if (_childEnd >= 0)
            Libc.Close(_childEnd);
        _childEnd = -1;
    }

    public void CloseOurEnd() => _ours?.Dispose();

    /// <summary>Copies what the child writes until it ends or the token is cancelled. A target that fails is left alone; the child is still read.</summary>
    public async Task CopyToAsync(Stream? target, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            while (await _ours!.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                if (target is null)
                    continue;
                try
                {
                    await target.WriteAsync(buffer.AsMemory(0, read), CancellationToken.None).ConfigureAwait(false);
                    await target.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                }
                catch (Exception e) when (e is IOException or ObjectDisposedException)
                {
                    target = null;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Enough has been waited.
        }
    }

    public async Task CopyFromAsync(Stream source, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        while (await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            await _ours!.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        if (_ours is null)
        {
            Libc.Close(_read);
            Libc.Close(_write);
            return;
        }
        CloseChildEnd();
        _ours.Dispose();
    }
}
