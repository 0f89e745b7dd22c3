using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace ActorKube.Api.Machinery;

/// <summary>How a requirement relates a label's key and values.</summary>
public enum SelectionOperator
{
    /// <summary>The label is there and has one of the values.</summary>
    In,

    /// <summary>The label is missing or has none of the values.</summary>
    NotIn,

    /// <summary>The label has the value; written <c>=</c>.</summary>
    Equals,

    /// <summary>The label has the value; written <c>==</c>.</summary>
    DoubleEquals,

    /// <summary>The label is missing or has another value.</summary>
    NotEquals,

    /// <summary>The label is there.</summary>
    Exists,

    /// <summary>The label is missing.</summary>
    DoesNotExist,

    /// <summary>The label is an integer greater than the value.</summary>
    GreaterThan,

    /// <summary>The label is an integer less than the value.</summary>
    LessThan,
}

/// <summary>One condition of a label selector. Immutable.</summary>
/// <param name="Key">The label's key.</param>
/// <param name="Operator">How key and values relate.</param>
/// <param name="Values">Sorted, without repetition; empty for the operators that take none.</param>
public sealed record LabelRequirement(string Key, SelectionOperator Operator, ImmutableArray<string> Values)
{
    /// <summary>Whether an object with these labels meets the condition. Null means no labels.</summary>
    public bool Matches(IDictionary<string, string>? labels)
    {
        string? value = null;
        var found = labels is not null && labels.TryGetValue(Key, out value);
        return Matches(found ? value ?? "" : null);
    }

    /// <summary>Whether a label of this value, or null for a missing one, meets the condition.</summary>
    public bool Matches(string? value) => Operator switch
    {
        SelectionOperator.In or SelectionOperator.Equals or SelectionOperator.DoubleEquals => value is not null && Has(value),
        SelectionOperator.NotIn or SelectionOperator.NotEquals => value is null || !Has(value),
        SelectionOperator.Exists => value is not null,
        SelectionOperator.DoesNotExist => value is null,
        SelectionOperator.GreaterThan => TryCompare(value, out var order) && order > 0,
        SelectionOperator.LessThan => TryCompare(value, out var order) && order < 0,
        _ => throw new InvalidOperationException($"unknown operator {Operator}"),
    };

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (Operator == SelectionOperator.DoesNotExist)
        {
            text.Append('!');
        }

        text.Append(Key);
        var values = string.Join(',', Values);
        return text.Append(Operator switch
        {
            SelectionOperator.Exists or SelectionOperator.DoesNotExist => "",
            SelectionOperator.In => $" in ({values})",
            SelectionOperator.NotIn => $" notin ({values})",
            _ => Symbol(Operator) + values,
        }).ToString();
    }

    /// <inheritdoc/>
    public bool Equals(LabelRequirement? other) => other is not null && Key == other.Key && Operator == other.Operator && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Key, Operator, Values.Length);

    /// <summary>
    /// Makes a requirement, or says what is wrong with it. <paramref name="keyField"/> and <paramref name="valuesField"/> are the paths in messages.
    /// </summary>
    internal static LabelRequirement? Create(
        string key, SelectionOperator op, IEnumerable<string> values, List<FieldError> errors, string keyField = "key", string valuesField = "values")
    {
        var before = errors.Count;
        var set = values.ToImmutableSortedSet(StringComparer.Ordinal).ToImmutableArray();
        CheckKey(key, keyField, errors);
        switch (op)
        {
            case SelectionOperator.In or SelectionOperator.NotIn when set.Length == 0:
                errors.Add(FieldError.Invalid(valuesField, set, "for 'in', 'notin' operators, values set can't be empty"));
                break;
            case SelectionOperator.Exists or SelectionOperator.DoesNotExist when set.Length > 0:
                errors.Add(FieldError.Invalid(valuesField, set, "values set must be empty for exists and does not exist"));
                break;
            case SelectionOperator.GreaterThan or SelectionOperator.LessThan:
                for (var i = 0; i < set.Length; i++)
                {
                    if (!long.TryParse(set[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
                    {
                        errors.Add(FieldError.Invalid($"{valuesField}[{i}]", set[i], "for 'Gt', 'Lt' operators, the value must be an integer"));
                    }
                }

                break;
        }

        for (var i = 0; i < set.Length; i++)
        {
            var wrong = NameRules.LabelValue(set[i]);
            if (wrong.Count > 0)
            {
                errors.Add(FieldError.Invalid($"{valuesField}[{i}][{key}]", set[i], string.Join("; ", wrong)));
            }
        }

        return errors.Count == before ? new LabelRequirement(key, op, set) : null;
    }

    internal static void CheckKey(string key, string field, List<FieldError> errors)
    {
        var wrong = NameRules.QualifiedName(key);
        if (wrong.Count > 0)
        {
            errors.Add(FieldError.Invalid(field, key, string.Join("; ", wrong)));
        }
    }

    private static string Symbol(SelectionOperator op) => op switch
    {
        SelectionOperator.Equals => "=",
        SelectionOperator.DoubleEquals => "==",
        SelectionOperator.NotEquals => "!=",
        SelectionOperator.GreaterThan => ">",
        SelectionOperator.LessThan => "<",
        _ => throw new InvalidOperationException($"{op} has no symbol"),
    };

    private bool Has(string value)
    {
        foreach (var wanted in Values)
        {
            if (wanted == value)
            {
                return true;
            }
        }

        return false;
    }

    private bool TryCompare(string? value, out int order)
    {
        order = 0;
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var left)
            || Values.Length != 1
            || !long.TryParse(Values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var right))
        {
            return false;
        }

        order = left.CompareTo(right);
        return true;
    }
}
