using System.Text;

namespace ActorKube.Api.Machinery;

/// <summary>YAML text as it grows: knows the column, so that lines are indented and folded where kubectl does it.</summary>
internal sealed class YamlWriter
{
    private const int BestWidth = 80;

    private readonly StringBuilder _text = new();
    private int _column;
    private bool _afterBlank = true;

    /// <summary>Whether nothing but indentation and list marks stands on the line.</summary>
    public bool AtIndent { get; private set; } = true;

    public override string ToString() => _text.ToString();

    /// <summary>Goes to a column: on a new line, unless only list marks are before it.</summary>
    public void Indent(int column)
    {
        column = Math.Max(0, column);
        if (!AtIndent || _column > column || (_column == column && !_afterBlank))
            NewLine();
        while (_column < column)
            Put(' ');
        (_afterBlank, AtIndent) = (true, true);
    }

    public void EndLine()
    {
        if (_column > 0)
            NewLine();
    }

    /// <summary><c>-</c>, <c>?</c> or <c>:</c> that begins an item; what follows may stand on the same line.</summary>
    public void Indicator(char mark)
    {
        if (!_afterBlank)
            Put(' ');
        Put(mark);
        _afterBlank = false;
    }

    /// <summary>The colon after a key.</summary>
    public void Colon()
    {
        Put(':');
        (_afterBlank, AtIndent) = (false, false);
    }

    /// <summary>A number, a boolean, null, or an empty list or map.</summary>
    public void Token(string token)
    {
        Space();
        foreach (var c in token)
            Put(c);
        (_afterBlank, AtIndent) = (false, false);
    }

    /// <summary>A text; <paramref name="indent"/> is where its further lines start.</summary>
    public void Text(string text, int indent, bool isKey)
    {
        Space();
        switch (YamlTextStyles.Of(text, isKey))
        {
            case YamlTextStyle.Plain:
                Plain(text, indent, isKey);
                break;
            case YamlTextStyle.SingleQuoted:
                SingleQuoted(text, indent, isKey);
                break;
            case YamlTextStyle.DoubleQuoted:
                DoubleQuoted(text, indent, isKey);
                break;
            default:
                Literal(text, indent);
                break;
        }

        // Text that ends with a line feed leaves the next item at the start of a line.
        (_afterBlank, AtIndent) = (_column == 0, _column == 0);
    }

    private void Plain(string text, int indent, bool isKey)
    {
        AtIndent = false;
        var afterSpace = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == ' ' && !isKey && !afterSpace && _column > BestWidth && !IsSpace(text, i + 1))
                Indent(indent);
            else
                Put(text, ref i);
            afterSpace = text[i] == ' ';
        }
    }

    private void SingleQuoted(string text, int indent, bool isKey)
    {
        Put('\'');
        AtIndent = false;
        var afterSpace = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == ' ' && !isKey && !afterSpace && _column > BestWidth && i > 0 && i < text.Length - 1 && !IsSpace(text, i + 1))
            {
                Indent(indent);
            }
            else
            {
                if (text[i] == '\'')
                    Put('\'');
                Put(text, ref i);
                AtIndent = false;
            }

            afterSpace = text[i] == ' ';
        }

        Put('\'');
    }

    private void DoubleQuoted(string text, int indent, bool isKey)
    {
        Put('"');
        AtIndent = false;
        var (afterSpace, at) = (false, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (!YamlTextStyles.IsPrintable(rune) || YamlTextStyles.IsBreak(rune) || rune.Value is '"' or '\\')
            {
                foreach (var c in Escape(rune))
                    Put(c);
                afterSpace = false;
            }
            else if (rune.Value == ' ' && !isKey && !afterSpace && _column > BestWidth && at > 0 && at < text.Length - 1)
            {
                Indent(indent);
                if (IsSpace(text, at + 1))
                    Put('\\');
                afterSpace = true;
            }
            else
            {
                Put(text, at);
                afterSpace = rune.Value == ' ';
            }

            AtIndent = false;
            at += rune.Utf16SequenceLength;
        }

        Put('"');
    }

    private void Literal(string text, int indent)
    {
        Put('|');
        if (text[0] is ' ' || YamlTextStyles.IsBreak(new Rune(text[0])))
            Put('2');
        if (!YamlTextStyles.IsBreak(Rune.GetRuneAt(text, text.Length - 1)))
            Put('-');
        else if (text.Length == 1 || YamlTextStyles.IsBreak(new Rune(text[^2])))
            Put('+');
        NewLine();
        (AtIndent, _afterBlank) = (true, true);
        var atStart = true;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n')
            {
                NewLine();
                (AtIndent, atStart) = (true, true);
                continue;
            }

            if (atStart)
                Indent(indent);
            Put(text, ref i);
            (AtIndent, atStart) = (false, false);
        }
    }

    private static string Escape(Rune rune) => rune.Value switch
    {
        0 => "\\0",
        7 => "\\a",
        8 => "\\b",
        9 => "\\t",
        10 => "\\n",
        11 => "\\v",
        12 => "\\f",
        13 => "\\r",
        0x1B => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        0x85 => "\\N",
        0xA0 => "\\_",
        0x2028 => "\\L",
        0x2029 => "\\P",
        <= 0xFF => $"\\x{rune.Value:X2}",
        <= 0xFFFF => $"\\u{rune.Value:X4}",
        _ => $"\\U{rune.Value:X8}",
    };

    private static bool IsSpace(string text, int at) => at < text.Length && text[at] == ' ';

    private void Space()
    {
        if (!_afterBlank)
            Put(' ');
    }

    private void NewLine()
    {
        _text.Append('\n');
        _column = 0;
    }

    // A column is a character, however many UTF-16 units it takes.
    private void Put(char c)
    {
        _text.Append(c);
        if (!char.IsLowSurrogate(c))
            _column++;
    }

    private void Put(string text, ref int at)
    {
        Put(text[at]);
        if (char.IsHighSurrogate(text[at]) && at + 1 < text.Length)
            Put(text[++at]);
    }

    private void Put(string text, int at) => Put(text, ref at);
}
