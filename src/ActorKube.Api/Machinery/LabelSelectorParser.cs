using System.Diagnostics.CodeAnalysis;

namespace ActorKube.Api.Machinery;

/// <summary>
/// The grammar of label selectors: <c>[!]key</c>, <c>key=value</c>, <c>key==value</c>, <c>key!=value</c>, <c>key in (a,b)</c>,
/// <c>key notin (a,b)</c>, <c>key&gt;1</c>, <c>key&lt;1</c>, joined by commas. Blanks separate; values may be empty.
/// </summary>
internal ref struct LabelSelectorParser
{
    private const string BinaryOperators = "in, notin, =, ==, !=, gt, lt";

    private readonly List<(Token Kind, string Text)> _tokens;
    private int _next;

    private enum Token
    {
        End,
        Word,
        In,
        NotIn,
        Open,
        Close,
        Comma,
        Not,
        Equals,
        DoubleEquals,
        NotEquals,
        Greater,
        Less,
        Wrong,
    }

    private LabelSelectorParser(string text) => _tokens = Scan(text);

    public static bool TryParse(string text, out List<LabelRequirement> requirements, [NotNullWhen(false)] out string? error)
    {
        requirements = [];
        error = new LabelSelectorParser(text).Run(requirements);
        return error is null;
    }

    private string? Run(List<LabelRequirement> requirements)
    {
        while (true)
        {
            var (kind, text) = Peek();
            if (kind == Token.End)
            {
                return null;
            }

            if (kind is not (Token.Word or Token.Not))
            {
                return $"found '{text}', expected: !, identifier, or 'end of string'";
            }

            if (ReadRequirement(requirements) is { } wrong)
            {
                return $"unable to parse requirement: {wrong}";
            }

            (kind, text) = Take();
            if (kind == Token.End)
            {
                return null;
            }

            if (kind != Token.Comma)
            {
                return $"found '{text}', expected: ',' or 'end of string'";
            }

            (kind, text) = Peek();
            if (kind is not (Token.Word or Token.Not))
            {
                return $"found '{text}', expected: identifier after ','";
            }
        }
    }

    private string? ReadRequirement(List<LabelRequirement> requirements)
    {
        var (kind, key) = Take();
        var negated = kind == Token.Not;
        if (negated)
        {
            (kind, key) = Take();
        }

        if (kind != Token.Word)
        {
            return $"found '{key}', expected: identifier";
        }

        // The key is checked before anything else is read, and then its error has no path.
        var errors = new List<FieldError>();
        LabelRequirement.CheckKey(key, "<nil>", errors);
        if (errors.Count > 0)
        {
            return errors[0].ToString();
        }

        SelectionOperator op;
        IReadOnlyCollection<string> values = [];
        if (negated)
        {
            op = SelectionOperator.DoesNotExist;
        }
        else if (Peek().Kind is Token.End or Token.Comma)
        {
            op = SelectionOperator.Exists;
        }
        else
        {
            var (symbol, text) = Take(keywords: true);
            SelectionOperator? found = symbol switch
            {
                Token.In => SelectionOperator.In,
                Token.NotIn => SelectionOperator.NotIn,
                Token.Equals => SelectionOperator.Equals,
                Token.DoubleEquals => SelectionOperator.DoubleEquals,
                Token.NotEquals => SelectionOperator.NotEquals,
                Token.Greater => SelectionOperator.GreaterThan,
                Token.Less => SelectionOperator.LessThan,
                _ => null,
            };
            if (found is null)
            {
                return $"found '{text}', expected: {BinaryOperators}";
            }

            op = found.Value;
            var wrong = op is SelectionOperator.In or SelectionOperator.NotIn ? ReadValues(out values) : ReadValue(out values);
            if (wrong is not null)
            {
                return wrong;
            }
        }

        var requirement = LabelRequirement.Create(key, op, values, errors);
        if (requirement is null)
        {
            return errors.Count == 1 ? errors[0].ToString() : $"[{string.Join(", ", errors)}]";
        }

        requirements.Add(requirement);
        return null;
    }

    private string? ReadValue(out IReadOnlyCollection<string> values)
    {
        values = [""];
        if (Peek().Kind is Token.End or Token.Comma)
        {
            return null;
        }

        var (kind, text) = Take();
        values = [text];
        return kind == Token.Word ? null : $"found '{text}', expected: identifier";
    }

    private string? ReadValues(out IReadOnlyCollection<string> values)
    {
        var set = new SortedSet<string>(StringComparer.Ordinal);
        values = set;
        var (kind, text) = Take();
        if (kind != Token.Open)
        {
            return $"found '{text}' expected: '('";
        }

        // Between two separators with nothing between them lies the empty value: "()", "(,a)" and "(a,,b)" all contain it.
        var valueIsDue = true;
        while (true)
        {
            (kind, text) = Take();
            switch (kind)
            {
                case Token.Word when valueIsDue:
                    set.Add(text);
                    valueIsDue = false;
                    break;
                case Token.Comma:
                    if (valueIsDue)
                    {
                        set.Add("");
                    }

                    valueIsDue = true;
                    break;
                case Token.Close:
                    if (valueIsDue)
                    {
                        set.Add("");
                    }

                    return null;
                default:
                    return valueIsDue ? $"found '{text}', expected: ',', ')' or identifier" : $"found '{text}', expected: ',' or ')'";
            }
        }
    }

    private readonly (Token Kind, string Text) Peek() => AsWord(_tokens[Math.Min(_next, _tokens.Count - 1)]);

    private (Token Kind, string Text) Take(bool keywords = false)
    {
        var token = _tokens[Math.Min(_next, _tokens.Count - 1)];
        _next++;
        return keywords ? token : AsWord(token);
    }

    /// <summary><c>in</c> and <c>notin</c> are operators only where an operator is due; elsewhere they are plain words.</summary>
    private static (Token Kind, string Text) AsWord((Token Kind, string Text) token) =>
        token.Kind is Token.In or Token.NotIn ? (Token.Word, token.Text) : token;

    private static List<(Token Kind, string Text)> Scan(string text)
    {
        var tokens = new List<(Token, string)>();
        var i = 0;
        while (i < text.Length)
        {
            var c = text[i];
            if (IsBlank(c))
            {
                i++;
            }
            else if (IsSymbol(c))
            {
                var pair = i + 1 < text.Length ? text.Substring(i, 2) : "";
                var (kind, length) = pair switch
                {
                    "==" => (Token.DoubleEquals, 2),
                    "!=" => (Token.NotEquals, 2),
                    _ => (Single(c), 1),
                };
                tokens.Add((kind, text.Substring(i, length)));
                i += length;
            }
            else
            {
                var start = i;
                while (i < text.Length && !IsBlank(text[i]) && !IsSymbol(text[i]))
                {
                    i++;
                }

                var word = text[start..i];
                tokens.Add((word switch { "in" => Token.In, "notin" => Token.NotIn, _ => Token.Word }, word));
            }
        }

        tokens.Add((Token.End, ""));
        return tokens;
    }

    private static Token Single(char c) => c switch
    {
        '=' => Token.Equals,
        '!' => Token.Not,
        '(' => Token.Open,
        ')' => Token.Close,
        ',' => Token.Comma,
        '>' => Token.Greater,
        '<' => Token.Less,
        _ => Token.Wrong,
    };

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\r' or '\n';

    private static bool IsSymbol(char c) => c is '=' or '!' or '(' or ')' or ',' or '>' or '<';
}
