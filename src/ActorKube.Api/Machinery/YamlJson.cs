using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ActorKube.Api.Machinery;

/// <summary>
/// YAML to JSON by the rules Kubernetes' tools use: plain scalars follow YAML 1.1 (<c>yes</c> and <c>on</c> are true, <c>0644</c> is octal),
/// quoted ones stay text, keys become text, anchors and merge keys are expanded.
/// </summary>
public static class YamlJson
{
    private const int MaxExpandedNodes = 1_000_000;

    /// <summary>Converts one document. Keys given twice are reported and the last one counts; the error is worded as Kubernetes words it.</summary>
    public static bool TryConvert(
        ReadOnlySpan<byte> yaml, [NotNullWhen(true)] out byte[]? json, out IReadOnlyList<string> duplicates, [NotNullWhen(false)] out string? error)
    {
        var repeated = new List<string>();
        duplicates = repeated;
        (json, error) = (null, null);
        try
        {
            using var text = new StringReader(Encoding.UTF8.GetString(yaml.StartsWith("\uFEFF"u8) ? yaml[3..] : yaml));
            var parser = new Parser(text);
            parser.Consume<StreamStart>();
            var buffer = new ArrayBufferWriter<byte>(Math.Max(16, yaml.Length));
            using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { MaxDepth = 512, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                if (parser.Accept<DocumentStart>(out _))
                {
                    parser.Consume<DocumentStart>();
                    var root = new YamlReader(parser, repeated).ReadNode();
                    var written = 0;
                    Write(writer, root, ref written);
                }
                else
                {
                    writer.WriteNullValue();
                }
            }

            json = buffer.WrittenSpan.ToArray();
            return true;
        }
        catch (YamlException e)
        {
            error = "error converting YAML to JSON: yaml: " + GoText(e.InnerException as YamlException ?? e);
            return false;
        }
        catch (InvalidOperationException e)
        {
            error = $"error converting YAML to JSON: {e.Message}";
            return false;
        }
    }

    /// <summary>Converts one document. Throws <see cref="FormatException"/> when it is no YAML.</summary>
    public static byte[] Convert(ReadOnlySpan<byte> yaml) => TryConvert(yaml, out var json, out _, out var error) ? json : throw new FormatException(error);

    /// <summary>The documents of a stream, split at lines that start with <c>---</c>; documents of nothing but blanks and comments are left out.</summary>
    public static IEnumerable<string> SplitDocuments(string yaml)
    {
        var document = new StringBuilder();
        foreach (var line in yaml.Split('\n'))
        {
            if (line.StartsWith("---", StringComparison.Ordinal) && (line.Length == 3 || char.IsWhiteSpace(line[3])))
            {
                if (HasContent(document))
                {
                    yield return document.ToString();
                }

                document.Clear();
                var rest = line[3..].Trim();
                if (rest.Length > 0 && rest[0] != '#')
                {
                    document.Append(rest).Append('\n');
                }
            }
            else
            {
                document.Append(line).Append('\n');
            }
        }

        if (HasContent(document))
        {
            yield return document.ToString();
        }
    }

    private static bool HasContent(StringBuilder document) =>
        document.ToString().Split('\n').Any(line => line.AsSpan().Trim() is { IsEmpty: false } text && text[0] != '#' && text is not "...");

    private static void Write(Utf8JsonWriter writer, YamlNode node, ref int written)
    {
        if (++written > MaxExpandedNodes)
        {
            throw new InvalidOperationException("yaml: document contains excessive aliasing");
        }

        switch (node)
        {
            case YamlMap map:
                writer.WriteStartObject();
                foreach (var (key, value) in map.Entries)
                {
                    writer.WritePropertyName(key);
                    Write(writer, value, ref written);
                }

                writer.WriteEndObject();
                break;
            case YamlList list:
                writer.WriteStartArray();
                foreach (var item in list.Items)
                {
                    Write(writer, item, ref written);
                }

                writer.WriteEndArray();
                break;
            case YamlScalar scalar:
                scalar.Value.WriteTo(writer);
                break;
        }
    }

    // Go's library says what is wrong but not what it was reading, and counts lines in its own way: a token's from zero, a character's from one, and never the first.
    private static string GoText(YamlException e)
    {
        var message = e.Message[(e.Message.LastIndexOf("): ", StringComparison.Ordinal) is var at && at > 0 ? at + 3 : 0)..].TrimEnd('.');
        var parsing = message.StartsWith("While parsing", StringComparison.Ordinal);
        if (message.StartsWith("While ", StringComparison.Ordinal) && message.IndexOf(", ", StringComparison.Ordinal) is var comma and > 0)
        {
            message = message[(comma + 2)..].TrimStart();
        }

        message = message switch
        {
            "found invalid mapping" => "mapping values are not allowed in this context",
            "found invalid tab as indentation" or "found a tab character that violate indentation" => "found character that cannot start any token",
            _ => LowerFirst(message),
        };
        var line = parsing ? e.Start.Line - 1 : e.End.Line > 1 ? e.End.Line : 0;
        return line > 0 ? $"line {line}: {message}" : message;
    }

    private static string LowerFirst(string text) => text.Length == 0 ? text : char.ToLowerInvariant(text[0]) + text[1..];
}
