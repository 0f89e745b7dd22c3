using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace ActorKube.Api.Machinery;

/// <summary>
/// Text that is no text: Kubernetes' decoder puts the replacement character in the place of bytes that are no UTF-8 and of halves of a surrogate pair
/// that are written as escapes. Done once to a body, before anybody reads it.
/// </summary>
public static class JsonMending
{
    private const int EscapeLength = 6;

    /// <summary>The body itself when there is nothing to mend, which is nearly always and found out without reading it byte by byte.</summary>
    public static ReadOnlyMemory<byte> Mend(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body.Span));
        }

        return body.Span.IndexOf("\\u"u8) < 0 ? body : MendEscapes(body);
    }

    private static ReadOnlyMemory<byte> MendEscapes(ReadOnlyMemory<byte> body)
    {
        byte[]? mended = null;
        var text = body.Span;
        for (var i = 0; i < text.Length - 1; i++)
        {
            if (text[i] != '\\')
            {
                continue;
            }

            var unit = Unit(text[i..]);
            if (unit < 0 || !char.IsSurrogate((char)unit))
            {
                // The character after a backslash belongs to it: "\\ud800" is a backslash and letters.
                i++;
            }
            else if (char.IsHighSurrogate((char)unit) && Unit(text[Math.Min(i + EscapeLength, text.Length)..]) is var next && next >= 0 && char.IsLowSurrogate((char)next))
            {
                i += (2 * EscapeLength) - 1;
            }
            else
            {
                "\\ufffd"u8.CopyTo((mended ??= body.ToArray()).AsSpan(i));
                i += EscapeLength - 1;
            }
        }

        return mended ?? body;
    }

    // The UTF-16 unit that an escape at the beginning stands for; -1 when there is none.
    private static int Unit(ReadOnlySpan<byte> text)
    {
        if (text.Length < EscapeLength || text[0] != '\\' || text[1] != 'u')
        {
            return -1;
        }

        Span<byte> unit = stackalloc byte[2];
        return Convert.FromHexString(text.Slice(2, 4), unit, out _, out var written) == OperationStatus.Done && written == 2 ? (unit[0] << 8) | unit[1] : -1;
    }
}
