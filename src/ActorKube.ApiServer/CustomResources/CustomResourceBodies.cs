using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources;

/// <summary>Reads bodies of custom resources: metadata into its class, the rest pruned and with its defaults, and what was unknown or given twice is told.</summary>
internal static class CustomResourceBodies
{
    private const string FinalizerStyle = "name is neither a standard finalizer name nor is it fully qualified";

    /// <summary>Reads JSON.</summary>
    public static Decoded Decode(CustomResourceKind kind, ReadOnlySpan<byte> json)
    {
        var strict = new List<string>();
        if (!JsonTree.TryParse(json, out var tree, out var error, strict))
        {
            return new Decoded(null, error, []);
        }

        if (tree is not JsonObject root)
        {
            return new Decoded(null, $"json: cannot unmarshal {Word(tree)} into Go value of type map[string]interface {{}}", []);
        }

        if (!TryTakeText(root, "kind", out var bodyKind) || bodyKind.Length == 0)
        {
            return new Decoded(null, $"Object 'Kind' is missing in '{Encoding.UTF8.GetString(json)}'", []);
        }

        if (!TryTakeText(root, "apiVersion", out var apiVersion))
        {
            return new Decoded(null, "invalid apiVersion: must be a string", []);
        }

        var metadata = root["metadata"];
        root.Remove("metadata");
        var decoded = StrictDecoder.Decode(metadata is null ? "{}"u8 : JsonTree.ToUtf8(metadata), typeof(V1ObjectMeta));
        if (decoded.Error is not null)
        {
            return new Decoded(null, decoded.Error, []);
        }

        foreach (var text in decoded.Strict)
        {
            strict.Add(text.StartsWith("unknown field \"", StringComparison.Ordinal) ? text.Insert("unknown field \"".Length, "metadata.") : text);
        }

        var unknown = new List<string>();
        Normalize(kind, root, unknown);
        strict.AddRange(unknown.Order(StringComparer.Ordinal).Select(path => $"unknown field \"{path}\""));
        return new Decoded(new CustomObject { ApiVersion = apiVersion, Kind = bodyKind, Metadata = (V1ObjectMeta)decoded.Value!, Content = root }, null, strict);
    }

    /// <summary>Reads YAML.</summary>
    public static Decoded DecodeYaml(CustomResourceKind kind, ReadOnlySpan<byte> yaml)
    {
        if (!YamlJson.TryConvert(yaml, out var json, out var duplicates, out var error))
        {
            return new Decoded(null, error, []);
        }

        var decoded = Decode(kind, json);
        return duplicates.Count == 0
            ? decoded
            : decoded with { Strict = ["yaml: unmarshal errors:\n" + string.Join("\n", duplicates.Select(d => "  " + d)), .. decoded.Strict] };
    }

    /// <summary>Brings the content of an object into the form of the kind's schema. Paths of unknown fields are added to <paramref name="unknown"/>.</summary>
    public static void Normalize(CustomResourceKind kind, JsonObject content, List<string>? unknown)
    {
        if (kind.Schema is not { } schema)
        {
            return;
        }

        Pruning.Prune(content, schema, "", unknown);
        Defaulting.DropNulls(content, schema);
        Defaulting.Default(content, schema);
        if (kind.HasEmbedded)
        {
            EmbeddedObjects.Coerce(content, schema, "", unknown);
        }
    }

    /// <summary>Whether an error is about the style of a finalizer's name, which custom resources are only warned of.</summary>
    public static bool IsFinalizerStyle(FieldError error) => error.Message.EndsWith(FinalizerStyle, StringComparison.Ordinal);

    private static bool TryTakeText(JsonObject root, string name, out string text)
    {
        text = "";
        if (root[name] is not { } node)
        {
            root.Remove(name);
            return true;
        }

        if (node.GetValueKind() != JsonValueKind.String)
        {
            return false;
        }

        text = node.GetValue<string>();
        root.Remove(name);
        return true;
    }

    private static string Word(JsonNode? node) => node?.GetValueKind() switch
    {
        null => "null",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        _ => "bool",
    };
}
