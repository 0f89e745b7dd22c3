using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ActorKube.Api.Machinery;

/// <summary>How a text can be written in YAML.</summary>
internal enum YamlTextStyle
{
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// <summary>Chooses the style that kubectl chooses.</summary>
internal static class YamlTextStyles
{
    public static YamlTextStyle Of(string text, bool isKey)
    {
        var allowed = Analyze(text);
        if (text.Contains('\n'))
            return allowed.Literal && !isKey ? YamlTextStyle.Literal : YamlTextStyle.DoubleQuoted;
        if (ReadsAsSomethingElse(text, isKey))
            return YamlTextStyle.DoubleQuoted;
        return allowed.Plain ? YamlTextStyle.Plain : allowed.SingleQuoted ? YamlTextStyle.SingleQuoted : YamlTextStyle.DoubleQuoted;
    }

    /// <summary>Whether a character stands for itself; the others are escaped, and then the text must be double-quoted.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value is '\n' or (>= 0x20 and <= 0x7E) or (>= 0xA0 and < 0xD800) or (>= 0xE000 and < 0xFFFE and not 0xFEFF);

    public static bool IsBreak(Rune rune) => rune.Value is '\n' or '\r' or 0x85 or 0x2028 or 0x2029;

    private static (bool Plain, bool SingleQuoted, bool Literal) Analyze(string text)
    {
        if (text.Length == 0)
            return (true, true, false);
        Rune[] runes = [.. text.EnumerateRunes()];
        var indicator = text.StartsWith("---", StringComparison.Ordinal) || text.StartsWith("...", StringComparison.Ordinal);
        var (special, breaks, breakSpace, spaceBreak, afterSpace, afterBreak, afterBlank) = (false, false, false, false, false, false, true);
        for (var i = 0; i < runes.Length; i++)
        {
            var c = runes[i].Value;
            var beforeBlank = i + 1 >= runes.Length || runes[i + 1].Value is ' ' or '\t';
            indicator |= i == 0
                ? c is '#' or ',' or '[' or ']' or '{' or '}' or '&' or '*' or '!' or '|' or '>' or '\'' or '"' or '%' or '@' or '`' || (c is '?' or ':' or '-' && beforeBlank)
                : (c == ':' && beforeBlank) || (c == '#' && afterBlank);
            special |= !IsPrintable(runes[i]) || (IsBreak(runes[i]) && c != '\n');
            if (c == ' ')
            {
                breakSpace |= afterBreak;
                (afterSpace, afterBreak) = (true, false);
            }
            else if (IsBreak(runes[i]))
            {
                breaks = true;
                spaceBreak |= afterSpace;
                (afterSpace, afterBreak) = (false, true);
            }
            else
            {
                (afterSpace, afterBreak) = (false, false);
            }

            afterBlank = c is ' ' or '\t' || IsBreak(runes[i]);
        }

        var open = runes[0].Value == ' ' || runes[^1].Value == ' ' || IsBreak(runes[0]) || IsBreak(runes[^1]);
        var hard = special || spaceBreak;
        return (!indicator && !open && !breaks && !breakSpace && !hard, !breakSpace && !hard, !hard && runes[^1].Value != ' ');
    }

    // A number, a boolean, null, a date, the key that merges maps, or a number to the base of 60, which older readers know.
    private static bool ReadsAsSomethingElse(string text, bool isKey) =>
        text.Length == 0 || (isKey && text == "<<") || !YamlValue.Of(new Scalar(AnchorName.Empty, TagName.Empty, text, ScalarStyle.Plain, true, false)).IsText || IsTimestamp(text) || IsSexagesimal(text);

    private static bool IsTimestamp(string text)
    {
        if (text.Length < 8 || !text.AsSpan(0, 4).ContainsOnlyDigits() || text[4] != '-')
            return false;
        var at = 5;
        if (!Field(text, ref at, 1, 12, out var month) || !Take(text, ref at, '-') || !Field(text, ref at, 1, 31, out var day)
            || day > DateTime.DaysInMonth(Math.Max(1, int.Parse(text.AsSpan(0, 4), CultureInfo.InvariantCulture)), month))
            return false;
        if (at == text.Length)
            return true;
        var separator = text[at++];
        if (separator is not ('T' or 't' or ' ') || !Field(text, ref at, 0, 23, out _) || !Take(text, ref at, ':') || !Field(text, ref at, 0, 59, out _)
            || !Take(text, ref at, ':') || !Field(text, ref at, 0, 59, out _))
            return false;
        if (at + 1 < text.Length && text[at] is '.' or ',' && char.IsAsciiDigit(text[at + 1]))
        {
            for (at++; at < text.Length && char.IsAsciiDigit(text[at]);)
                at++;
        }

        var zone = text.AsSpan(at);
        return separator == ' ' ? zone.IsEmpty
            : zone is "Z" || (zone.Length == 6 && zone[0] is '+' or '-' && zone[3] == ':' && zone[1..3].ContainsOnlyDigits() && zone[4..].ContainsOnlyDigits());
    }

    private static bool Field(string text, ref int at, int min, int max, out int value)
    {
        var start = at;
        while (at < text.Length && at < start + 2 && char.IsAsciiDigit(text[at]))
            at++;
        return int.TryParse(text.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;
    }

    private static bool Take(string text, ref int at, char c) => at < text.Length && text[at++] == c;

    // 190:20:30
    private static bool IsSexagesimal(string text)
    {
        if (!text.Contains(':') || !(char.IsAsciiDigit(text[0]) || text[0] is '+' or '-'))
            return false;
        var body = text.AsSpan(text[0] is '+' or '-' ? 1 : 0);
        var dot = body.IndexOf('.');
        if (dot >= 0 && body[(dot + 1)..].ContainsAnyExcept("0123456789_"))
            return false;
        var parts = (dot >= 0 ? body[..dot] : body).ToString().Split(':');
        return parts.Length > 1 && parts[0].Length > 0 && char.IsAsciiDigit(parts[0][0]) && !parts[0].AsSpan().ContainsAnyExcept("0123456789_")
            && parts.Skip(1).All(p => p.Length is 1 or 2 && p.AsSpan().ContainsOnlyDigits() && (p.Length == 1 || p[0] < '6'));
    }

    private static bool ContainsOnlyDigits(this ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');
}
