using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ActorKube.Cli.Output;

/// <summary>JSON as YAML, keys in order and lists not indented, as <c>kubectl get -o yaml</c> prints it.</summary>
internal static class YamlText
{
    public static string Of(JsonNode node)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, EmitterSettings.Default.WithBestWidth(int.MaxValue));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, node);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject o:
                emitter.Emit(new MappingStart(null, null, true, o.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var (key, value) in o.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    emitter.Emit(Text(key));
                    Emit(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray a:
                emitter.Emit(new SequenceStart(null, null, true, a.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in a)
                    Emit(emitter, item);
                emitter.Emit(new SequenceEnd());
                break;
            case JsonValue v when v.GetValueKind() == JsonValueKind.String:
                emitter.Emit(Text((string)v!));
                break;
            default:
                emitter.Emit(new Scalar(null, null, node?.ToJsonString() ?? "null", ScalarStyle.Plain, true, false));
                break;
        }
    }

    private static Scalar Text(string text) => new(null, null, text, text.Contains('\n') ? ScalarStyle.Literal : LooksOtherwise(text) ? ScalarStyle.DoubleQuoted : ScalarStyle.Any, true, true);

    // Text that a reader would take for a number, a boolean, null or a time must be quoted.
    private static bool LooksOtherwise(string text) =>
        text.Length == 0 || text is "null" or "~" or "true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n" or "Y" or "N" or "Null" or "True" or "False" or "Yes" or "No" or "On" or "Off"
        || double.TryParse(text, System.Globalization.NumberStyles.Any, System.Globalization.CultureInfo.InvariantCulture, out _)
        || DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _);
}
