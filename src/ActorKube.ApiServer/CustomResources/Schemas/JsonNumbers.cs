using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.CustomResources.Schemas;

/// <summary>Numbers of a JSON tree as Go holds them: 64-bit integers where they fit, else floating point.</summary>
internal static class JsonNumbers
{
    /// <summary>The number as an integer; null when it has a fraction or is too large.</summary>
    public static long? Integer(JsonValue value) => value.TryGetValue(out long integer) ? integer : value.TryGetValue(out int small) ? small : null;

    /// <summary>The number as floating point.</summary>
    public static double Double(JsonValue value) =>
        value.TryGetValue(out double number) ? number : Integer(value) is { } integer ? integer : double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);

    /// <summary>The JSON type as schemas name it: <c>integer</c>, <c>number</c>, <c>string</c>, <c>boolean</c>, <c>array</c>, <c>object</c> or <c>null</c>.</summary>
    public static string TypeOf(JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => Integer((JsonValue)node) is null ? "number" : "integer",
        _ => "boolean",
    };

    /// <summary>A number as Go prints it with <c>%v</c>.</summary>
    public static string Show(double number) => number == Math.Truncate(number) && Math.Abs(number) < 1e21
        ? ((decimal)Math.Clamp(number, -1e20, 1e20)).ToString("0", CultureInfo.InvariantCulture)
        : number.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
}
