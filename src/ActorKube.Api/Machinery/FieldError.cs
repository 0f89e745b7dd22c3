namespace ActorKube.Api.Machinery;

/// <summary>One field that is wrong, in the words Kubernetes uses: <c>spec.replicas: Invalid value: -1: must be greater than or equal to 0</c>.</summary>
/// <param name="Reason">One of the <c>FieldValue…</c> causes of a Status.</param>
/// <param name="Field">JSON path, such as <c>spec.containers[0].name</c>.</param>
/// <param name="Message">The whole message without the path, such as <c>Required value: must be set</c>.</param>
public sealed record FieldError(string Reason, string Field, string Message)
{
    /// <summary>A field that must be set.</summary>
    public static FieldError Required(string field, string detail = "") => new("FieldValueRequired", field, Join("Required value", detail));

    /// <summary>A value that breaks a rule. Strings are quoted, as Kubernetes does.</summary>
    public static FieldError Invalid(string field, object? value, string detail) => new("FieldValueInvalid", field, Join($"Invalid value: {Show(value)}", detail));

    /// <summary>A value outside a fixed set.</summary>
    public static FieldError NotSupported(string field, object? value, IEnumerable<string> supported) =>
        new("FieldValueNotSupported", field, $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", supported.Select(s => $"\"{s}\""))}");

    /// <summary>A value that appears twice where it must be unique.</summary>
    public static FieldError Duplicate(string field, object? value) => new("FieldValueDuplicate", field, $"Duplicate value: {Show(value)}");

    /// <summary>A field that may not be set here.</summary>
    public static FieldError Forbidden(string field, string detail) => new("FieldValueForbidden", field, Join("Forbidden", detail));

    /// <summary>A reference to something that does not exist.</summary>
    public static FieldError NotFound(string field, object? value) => new("FieldValueNotFound", field, $"Not found: {Show(value)}");

    /// <summary>A value longer than <paramref name="maxLength"/> bytes.</summary>
    public static FieldError TooLong(string field, int maxLength) => new("FieldValueTooLong", field, $"Too long: may not be more than {maxLength} bytes");

    /// <summary>A list longer than <paramref name="max"/>.</summary>
    public static FieldError TooMany(string field, int actual, int max) => new("FieldValueTooMany", field, $"Too many: {actual}: must have at most {max} items");

    /// <inheritdoc/>
    public override string ToString() => Field.Length == 0 ? Message : $"{Field}: {Message}";

    private static string Join(string head, string detail) => detail.Length == 0 ? head : $"{head}: {detail}";

    private static string Show(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool b => b ? "true" : "false",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => ApiJson.SerializeToString(value),
    };
}
