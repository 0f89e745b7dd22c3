using System.Globalization;
using System.Text;

namespace ActorKube.Kubelet.Logs;

/// <summary>
/// One line of a container's log file: <c>2016-10-06T00:17:09.669794202Z stdout P log content</c>. A tag <c>P</c> says that the
/// container's own line goes on in the next entry of the same stream, <c>F</c> that it ends here.
/// Source: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
/// </summary>
/// <param name="Time">When it was written, to the tick; <paramref name="TimeText"/> has all nanoseconds.</param>
/// <param name="TimeText">The time in UTC, as clients are shown it.</param>
/// <param name="IsError">Whether it was written to standard error.</param>
/// <param name="IsPartial">Whether the line goes on.</param>
/// <param name="Content">The text, without the line's end.</param>
internal readonly record struct CriLogLine(DateTimeOffset Time, string TimeText, bool IsError, bool IsPartial, ReadOnlyMemory<byte> Content)
{
    /// <summary>Parses a line without its newline.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> line, out CriLogLine parsed)
    {
        parsed = default;
        var span = line.Span;
        var first = span.IndexOf((byte)' ');
        if (first <= 0)
            return false;
        var second = IndexOfSpace(span, first + 1);
        var third = second < 0 ? -1 : IndexOfSpace(span, second + 1);
        if (second < 0)
            return false;

        // An empty line has no content and may have no space before it either: "… stdout F".
        var tagEnd = third < 0 ? span.Length : third;
        var timeText = Encoding.ASCII.GetString(span[..first]);
        var stream = span[(first + 1)..second];
        if (!TryParseTime(timeText, out var time) || (!stream.SequenceEqual("stdout"u8) && !stream.SequenceEqual("stderr"u8)))
            return false;
        var tags = span[(second + 1)..tagEnd];
        var partial = tags.Length > 0 && tags[0] == (byte)'P' && (tags.Length == 1 || tags[1] == (byte)':');
        parsed = new CriLogLine(time, Utc(time, timeText), stream.SequenceEqual("stderr"u8), partial, third < 0 ? ReadOnlyMemory<byte>.Empty : line[(third + 1)..]);
        return true;
    }

    // Nine digits and Z, whatever the runtime writes: 2026-01-31T14:00:00.5+02:00 becomes 2026-01-31T12:00:00.500000000Z.
    private static string Utc(DateTimeOffset time, string text)
    {
        if (text.Length == 30 && text[^1] == 'Z')
            return text;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var digits = dot < 0 ? "" : string.Concat(text.Skip(dot + 1).TakeWhile(char.IsAsciiDigit));
        return string.Create(CultureInfo.InvariantCulture, $"{time.UtcDateTime:yyyy-MM-ddTHH:mm:ss}.{digits.PadRight(9, '0')}Z");
    }

    // RFC 3339 with up to nine fractional digits, of which a tick holds seven.
    private static bool TryParseTime(string text, out DateTimeOffset time)
    {
        var dot = text.IndexOf('.');
        if (dot > 0)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
                end++;
            if (end - dot - 1 > 7)
                text = string.Concat(text.AsSpan(0, dot + 8), text.AsSpan(end));
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }

    private static int IndexOfSpace(ReadOnlySpan<byte> span, int from)
    {
        var index = span[from..].IndexOf((byte)' ');
        return index < 0 ? -1 : from + index;
    }
}
