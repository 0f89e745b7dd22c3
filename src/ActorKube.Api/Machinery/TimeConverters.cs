using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ActorKube.Api.Machinery;

/// <summary>
/// The two forms of a time in the API. <c>Time</c> has whole seconds (<c>2026-01-31T12:00:00Z</c>), a finer one is cut; <c>MicroTime</c> always has six
/// digits (<c>2026-01-31T12:00:00.000000Z</c>). The model classes have one type for both. Both in UTC.
/// Source: https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#Time
/// </summary>
internal sealed class TimeConverter(JsonConverter<DateTime> reading) : JsonConverter<DateTime>
{
    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var time = reading.Read(ref reader, typeToConvert, options).ToUniversalTime();
        return new DateTime(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
    }

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) => Write(writer, value, "yyyy-MM-dd'T'HH':'mm':'ss'Z'", 20);

    internal static void Write(Utf8JsonWriter writer, DateTime value, string format, int length)
    {
        Span<char> text = stackalloc char[length];
        value.ToUniversalTime().TryFormat(text, out var written, format, CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..written]);
    }
}

/// <summary>See <see cref="TimeConverter"/>.</summary>
internal sealed class MicroTimeConverter(JsonConverter<DateTime> reading) : JsonConverter<DateTime?>
{
    // The only fields of the API that are MicroTimes.
    private static readonly HashSet<string> Fields = new(StringComparer.Ordinal) { "acquireTime", "renewTime", "pingTime", "eventTime", "lastObservedTime" };

    /// <summary>Gives the fields of a model class that are MicroTimes their form.</summary>
    public static Action<JsonTypeInfo> Modifier(JsonConverter<DateTime> reading)
    {
        var converter = new MicroTimeConverter(reading);
        return type =>
        {
            foreach (var property in type.Properties.Where(p => p.PropertyType == typeof(DateTime?) && Fields.Contains(p.Name)))
            {
                property.CustomConverter = converter;
            }
        };
    }

    public override DateTime? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? null : reading.Read(ref reader, typeof(DateTime), options).ToUniversalTime();

    public override void Write(Utf8JsonWriter writer, DateTime? value, JsonSerializerOptions options) =>
        TimeConverter.Write(writer, value!.Value, "yyyy-MM-dd'T'HH':'mm':'ss'.'ffffff'Z'", 27);
}
