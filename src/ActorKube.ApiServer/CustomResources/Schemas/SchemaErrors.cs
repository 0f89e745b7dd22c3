using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;

namespace ActorKube.ApiServer.CustomResources.Schemas;

/// <summary>What a schema finds wrong with a value, in Kubernetes' words, and how far the value met the schema.</summary>
internal sealed class SchemaErrors
{
    // What a failed alternative has no field for is reported there.
    private const string Nowhere = "<nil>";

    /// <summary>The errors.</summary>
    public List<FieldError> Errors { get; } = [];

    /// <summary>How many rules were tried: the alternative that got furthest tells its errors.</summary>
    public int Matches { get; set; }

    /// <summary>Whether the value meets the schema.</summary>
    public bool IsValid => Errors.Count == 0;

    /// <summary>Takes over another result.</summary>
    public void Merge(SchemaErrors other)
    {
        Errors.AddRange(other.Errors);
        Matches += other.Matches;
    }

    /// <summary>A value of a wrong type.</summary>
    public void WrongType(string path, string expected, string found) =>
        Errors.Add(new FieldError("FieldValueTypeInvalid", Field(path), $"Invalid value: {Quote(found)}: {path} in body must be of type {expected}: {Quote(found)}"));

    /// <summary>Text that does not have its format.</summary>
    public void WrongFormat(string path, string format, string text) =>
        Errors.Add(new FieldError("FieldValueTypeInvalid", Field(path), $"Invalid value: {Quote(text)}: {path} in body must be of type {format}: {Quote(text)}"));

    /// <summary>A field that must be there.</summary>
    public void Required(string path) => Errors.Add(FieldError.Required(Field(path)));

    /// <summary>A value outside a fixed set.</summary>
    public void NotSupported(string path, JsonNode? value, IEnumerable<JsonNode?> allowed) =>
        Errors.Add(new FieldError("FieldValueNotSupported", Field(path), $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", allowed.Select(v => Quote(Text(v))))}"));

    /// <summary>Text that is too long.</summary>
    public void TooLong(string path, long max) => Errors.Add(FieldError.TooLong(Field(path), (int)max));

    /// <summary>Too many items or fields.</summary>
    public void TooMany(string path, int actual, long max) => Errors.Add(FieldError.TooMany(Field(path), actual, (int)max));

    /// <summary>A rule that is broken: <paramref name="rule"/> stands behind <c>path in body</c>.</summary>
    public void Broken(string path, JsonNode? value, string rule) =>
        Errors.Add(new FieldError("FieldValueInvalid", Field(path), $"Invalid value: {Show(value)}: {path} in body {rule}"));

    /// <summary>A rule about alternatives that is broken.</summary>
    public void Alternatives(string path, string rule) =>
        Errors.Add(new FieldError("FieldValueInvalid", Nowhere, $"Invalid value: \"\": {Quote(path)} {rule}"));

    /// <summary>A value as error messages show it.</summary>
    public static string Show(JsonNode? value) => value is null ? "null" : value.GetValueKind() == JsonValueKind.String ? Quote(value.GetValue<string>()) : value.ToJsonString();

    /// <summary>Text in Go's quotes.</summary>
    public static string Quote(string text) => System.Text.Json.JsonSerializer.Serialize(text, Relaxed);

    private static readonly JsonSerializerOptions Relaxed = new(JsonSerializerOptions.Default) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Text(JsonNode? value) => value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : value?.ToJsonString() ?? "null";

    private static string Field(string path) => path.Length == 0 ? Nowhere : path;
}
