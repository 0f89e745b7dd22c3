using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorKube.Cli.Paths;

/// <summary>Reads a JSONPath template. Used once.</summary>
internal sealed class JsonPathParser(string text)
{
    private static readonly string[] Comparisons = ["==", "!=", "<=", ">=", "<", ">"];

    private int _at;

    private char Next => _at < text.Length ? text[_at] : '\0';

    /// <summary>The parts of the whole template.</summary>
    public IReadOnlyList<PathNode> Template()
    {
        var nodes = new List<PathNode>();
        var open = new Stack<(PathNode.Path Over, List<PathNode> Outer)>();
        while (_at < text.Length)
        {
            var brace = text.IndexOf('{', _at);
            if (brace != _at)
                nodes.Add(new PathNode.Literal(text[_at..(brace < 0 ? text.Length : brace)]));
            if (brace < 0)
                break;
            _at = brace + 1;
            for (Blanks(); Next != '}'; Blanks())
            {
                if (Next == '\0')
                    throw Error("unclosed action");
                if (Word("range"))
                {
                    open.Push((Path(), nodes));
                    nodes = [];
                }
                else if (Word("end"))
                {
                    if (!open.TryPop(out var range))
                        throw Error("not in range, nothing to end");
                    range.Outer.Add(new PathNode.Range(range.Over, nodes));
                    nodes = range.Outer;
                }
                else
                {
                    nodes.Add(Next is '"' or '\'' ? new PathNode.Literal(Quoted()) : Path());
                }
            }

            _at++;
        }

        return open.Count == 0 ? nodes : throw Error("unterminated range");
    }

    private PathNode.Path Path()
    {
        Blanks();
        var fromRoot = Next == '$';
        if (Next is '$' or '@')
            _at++;
        else if (Next is not ('.' or '['))
            throw Unexpected();
        var steps = new List<PathStep>();
        while (true)
        {
            if (Next == '.')
            {
                _at++;
                if (Next == '.')
                {
                    _at++;
                    steps.Add(new PathStep.Descendants());
                }

                if (Next == '*')
                {
                    _at++;
                    steps.Add(new PathStep.Wildcard());
                }
                else if (Next != '[' && Name() is { Length: > 0 } name)
                {
                    steps.Add(new PathStep.Field(name));
                }
            }
            else if (Next == '[')
            {
                _at++;
                steps.Add(Brackets());
            }
            else
            {
                return Next is '}' or '\0' or ' ' or '\t' or ')' or ']' or '=' or '!' or '<' or '>' ? new PathNode.Path(fromRoot, steps) : throw Unexpected();
            }
        }
    }

    // A dot that belongs to a name is written \.
    private string Name()
    {
        var name = new StringBuilder();
        for (; Next is not ('.' or '[' or ']' or '}' or '{' or ' ' or '\t' or '\0' or '(' or ')' or '=' or '!' or '<' or '>' or '|' or ','); _at++)
        {
            if (Next == '\\' && _at + 1 < text.Length)
                _at++;
            name.Append(Next);
        }

        return name.ToString();
    }

    private PathStep Brackets()
    {
        Blanks();
        if (Next == '?')
            return Filter();
        var parts = new List<PathStep>();
        do
        {
            Blanks();
            if (Next == '*')
            {
                _at++;
                parts.Add(new PathStep.Wildcard());
            }
            else
            {
                parts.Add(Next is '\'' or '"' ? new PathStep.Field(Quoted()) : Slice());
            }

            Blanks();
        }
        while (Take(','));
        Expect(']');
        return parts.Count == 1 ? parts[0] : new PathStep.Union(parts);
    }

    private PathStep.Slice Slice()
    {
        var from = Integer();
        if (!Take(':'))
            return from is null ? throw Error("invalid array index") : new PathStep.Slice(from, null, 1, Single: true);
        var to = Integer();
        var by = Take(':') ? Integer() ?? 1 : 1;
        return by > 0 ? new PathStep.Slice(from, to, by, Single: false) : throw Error("step must be > 0");
    }

    private PathStep.Filter Filter()
    {
        _at++;
        Expect('(');
        var left = Operand();
        Blanks();
        var comparison = Array.Find(Comparisons, c => string.CompareOrdinal(text, _at, c, 0, c.Length) == 0);
        FilterOperand? right = null;
        if (comparison is not null)
        {
            _at += comparison.Length;
            right = Operand();
        }

        Blanks();
        Expect(')');
        Blanks();
        Expect(']');
        return new PathStep.Filter(left, comparison ?? "", right);
    }

    private FilterOperand Operand()
    {
        Blanks();
        if (Next is '\'' or '"')
            return new FilterOperand(null, Quoted());
        if (Next is '@' or '$' or '.')
            return new FilterOperand(Path(), null);
        var start = _at;
        while (char.IsLetterOrDigit(Next) || Next is '-' or '+' or '.')
            _at++;
        return text[start.._at] switch
        {
            "true" => new FilterOperand(null, true),
            "false" => new FilterOperand(null, false),
            var number when long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => new FilterOperand(null, whole),
            var number when double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) => new FilterOperand(null, real),
            _ => throw Unexpected(),
        };
    }

    private string Quoted()
    {
        var quote = text[_at++];
        var value = new StringBuilder();
        for (; Next != quote; _at++)
        {
            if (Next == '\0')
                throw Error("unterminated quoted string");
            if (Next == '\\' && _at + 1 < text.Length)
            {
                _at++;
                value.Append(Next switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    _ => Next,
                });
            }
            else
            {
                value.Append(Next);
            }
        }

        _at++;
        return value.ToString();
    }

    private int? Integer()
    {
        Blanks();
        var start = _at;
        if (Next == '-')
            _at++;
        while (char.IsAsciiDigit(Next))
            _at++;
        int? number = start == _at ? null : int.TryParse(text.AsSpan(start, _at - start), CultureInfo.InvariantCulture, out var value) ? value : throw Error("invalid array index");
        Blanks();
        return number;
    }

    private bool Word(string word)
    {
        if (string.CompareOrdinal(text, _at, word, 0, word.Length) != 0 || _at + word.Length >= text.Length || char.IsLetterOrDigit(text[_at + word.Length]))
            return false;
        _at += word.Length;
        return true;
    }

    private bool Take(char c)
    {
        if (Next != c)
            return false;
        _at++;
        return true;
    }

    private void Expect(char c)
    {
        if (!Take(c))
            throw Next == '\0' ? Error(c == ']' ? "unterminated array" : "unterminated filter") : Unexpected();
    }

    private void Blanks()
    {
        while (Next is ' ' or '\t' or '\n')
            _at++;
    }

    private CliException Unexpected() => Error($"unrecognized character in action: U+{(int)Next:X4} '{Next}'");

    private CliException Error(string why) => new($"error parsing jsonpath {text}, {why}");
}
