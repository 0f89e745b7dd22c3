using System.Text;
using System.Text.RegularExpressions;

namespace ActorKube.ApiServer.CustomResources.Schemas;

/// <summary>A regular expression in Go's syntax (RE2), which takes time in proportion to the text and nothing else.</summary>
internal sealed class GoRegex
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly Dictionary<string, string> Classes = new(StringComparer.Ordinal)
    {
        ["[:alnum:]"] = "0-9A-Za-z", ["[:alpha:]"] = "A-Za-z", ["[:ascii:]"] = @"\x00-\x7F", ["[:blank:]"] = @"\t ", ["[:cntrl:]"] = @"\x00-\x1F\x7F",
        ["[:digit:]"] = "0-9", ["[:graph:]"] = "!-~", ["[:lower:]"] = "a-z", ["[:print:]"] = " -~", ["[:punct:]"] = @"!-/:-@\[-`{-~",
        ["[:space:]"] = @"\t\n\v\f\r ", ["[:upper:]"] = "A-Z", ["[:word:]"] = "0-9A-Za-z_", ["[:xdigit:]"] = "0-9A-Fa-f",
    };

    private readonly Regex _regex;

    /// <summary>Compiles an expression. Throws <see cref="ArgumentException"/> when it is none.</summary>
    public GoRegex(string pattern)
    {
        var translated = Translate(pattern);
        Regex regex;
        try
        {
            regex = new Regex(translated, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Patience);
        }
        catch (NotSupportedException)
        {
            // Too large an automaton: go back and forth, but not for ever.
            regex = new Regex(translated, RegexOptions.CultureInvariant, Patience);
        }

        _regex = regex;
    }

    /// <summary>Whether the text contains a match.</summary>
    public bool IsMatch(string text)
    {
        try
        {
            return _regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    /// <summary>What is wrong with an expression; null when nothing is.</summary>
    public static string? Error(string pattern)
    {
        try
        {
            _ = new Regex(Translate(pattern), RegexOptions.CultureInvariant);
            return pattern.Contains("(?=", StringComparison.Ordinal) || pattern.Contains("(?!", StringComparison.Ordinal)
                ? $"error parsing regexp: invalid or unsupported Perl syntax: `{(pattern.Contains("(?=", StringComparison.Ordinal) ? "(?=" : "(?!")}`"
                : null;
        }
        catch (ArgumentException e)
        {
            return $"error parsing regexp: {e.Message}";
        }
    }

    // Where the two dialects mean different things: \d \w \s are ASCII in Go, $ is the very end, groups are named with P, classes have POSIX names.
    private static string Translate(string pattern)
    {
        var text = new StringBuilder(pattern.Length + 16);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                var next = pattern[++i];
                text.Append((next, inClass) switch
                {
                    ('d', true) => "0-9",
                    ('d', false) => "[0-9]",
                    ('D', false) => "[^0-9]",
                    ('w', true) => "0-9A-Za-z_",
                    ('w', false) => "[0-9A-Za-z_]",
                    ('W', false) => "[^0-9A-Za-z_]",
                    ('s', true) => @"\t\n\f\r ",
                    ('s', false) => @"[\t\n\f\r ]",
                    ('S', false) => @"[^\t\n\f\r ]",
                    ('z', false) => @"\z",
                    ('Q', false) => Quoted(pattern, ref i),
                    ('x', _) when i + 1 < pattern.Length && pattern[i + 1] == '{' => CodePoint(pattern, ref i),
                    ('p' or 'P', _) when i + 1 < pattern.Length && pattern[i + 1] != '{' => $"\\{next}{{{pattern[++i]}}}",
                    _ => $"\\{next}",
                });
            }
            else if (inClass)
            {
                if (c == '[' && Classes.Keys.FirstOrDefault(k => string.CompareOrdinal(pattern, i, k, 0, k.Length) == 0) is { } name)
                {
                    text.Append(Classes[name]);
                    i += name.Length - 1;
                }
                else
                {
                    inClass = c != ']' || pattern[i - 1] == '[' || (pattern[i - 1] == '^' && pattern[i - 2] == '[');
                    text.Append(c == '[' || (c == ']' && inClass) ? "\\" + c : c.ToString());
                }
            }
            else if (c == '[')
            {
                inClass = true;
                text.Append(c);
            }
            else if (c == '$')
            {
                text.Append(@"\z");
            }
            else if (c == '(' && string.CompareOrdinal(pattern, i, "(?P<", 0, 4) == 0)
            {
                text.Append("(?<");
                i += 3;
            }
            else
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }

    private static string Quoted(string pattern, ref int i)
    {
        var end = pattern.IndexOf(@"\E", i + 1, StringComparison.Ordinal);
        var text = end < 0 ? pattern[(i + 1)..] : pattern[(i + 1)..end];
        i = end < 0 ? pattern.Length - 1 : end + 1;
        return Regex.Escape(text);
    }

    private static string CodePoint(string pattern, ref int i)
    {
        var end = pattern.IndexOf('}', i);
        if (end < 0 || !int.TryParse(pattern.AsSpan(i + 2, end - i - 2), System.Globalization.NumberStyles.HexNumber, null, out var code) || code > 0xFFFF)
        {
            return @"\x";
        }

        i = end;
        return $"\\u{code:X4}";
    }
}
