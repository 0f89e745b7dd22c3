using System.Text;
using ActorKube.Kubelet.Volumes;

namespace ActorKube.Kubelet.Logs;

/// <summary>
/// Copies a container's log to a client: without the runtime's framing, from the wanted place on and, when following, as it grows,
/// until the container ends.
/// </summary>
internal static class LogReader
{
    private const int BufferSize = 64 * 1024;

    // How long to wait for a change of the file before asking whether the container still runs.
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    /// <param name="path">The current log file.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="isRunning">Whether the container can still write.</param>
    /// <param name="cancellationToken">Ends a copy whose client is gone.</param>
    public static async Task CopyAsync(string path, LogOptions options, Stream output, Func<CancellationToken, Task<bool>> isRunning, CancellationToken cancellationToken)
    {
        var copy = new Copy(options, output);
        using var changes = options.Follow ? new FileChanges(path) : null;
        var file = Open(path);
        var inode = FileStatus.InodeOf(path);
        try
        {
            if (options.TailLines is { } lines)
                file.Seek(await StartOfTailAsync(file, lines, cancellationToken).ConfigureAwait(false), SeekOrigin.Begin);
            var ended = false;
            while (await copy.ReadAsync(file, cancellationToken).ConfigureAwait(false) && options.Follow)
            {
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                if (FileStatus.InodeOf(path) is var now && now != inode && now != 0)
                {
                    // Rotated: the old file is read to its end, go on with the new one.
                    await copy.ReadAsync(file, cancellationToken).ConfigureAwait(false);
                    await file.DisposeAsync().ConfigureAwait(false);
                    (file, inode) = (Open(path), now);
                    continue;
                }

                if (ended)
                    break;
                if (!await changes!.WaitAsync(Idle, cancellationToken).ConfigureAwait(false))
                    ended = !await isRunning(cancellationToken).ConfigureAwait(false);
            }

            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await file.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, BufferSize, FileOptions.Asynchronous | FileOptions.SequentialScan);

    // The offset after which exactly so many lines follow, looking from the end in blocks.
    private static async Task<long> StartOfTailAsync(FileStream file, long lines, CancellationToken cancellationToken)
    {
        if (lines == 0)
            return file.Length;
        var buffer = new byte[BufferSize];
        var position = file.Length;

        // The newline at the very end closes the last line, it does not begin another.
        var wanted = lines + 1;
        var first = true;
        while (position > 0)
        {
            var size = (int)Math.Min(buffer.Length, position);
            position -= size;
            file.Seek(position, SeekOrigin.Begin);
            await file.ReadExactlyAsync(buffer.AsMemory(0, size), cancellationToken).ConfigureAwait(false);
            if (first && buffer[size - 1] != (byte)'\n')
                wanted--;
            first = false;
            for (var i = size - 1; i >= 0; i--)
            {
                if (buffer[i] == (byte)'\n' && --wanted == 0)
                    return position + i + 1;
            }
        }

        return 0;
    }

    /// <summary>Turns log lines into output, keeping count of what the client may still get.</summary>
    private sealed class Copy(LogOptions options, Stream output)
    {
        private readonly byte[] _buffer = new byte[BufferSize];
        private readonly MemoryStream _line = new();
        private readonly MemoryStream _out = new();
        private long _left = options.LimitBytes ?? long.MaxValue;
        private bool _goesOn;

        /// <summary>Reads to the end of the file; false when the client has had all it asked for.</summary>
        public async Task<bool> ReadAsync(FileStream file, CancellationToken cancellationToken)
        {
            int count;
            while ((count = await file.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                for (var start = 0; start < count;)
                {
                    var newline = Array.IndexOf(_buffer, (byte)'\n', start, count - start);
                    if (newline < 0)
                    {
                        _line.Write(_buffer, start, count - start);
                        break;
                    }

                    _line.Write(_buffer, start, newline - start);
                    Take(_line.GetBuffer().AsMemory(0, (int)_line.Length));
                    _line.SetLength(0);
                    start = newline + 1;
                }

                if (!await SendAsync(cancellationToken).ConfigureAwait(false))
                    return false;
            }

            return true;
        }

        private void Take(ReadOnlyMemory<byte> raw)
        {
            if (!CriLogLine.TryParse(raw, out var line) || line.Time < options.Since)
                return;
            if (options.Stream != "All" && options.Stream != (line.IsError ? "Stderr" : "Stdout"))
                return;
            if (options.Timestamps && !_goesOn)
                _out.Write(Encoding.ASCII.GetBytes(line.TimeText + " "));
            _out.Write(line.Content.Span);
            if (!line.IsPartial)
                _out.WriteByte((byte)'\n');
            _goesOn = line.IsPartial;
        }

        private async Task<bool> SendAsync(CancellationToken cancellationToken)
        {
            var size = (int)Math.Min(_left, _out.Length);
            await output.WriteAsync(_out.GetBuffer().AsMemory(0, size), cancellationToken).ConfigureAwait(false);
            _left -= size;
            _out.SetLength(0);
            return _left > 0;
        }
    }

    /// <summary>Wakes a reader when its file changed.</summary>
    private sealed class FileChanges : IDisposable
    {
        private readonly FileSystemWatcher _watcher;
        private readonly SemaphoreSlim _changed = new(0, 1);

        public FileChanges(string path)
        {
            _watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path) + "*")
            {
                NotifyFilter = NotifyFilters.Size | NotifyFilters.LastWrite | NotifyFilters.FileName,
                EnableRaisingEvents = true,
            };
            _watcher.Changed += (_, _) => Signal();
            _watcher.Created += (_, _) => Signal();
            _watcher.Renamed += (_, _) => Signal();
        }

        public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => _changed.WaitAsync(timeout, cancellationToken);

        public void Dispose()
        {
            _watcher.Dispose();
            _changed.Dispose();
        }

        private void Signal()
        {
            try
            {
                if (_changed.CurrentCount == 0)
                    _changed.Release();
            }
            catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
            {
                // Signalled already, or the reader just left.
            }
        }
    }
}
