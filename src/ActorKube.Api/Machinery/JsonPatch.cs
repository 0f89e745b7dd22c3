using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery;

/// <summary>
/// JSON Patch, RFC 6902, over a JSON tree. Written here because the library for it patches typed objects, whose unset fields and
/// strict types give other answers than the RFC. A pointer's array index may be negative, counted from the end, as in Kubernetes.
/// </summary>
public static class JsonPatch
{
    /// <summary>Kubernetes takes no longer patches.</summary>
    public const int MaxOperations = 10_000;

    /// <summary>
    /// Applies the operations to <paramref name="document"/>, which is changed, and returns the result. Throws <see cref="JsonPatchException"/>
    /// when one of them cannot be applied.
    /// </summary>
    public static JsonNode? Apply(JsonNode? document, JsonArray operations)
    {
        foreach (var operation in operations)
        {
            document = Apply(document, operation as JsonObject ?? throw new JsonPatchException("an operation is not an object"));
        }

        return document;
    }

    private static JsonNode? Apply(JsonNode? document, JsonObject operation)
    {
        var op = Text(operation, "op");
        var path = Pointer(operation, "path");
        switch (op)
        {
            case "add":
                return Add(document, path, Value(operation));
            case "remove":
                return Remove(document, path, out _);
            case "replace":
                if (path.Length == 0)
                {
                    return Value(operation);
                }

                Get(document, path);
                var (parent, last) = Parent(document, path);
                if (parent is JsonObject map)
                {
                    map[last] = Value(operation);
                }
                else
                {
                    ((JsonArray)parent)[Index((JsonArray)parent, last)] = Value(operation);
                }

                return document;
            case "move":
                var from = Pointer(operation, "from");
                if (path.Length > from.Length && path.AsSpan(0, from.Length).SequenceEqual(from))
                {
                    throw new JsonPatchException("a value cannot be moved into itself");
                }

                document = Remove(document, from, out var moved);
                return Add(document, path, moved);
            case "copy":
                return Add(document, path, Get(document, Pointer(operation, "from"))?.DeepClone());
            case "test":
                var expected = operation.ContainsKey("value") ? operation["value"] : null;
                var actual = expected is null && !Exists(document, path) ? null : Get(document, path);
                return JsonNode.DeepEquals(expected, actual)
                    ? document
                    : throw new JsonPatchException($"testing value {Text(operation, "path")} failed");
            default:
                throw new JsonPatchException($"unexpected kind: {op}");
        }
    }

    private static JsonNode? Add(JsonNode? document, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            return value;
        }

        var (parent, last) = Parent(document, path);
        if (parent is JsonObject map)
        {
            map[last] = value;
            return document;
        }

        var list = (JsonArray)parent;
        if (last == "-")
        {
            list.Add(value);
            return document;
        }

        var index = Number(last);
        index = index < 0 ? index + list.Count + 1 : index;
        if (index < 0 || index > list.Count)
        {
            throw new JsonPatchException($"index {last} is out of bounds");
        }

        list.Insert(index, value);
        return document;
    }

    private static JsonNode? Remove(JsonNode? document, string[] path, out JsonNode? removed)
    {
        if (path.Length == 0)
        {
            removed = document;
            return null;
        }

        removed = Get(document, path);
        var (parent, last) = Parent(document, path);
        if (parent is JsonObject map)
        {
            map.Remove(last);
        }
        else
        {
            ((JsonArray)parent).RemoveAt(Index((JsonArray)parent, last));
        }

        return document;
    }

    private static JsonNode? Get(JsonNode? document, string[] path)
    {
        foreach (var step in path)
        {
            document = document switch
            {
                JsonObject map => map.TryGetPropertyValue(step, out var value) ? value : throw Missing(path),
                JsonArray list => list[Index(list, step)],
                _ => throw Missing(path),
            };
        }

        return document;
    }

    private static bool Exists(JsonNode? document, string[] path)
    {
        foreach (var step in path)
        {
            switch (document)
            {
                case JsonObject map when map.TryGetPropertyValue(step, out var value):
                    document = value;
                    break;
                case JsonArray list when int.TryParse(step, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index) && index < list.Count && index >= -list.Count:
                    document = list[index < 0 ? index + list.Count : index];
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static (JsonNode Parent, string Last) Parent(JsonNode? document, string[] path)
    {
        var parent = Get(document, path[..^1]);
        return parent is JsonObject or JsonArray ? (parent, path[^1]) : throw Missing(path);
    }

    private static JsonPatchException Missing(string[] path) => new($"doc is missing path: /{string.Join('/', path)}: missing value");

    private static int Index(JsonArray list, string step)
    {
        var index = Number(step);
        index = index < 0 ? index + list.Count : index;
        return index >= 0 && index < list.Count ? index : throw new JsonPatchException($"index {step} is out of bounds");
    }

    private static int Number(string step) => int.TryParse(step, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index)
        ? index
        : throw new JsonPatchException($"\"{step}\" is no index of a list");

    private static JsonNode? Value(JsonObject operation) => operation.TryGetPropertyValue("value", out var value)
        ? value?.DeepClone()
        : throw new JsonPatchException("an operation has no value");

    private static string Text(JsonObject operation, string name) =>
        operation[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw new JsonPatchException($"an operation has no {name}");

    private static string[] Pointer(JsonObject operation, string name)
    {
        var pointer = Text(operation, name);
        if (pointer.Length == 0)
        {
            return [];
        }

        if (pointer[0] != '/')
        {
            throw new JsonPatchException($"{name} \"{pointer}\" does not start with a slash");
        }

        var steps = pointer[1..].Split('/');
        for (var i = 0; i < steps.Length; i++)
        {
            steps[i] = steps[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        }

        return steps;
    }
}

/// <summary>An operation of a JSON patch that cannot be applied.</summary>
public sealed class JsonPatchException(string message) : Exception(message);
