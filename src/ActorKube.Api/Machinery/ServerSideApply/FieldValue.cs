using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// A plain JSON value that names an item of a list: a key's value, or a member of a set. Values of different kinds have an order too:
/// numbers, text, true and false, anything else, null.
/// </summary>
public readonly struct FieldValue : IEquatable<FieldValue>, IComparable<FieldValue>
{
    private static readonly JsonSerializerOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Form _form;
    private readonly string? _text;
    private readonly double _number;
    private readonly long _integer;

    private FieldValue(Form form, string? text = null, long integer = 0, double number = 0) => (_form, _text, _integer, _number) = (form, text, integer, number);

    private enum Form
    {
        Number,
        Integer,
        Text,
        Boolean,
        Other,
        Null,
    }

    /// <summary>Text.</summary>
    public static FieldValue Of(string text) => new(Form.Text, text);

    /// <summary>An integer.</summary>
    public static FieldValue Of(long integer) => new(Form.Integer, null, integer, integer);

    /// <summary>A number with a fraction.</summary>
    public static FieldValue Of(double number) => new(Form.Number, null, 0, number);

    /// <summary>True or false.</summary>
    public static FieldValue Of(bool value) => new(Form.Boolean, null, value ? 1 : 0);

    /// <summary>A JSON value. A list or map is taken by its text.</summary>
    public static FieldValue Of(JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => new FieldValue(Form.Null),
        JsonValueKind.String => Of(node.GetValue<string>()),
        JsonValueKind.True => Of(true),
        JsonValueKind.False => Of(false),
        JsonValueKind.Number => OfNumber(node.ToJsonString()),
        _ => new FieldValue(Form.Other, node.ToJsonString(Writing)),
    };

    /// <summary>The value as JSON, escaped as Go escapes it: what could end a script element in HTML is written by its code.</summary>
    public string ToJson() => _form switch
    {
        Form.Text => Escaped(_text!),
        Form.Integer => _integer.ToString(CultureInfo.InvariantCulture),
        Form.Number => _number.ToString("R", CultureInfo.InvariantCulture),
        Form.Boolean => _integer == 1 ? "true" : "false",
        Form.Other => _text!,
        _ => "null",
    };

    /// <summary>The value as it stands in messages.</summary>
    public override string ToString() => _form is Form.Text ? JsonSerializer.Serialize(_text, Writing) : ToJson();

    /// <inheritdoc/>
    public int CompareTo(FieldValue other) => (_form, other._form) switch
    {
        (Form.Integer, Form.Integer) => _integer.CompareTo(other._integer),
        ( <= Form.Integer, <= Form.Integer) => _number.CompareTo(other._number),
        (Form.Text, Form.Text) or (Form.Other, Form.Other) => string.CompareOrdinal(_text, other._text),
        (Form.Boolean, Form.Boolean) => _integer.CompareTo(other._integer),
        _ => _form.CompareTo(other._form),
    };

    /// <inheritdoc/>
    public bool Equals(FieldValue other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FieldValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _form <= Form.Integer ? _number.GetHashCode() : HashCode.Combine(_form, _text, _integer);

    private static FieldValue OfNumber(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)
        ? Of(integer)
        : Of(double.Parse(text, CultureInfo.InvariantCulture));

    private static string Escaped(string text) => text.AsSpan().ContainsAny("<>&")
        ? GoJson.EscapeHtml(JsonSerializer.Serialize(text, Writing))
        : JsonSerializer.Serialize(text, Writing);
}
