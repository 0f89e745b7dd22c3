using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ActorKube.Api.Machinery;

/// <summary>One condition of a field selector.</summary>
/// <param name="Field">Field path, such as <c>status.phase</c>.</param>
/// <param name="Value">The value it is compared with.</param>
/// <param name="Negated">True for <c>!=</c>.</param>
public sealed record FieldRequirement(string Field, string Value, bool Negated)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Field}{(Negated ? "!=" : "=")}{FieldSelector.Escape(Value)}";
}

/// <summary>A field selector such as <c>metadata.name=x,status.phase!=Running</c>: all conditions must hold. Immutable.</summary>
public sealed class FieldSelector
{
    /// <summary>Matches every object.</summary>
    public static FieldSelector Everything { get; } = new([]);

    private FieldSelector(ImmutableArray<FieldRequirement> requirements) => Requirements = requirements;

    /// <summary>The conditions.</summary>
    public ImmutableArray<FieldRequirement> Requirements { get; }

    /// <summary>Whether every object matches.</summary>
    public bool IsEmpty => Requirements.IsEmpty;

    /// <summary>Whether an object matches whose field values <paramref name="valueOf"/> gives; a missing field counts as empty.</summary>
    public bool Matches(Func<string, string?> valueOf)
    {
        foreach (var requirement in Requirements)
        {
            if ((valueOf(requirement.Field) ?? "") == requirement.Value == requirement.Negated)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the selector asks for exactly one value of the field; that value.</summary>
    public bool RequiresExactMatch(string field, [NotNullWhen(true)] out string? value)
    {
        value = Requirements.FirstOrDefault(r => r.Field == field && !r.Negated)?.Value;
        return value is not null;
    }

    /// <summary>A selector of one equality.</summary>
    public static FieldSelector Equal(string field, string value) => new([new FieldRequirement(field, value, false)]);

    /// <summary>Reads the text form. Throws <see cref="FormatException"/> with Kubernetes' message.</summary>
    public static FieldSelector Parse(string text) => TryParse(text, out var selector, out var error) ? selector : throw new FormatException(error);

    /// <summary>Reads the text form; empty text matches everything. A backslash escapes <c>\</c>, <c>,</c> and <c>=</c> in values.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out FieldSelector? selector, [NotNullWhen(false)] out string? error)
    {
        selector = null;
        error = null;
        var requirements = ImmutableArray.CreateBuilder<FieldRequirement>();
        foreach (var term in Terms(text ?? "").Where(t => t.Length > 0).Order(StringComparer.Ordinal))
        {
            if (!TrySplit(term, out var field, out var raw, out var negated))
            {
                error = $"invalid selector: '{text}'; can't understand '{term}'";
                return false;
            }

            if (!TryUnescape(raw, out var value, out error))
            {
                return false;
            }

            requirements.Add(new FieldRequirement(field, value, negated));
        }

        selector = requirements.Count == 0 ? Everything : new FieldSelector(requirements.ToImmutable());
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(',', Requirements);

    internal static string Escape(string value) => value.Replace(@"\", @"\\").Replace(",", @"\,").Replace("=", @"\=");

    private static IEnumerable<string> Terms(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == ',')
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    private static bool TrySplit(string term, out string field, out string value, out bool negated)
    {
        for (var i = 0; i < term.Length; i++)
        {
            var rest = term.AsSpan(i);
            negated = rest.StartsWith("!=");
            var length = negated || rest.StartsWith("==") ? 2 : rest[0] == '=' ? 1 : 0;
            if (length > 0)
            {
                field = term[..i];
                value = term[(i + length)..];
                return true;
            }
        }

        (field, value, negated) = ("", "", false);
        return false;
    }

    private static bool TryUnescape(string raw, [NotNullWhen(true)] out string? value, [NotNullWhen(false)] out string? error)
    {
        error = null;
        value = raw;
        if (raw.AsSpan().IndexOfAny('\\', ',', '=') < 0)
        {
            return true;
        }

        var text = new StringBuilder();
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '\\')
            {
                i++;
                if (i == raw.Length || raw[i] is not ('\\' or ',' or '='))
                {
                    error = $"invalid field selector: invalid escape sequence: {(i == raw.Length ? "\\" : raw.Substring(i - 1, 2))}";
                    value = null;
                    return false;
                }
            }
            else if (raw[i] is ',' or '=')
            {
                error = $"invalid field selector: unescaped character in value: {raw[i]}";
                value = null;
                return false;
            }

            text.Append(raw[i]);
        }

        value = text.ToString();
        return true;
    }
}
