using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>Whether JSON is of a type: no unknown fields, no wrong values, and no item twice in a list whose items are told apart.</summary>
public static class SchemaValidation
{
    /// <summary>What is wrong, in the words and the order of structured-merge-diff; empty when nothing is.</summary>
    /// <param name="value">The value.</param>
    /// <param name="schema">Its type.</param>
    /// <param name="allowDuplicates">Whether an item may stand twice in a list, as it may in an object that is already stored.</param>
    public static List<string> Validate(JsonNode? value, IFieldSchema schema, bool allowDuplicates = false)
    {
        var errors = new List<string>();
        Check(value, schema, "", allowDuplicates, errors);
        return errors;
    }

    /// <summary>The errors as one text.</summary>
    public static string Text(IReadOnlyList<string> errors) => errors.Count == 1 ? errors[0] : $"errors:\n{string.Join('\n', errors.Select(e => "  " + e))}";

    private static void Check(JsonNode? value, IFieldSchema schema, string path, bool allowDuplicates, List<string> errors)
    {
        switch (JsonSlot.FormOf(schema, value))
        {
            case SchemaForm.Map:
                CheckMap(value, schema.Map!, path, allowDuplicates, errors);
                break;
            case SchemaForm.List:
                CheckList(value, schema.List!, path, allowDuplicates, errors);
                break;
            default:
                CheckScalar(value, schema.Scalar!.Value, path, errors);
                break;
        }
    }

    private static void CheckMap(JsonNode? value, IMapSchema schema, string path, bool allowDuplicates, List<string> errors)
    {
        if (value is null)
        {
            return;
        }

        if (value is not JsonObject map)
        {
            Add(errors, path, $"expected map, got &{{{Shown(value)}}}");
            return;
        }

        foreach (var (key, item) in map)
        {
            var child = $"{path}.{key}";
            if (JsonSlot.TypeOf(schema, key) is not { } type)
            {
                // The first unknown field ends the look at this map, as in Kubernetes.
                Add(errors, child, "field not declared in schema");
                return;
            }

            Check(item, type, child, allowDuplicates, errors);
        }
    }

    private static void CheckList(JsonNode? value, IListSchema schema, string path, bool allowDuplicates, List<string> errors)
    {
        if (value is null)
        {
            return;
        }

        if (value is not JsonArray list)
        {
            Add(errors, path, $"expected list, got &{{{Shown(value)}}}");
            return;
        }

        var seen = new HashSet<PathElement>();
        for (var i = 0; i < list.Count; i++)
        {
            var step = PathElement.At(i);
            if (!schema.IsAtomic)
            {
                if (!JsonSlot.TryStep(schema, list[i], out step, out var error))
                {
                    Add(errors, path, $"element {i}: {error}");
                    return;
                }

                if (!seen.Add(step) && !allowDuplicates)
                {
                    Add(errors, path, $"duplicate entries for key {step}");
                }
            }

            Check(list[i], schema.Element, path + step, allowDuplicates, errors);
        }
    }

    private static void CheckScalar(JsonNode? value, ScalarKind kind, string path, List<string> errors)
    {
        var got = value?.GetValueKind() ?? JsonValueKind.Null;
        var error = (kind, got) switch
        {
            (_, JsonValueKind.Null) => null,
            (ScalarKind.Numeric, not JsonValueKind.Number) => $"expected numeric (int or float), got {GoType(value)}",
            (ScalarKind.String, not JsonValueKind.String) => $"expected string, got &value.valueUnstructured{{Value:{Shown(value)}}}",
            (ScalarKind.Boolean, not (JsonValueKind.True or JsonValueKind.False)) => $"expected boolean, got &{{{Shown(value)}}}",
            (ScalarKind.Untyped, JsonValueKind.Object or JsonValueKind.Array) => $"expected any scalar, got &{{{Shown(value)}}}",
            _ => null,
        };
        if (error is not null)
        {
            Add(errors, path, error);
        }
    }

    private static void Add(List<string> errors, string path, string message) => errors.Add(path.Length == 0 ? message : $"{path}: {message}");

    private static string Shown(JsonNode? value) => JsonTree.GoText(value);

    private static string GoType(JsonNode? value) => JsonTree.GoType(value);
}
