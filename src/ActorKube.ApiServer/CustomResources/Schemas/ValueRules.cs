using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.CustomResources.Schemas;

/// <summary>The limits that a schema sets to a value, beside its type.</summary>
internal sealed class ValueRules
{
    private readonly Lazy<GoRegex>? _pattern;

    /// <summary>Reads the limits of a schema.</summary>
    public ValueRules(JsonObject json)
    {
        Maximum = Number(json, "maximum");
        Minimum = Number(json, "minimum");
        ExclusiveMaximum = StructuralSchema.Flag(json, "exclusiveMaximum");
        ExclusiveMinimum = StructuralSchema.Flag(json, "exclusiveMinimum");
        MultipleOf = Number(json, "multipleOf");
        MaxLength = Count(json, "maxLength");
        MinLength = Count(json, "minLength");
        MaxItems = Count(json, "maxItems");
        MinItems = Count(json, "minItems");
        MaxProperties = Count(json, "maxProperties");
        MinProperties = Count(json, "minProperties");
        UniqueItems = StructuralSchema.Flag(json, "uniqueItems");
        Required = StructuralSchema.Texts(json["required"]);
        Enum = json["enum"] is JsonArray values ? [.. values.Select(v => v?.DeepClone())] : null;
        Format = StructuralSchema.Text(json, "format") ?? "";
        Pattern = StructuralSchema.Text(json, "pattern") ?? "";
        if (Pattern.Length > 0)
        {
            _pattern = new Lazy<GoRegex>(() => new GoRegex(Pattern));
        }
    }

    /// <summary>Largest number.</summary>
    public double? Maximum { get; }

    /// <summary>Smallest number.</summary>
    public double? Minimum { get; }

    /// <summary>Whether <see cref="Maximum"/> itself is too large.</summary>
    public bool ExclusiveMaximum { get; }

    /// <summary>Whether <see cref="Minimum"/> itself is too small.</summary>
    public bool ExclusiveMinimum { get; }

    /// <summary>What a number must be a multiple of.</summary>
    public double? MultipleOf { get; }

    /// <summary>Most characters.</summary>
    public long? MaxLength { get; }

    /// <summary>Fewest characters.</summary>
    public long? MinLength { get; }

    /// <summary>Most items.</summary>
    public long? MaxItems { get; }

    /// <summary>Fewest items.</summary>
    public long? MinItems { get; }

    /// <summary>Most fields.</summary>
    public long? MaxProperties { get; }

    /// <summary>Fewest fields.</summary>
    public long? MinProperties { get; }

    /// <summary>Whether no item may stand twice.</summary>
    public bool UniqueItems { get; }

    /// <summary>Fields that must be there.</summary>
    public IReadOnlyList<string> Required { get; }

    /// <summary>The allowed values; null for no such rule.</summary>
    public IReadOnlyList<JsonNode?>? Enum { get; }

    /// <summary>Format of text or a number; empty for none.</summary>
    public string Format { get; }

    /// <summary>Regular expression in Go's syntax; empty for none.</summary>
    public string Pattern { get; }

    /// <summary>Whether text matches <see cref="Pattern"/>.</summary>
    public bool MatchesPattern(string text) => _pattern is null || _pattern.Value.IsMatch(text);

    private static double? Number(JsonObject json, string name) => json[name] is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? JsonNumbers.Double(value) : null;

    private static long? Count(JsonObject json, string name) => Number(json, name) is { } number ? (long)number : null;
}
