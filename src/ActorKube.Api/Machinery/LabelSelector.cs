using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>
/// A label selector ready to match: all of its requirements must hold. Made from the text form (<c>a=b,c!=d,e in (x,y),!f,g</c>),
/// from a <see cref="V1LabelSelector"/> or from a plain map of labels. Immutable and shared freely.
/// </summary>
public sealed class LabelSelector
{
    /// <summary>Matches every object.</summary>
    public static LabelSelector Everything { get; } = new([], false);

    /// <summary>Matches no object.</summary>
    public static LabelSelector Nothing { get; } = new([], true);

    private LabelSelector(ImmutableArray<LabelRequirement> requirements, bool matchesNothing)
    {
        Requirements = requirements;
        MatchesNothing = matchesNothing;
    }

    /// <summary>The conditions, ordered by key.</summary>
    public ImmutableArray<LabelRequirement> Requirements { get; }

    /// <summary>Whether this is the selector that matches no object.</summary>
    public bool MatchesNothing { get; }

    /// <summary>Whether every object matches.</summary>
    public bool IsEmpty => !MatchesNothing && Requirements.IsEmpty;

    /// <summary>Whether an object with these labels matches. Null means no labels.</summary>
    public bool Matches(IDictionary<string, string>? labels)
    {
        if (MatchesNothing)
        {
            return false;
        }

        foreach (var requirement in Requirements)
        {
            if (!requirement.Matches(labels))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether an object matches whose labels are found by <paramref name="lookup"/>, which returns null for a missing label.</summary>
    public bool Matches(Func<string, string?> lookup)
    {
        if (MatchesNothing)
        {
            return false;
        }

        foreach (var requirement in Requirements)
        {
            if (!requirement.Matches(lookup(requirement.Key)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the selector asks for exactly one value of the label; that value.</summary>
    public bool RequiresExactMatch(string key, [NotNullWhen(true)] out string? value)
    {
        foreach (var r in Requirements)
        {
            if (r.Key == key)
            {
                var exact = r.Operator is SelectionOperator.Equals or SelectionOperator.DoubleEquals or SelectionOperator.In && r.Values.Length == 1;
                value = exact ? r.Values[0] : null;
                return exact;
            }
        }

        value = null;
        return false;
    }

    /// <summary>A selector that also asks for these requirements.</summary>
    public LabelSelector With(params IEnumerable<LabelRequirement> more) => MatchesNothing ? this : Of(Requirements.Concat(more));

    /// <summary>A selector of these requirements.</summary>
    public static LabelSelector Of(IEnumerable<LabelRequirement> requirements)
    {
        // OrderBy is stable: requirements on one key stay in the order they were written.
        var sorted = requirements.OrderBy(r => r.Key, StringComparer.Ordinal).ToImmutableArray();
        return sorted.IsEmpty ? Everything : new LabelSelector(sorted, false);
    }

    /// <summary>Matches objects that have all of these labels; null or empty matches everything (a Service's or ReplicationController's selector).</summary>
    public static LabelSelector FromLabels(IDictionary<string, string>? labels) => labels is null || labels.Count == 0
        ? Everything
        : Of(labels.Select(l => new LabelRequirement(l.Key, SelectionOperator.Equals, [l.Value])));

    /// <summary>
    /// The selector of a typed object: null matches nothing, an empty one everything.
    /// Throws <see cref="FormatException"/> for a selector that validation would have refused.
    /// </summary>
    public static LabelSelector From(V1LabelSelector? selector) =>
        TryFrom(selector, out var result, out var error) ? result : throw new FormatException(error);

    /// <summary>Like <see cref="From"/>, saying what is wrong instead of throwing.</summary>
    public static bool TryFrom(V1LabelSelector? selector, [NotNullWhen(true)] out LabelSelector? result, [NotNullWhen(false)] out string? error)
    {
        error = null;
        result = Nothing;
        if (selector is null)
        {
            return true;
        }

        var requirements = new List<LabelRequirement>();
        var errors = new List<FieldError>();
        foreach (var (key, value) in selector.MatchLabels ?? new Dictionary<string, string>())
        {
            Add(LabelRequirement.Create(key, SelectionOperator.Equals, [value], errors));
        }

        foreach (var expression in selector.MatchExpressions ?? [])
        {
            if (!Operators.TryGetValue(expression.OperatorProperty ?? "", out var op))
            {
                error = $"\"{expression.OperatorProperty}\" is not a valid label selector operator";
                result = null;
                return false;
            }

            Add(LabelRequirement.Create(expression.Key ?? "", op, expression.Values ?? [], errors));
        }

        if (errors.Count > 0)
        {
            error = string.Join(", ", errors);
            result = null;
            return false;
        }

        result = Of(requirements);
        return true;

        void Add(LabelRequirement? requirement)
        {
            if (requirement is not null)
            {
                requirements.Add(requirement);
            }
        }
    }

    /// <summary>Reads the text form. Throws <see cref="FormatException"/> with Kubernetes' message.</summary>
    public static LabelSelector Parse(string text) => TryParse(text, out var selector, out var error) ? selector : throw new FormatException(error);

    /// <summary>Reads the text form; empty text matches everything.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out LabelSelector? selector, [NotNullWhen(false)] out string? error)
    {
        selector = null;
        if (!LabelSelectorParser.TryParse(text ?? "", out var requirements, out error))
        {
            return false;
        }

        selector = Of(requirements);
        return true;
    }

    /// <summary>How <c>kubectl get</c> and <c>describe</c> show a selector.</summary>
    public static string Format(V1LabelSelector? selector)
    {
        if (!TryFrom(selector, out var parsed, out _))
        {
            return "<error>";
        }

        var text = parsed.ToString();
        return text.Length == 0 ? "<none>" : text;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(',', Requirements);

    private static readonly Dictionary<string, SelectionOperator> Operators = new(StringComparer.Ordinal)
    {
        ["In"] = SelectionOperator.In,
        ["NotIn"] = SelectionOperator.NotIn,
        ["Exists"] = SelectionOperator.Exists,
        ["DoesNotExist"] = SelectionOperator.DoesNotExist,
    };
}
