using System.Globalization;
using System.Text;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>
/// A container's log in the format that kubelets read: <c>2026-01-02T03:04:05.678901200Z stdout F a line</c>. A line of more than
/// 16 KiB, or one without an end, is cut; its pieces but the last are marked <c>P</c>.
/// </summary>
internal sealed class CriLogFile : IDisposable
{
    private const int MaxPieceBytes = 16 * 1024;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<byte>> _unfinished = [];
    private FileStream? _file;

    public CriLogFile(string path, TimeProvider time)
    {
        _path = path;
        _time = time;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = Open();
    }

    /// <summary>Adds output of a stream, <c>stdout</c> or <c>stderr</c>.</summary>
    public void Write(string stream, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (!_unfinished.TryGetValue(stream, out var line))
            {
                _unfinished[stream] = line = [];
            }

            using var output = new MemoryStream();
            while (!bytes.IsEmpty)
            {
                var end = bytes.IndexOf((byte)'\n');
                var part = end < 0 ? bytes : bytes[..end];
                while (line.Count + part.Length > MaxPieceBytes)
                {
                    var fits = MaxPieceBytes - line.Count;
                    line.AddRange(part[..fits]);
                    part = part[fits..];
                    Append(output, stream, 'P', line);
                }

                line.AddRange(part);
                if (end < 0)
                {
                    break;
                }

                Append(output, stream, 'F', line);
                bytes = bytes[(end + 1)..];
            }

            Flush(output);
        }
    }

    /// <summary>Goes on in a new file of the same name, after the old one was renamed.</summary>
    public void Reopen()
    {
        lock (_lock)
        {
            if (_file is not null)
            {
                _file.Dispose();
                _file = Open();
            }
        }
    }

    /// <summary>Writes what has no line end yet, and closes.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            using var output = new MemoryStream();
            foreach (var (stream, line) in _unfinished.Where(u => u.Value.Count > 0))
            {
                Append(output, stream, 'P', line);
            }

            Flush(output);
            _file?.Dispose();
            _file = null;
        }
    }

    private FileStream Open() => new(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private void Append(MemoryStream output, string stream, char tag, List<byte> line)
    {
        var time = _time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);
        output.Write(Encoding.ASCII.GetBytes($"{time} {stream} {tag} "));
        output.Write(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(line));
        output.WriteByte((byte)'\n');
        line.Clear();
    }

    // One write for whole lines, so that a reader who follows the file sees no half line.
    private void Flush(MemoryStream output) => _file?.Write(output.GetBuffer(), 0, (int)output.Length);
}
