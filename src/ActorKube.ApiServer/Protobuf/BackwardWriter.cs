using System.Buffers.Binary;
using System.Text;

namespace ActorKube.ApiServer.Protobuf;

/// <summary>
/// Writes protobuf from the end to the beginning: a message's length is known when its content is written, so one pass is enough.
/// Not for several threads at once.
/// </summary>
internal sealed class BackwardWriter
{
    private const int KeptSize = 1024 * 1024;

    [ThreadStatic]
    private static BackwardWriter? _free;

    private byte[] _buffer = new byte[16 * 1024];
    private int _start;

    private BackwardWriter() => _start = _buffer.Length;

    /// <summary>How many bytes are written.</summary>
    public int Length => _buffer.Length - _start;

    /// <summary>What a function writes. The buffer in between is the thread's own and used again.</summary>
    public static byte[] Write<T>(Action<BackwardWriter, T> write, T value)
    {
        // Taken away while in use, so that a writer within a writer gets one of its own.
        var writer = _free ?? new BackwardWriter();
        _free = null;
        writer._start = writer._buffer.Length;
        write(writer, value);
        var result = writer._buffer.AsSpan(writer._start).ToArray();
        if (writer._buffer.Length <= KeptSize)
        {
            _free = writer;
        }

        return result;
    }

    /// <summary>A base-128 integer.</summary>
    public void Varint(ulong value)
    {
        var size = SizeOf(value);
        var target = Take(size);
        for (var i = 0; i < size - 1; i++)
        {
            target[i] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[size - 1] = (byte)value;
    }

    /// <summary>An integer field.</summary>
    public void Integer(uint number, long value)
    {
        Varint((ulong)value);
        Varint(number << 3);
    }

    /// <summary>A double field.</summary>
    public void Double(uint number, double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(Take(8), value);
        Varint((number << 3) | 1);
    }

    /// <summary>A text field.</summary>
    public void Text(uint number, string value)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        Encoding.UTF8.GetBytes(value, Take(size));
        Prefix(number, size);
    }

    /// <summary>A field of bytes, or of a message that is written already.</summary>
    public void Bytes(uint number, ReadOnlySpan<byte> value)
    {
        value.CopyTo(Take(value.Length));
        Prefix(number, value.Length);
    }

    /// <summary>Makes everything written since <see cref="Length"/> was <paramref name="before"/> a field.</summary>
    public void Close(uint number, int before) => Prefix(number, Length - before);

    /// <summary>How many bytes a base-128 integer takes.</summary>
    public static int SizeOf(ulong value) => (System.Numerics.BitOperations.Log2(value | 1) / 7) + 1;

    private void Prefix(uint number, int size)
    {
        Varint((ulong)size);
        Varint((number << 3) | 2);
    }

    private Span<byte> Take(int size)
    {
        if (_start < size)
        {
            Grow(size);
        }

        _start -= size;
        return _buffer.AsSpan(_start, size);
    }

    private void Grow(int size)
    {
        var length = Length;
        var larger = new byte[Math.Max(_buffer.Length * 2, _buffer.Length + size)];
        _buffer.AsSpan(_start).CopyTo(larger.AsSpan(larger.Length - length));
        _start = larger.Length - length;
        _buffer = larger;
    }
}
