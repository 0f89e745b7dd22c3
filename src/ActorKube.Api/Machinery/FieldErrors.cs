namespace ActorKube.Api.Machinery;

/// <summary>The field errors found so far, in the order Kubernetes would report them.</summary>
public sealed class FieldErrors : List<FieldError>
{
    /// <summary>Kubernetes' words for a change of what may not change.</summary>
    public const string Immutable = "field is immutable";

    /// <summary>A field that must be set.</summary>
    public void Required(FieldPath path, string detail = "") => Add(FieldError.Required(path.ToString(), detail));

    /// <summary>A value that breaks a rule.</summary>
    public void Invalid(FieldPath path, object? value, string detail) => Add(FieldError.Invalid(path.ToString(), value, detail));

    /// <summary>One error for each of the messages of a rule.</summary>
    public void Invalid(FieldPath path, object? value, IReadOnlyList<string> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            Invalid(path, value, messages[i]);
        }
    }

    /// <summary>A value outside a fixed set.</summary>
    public void NotSupported(FieldPath path, object? value, params ReadOnlySpan<string> supported) => Add(FieldError.NotSupported(path.ToString(), value, supported.ToArray()));

    /// <summary>A value that appears twice.</summary>
    public void Duplicate(FieldPath path, object? value) => Add(FieldError.Duplicate(path.ToString(), value));

    /// <summary>A field that may not be set here.</summary>
    public void Forbidden(FieldPath path, string detail) => Add(FieldError.Forbidden(path.ToString(), detail));

    /// <summary>A reference to nothing.</summary>
    public void NotFound(FieldPath path, object? value) => Add(FieldError.NotFound(path.ToString(), value));

    /// <summary>A value that is too long.</summary>
    public void TooLong(FieldPath path, int maxLength) => Add(FieldError.TooLong(path.ToString(), maxLength));

    /// <summary>A list that is too long.</summary>
    public void TooMany(FieldPath path, int actual, int max) => Add(FieldError.TooMany(path.ToString(), actual, max));

    /// <summary>A value that must be one of a set: required when empty.</summary>
    public void OneOf(FieldPath path, string? value, params ReadOnlySpan<string> supported)
    {
        if (string.IsNullOrEmpty(value))
        {
            Required(path);
        }
        else if (!supported.Contains(value))
        {
            NotSupported(path, value, supported);
        }
    }

    /// <summary>A number that must not be negative.</summary>
    public void NonNegative(FieldPath path, long? value)
    {
        if (value < 0)
        {
            Invalid(path, value, "must be greater than or equal to 0");
        }
    }

    /// <summary>A value that may not differ from the old one.</summary>
    public void Unchanged(FieldPath path, object? value, object? old)
    {
        if (!SemanticEquality.Equal(value, old))
        {
            Invalid(path, value, Immutable);
        }
    }
}
