using System.Buffers;
using System.Text.Json;

namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>
/// Terminal sizes on the resize channel: one JSON object after another, <c>{"Width":80,"Height":24}</c>, cut into
/// messages or not as it happens.
/// </summary>
internal sealed class TerminalSizes
{
    private const int MaxObjectBytes = 1024;
    private readonly ArrayBufferWriter<byte> _partial = new();

    /// <summary>The bytes for one size.</summary>
    public static byte[] Encode(TerminalSize size) =>
        System.Text.Encoding.ASCII.GetBytes($$"""{"Width":{{size.Width}},"Height":{{size.Height}}}""" + "\n");

    /// <summary>The sizes that are complete with these bytes. A malformed object is skipped: the next size is as good.</summary>
    public IReadOnlyList<TerminalSize> Decode(ReadOnlySpan<byte> bytes)
    {
        var sizes = new List<TerminalSize>();
        while (bytes.IndexOf((byte)'}') is var end and >= 0)
        {
            _partial.Write(bytes[..(end + 1)]);
            if (Parse(_partial.WrittenSpan) is { } size)
            {
                sizes.Add(size);
            }

            _partial.ResetWrittenCount();
            bytes = bytes[(end + 1)..];
        }

        if (_partial.WrittenCount + bytes.Length <= MaxObjectBytes)
        {
            _partial.Write(bytes);
        }

        return sizes;
    }

    private static TerminalSize? Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes);
            using var document = JsonDocument.ParseValue(ref reader);
            return new TerminalSize(Number(document.RootElement, "Width"), Number(document.RootElement, "Height"));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    private static ushort Number(JsonElement size, string name) => size.TryGetProperty(name, out var value) ? value.GetUInt16() : (ushort)0;
}
