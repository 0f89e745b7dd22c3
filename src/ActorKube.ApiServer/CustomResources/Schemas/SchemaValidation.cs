using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.CustomResources.Schemas;

/// <summary>
/// Checks a value against a schema. Given the value before a change, what did not change passes even where it breaks a rule: a rule that
/// came after the object must not keep people from changing something else.
/// Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-ratcheting
/// </summary>
internal static class SchemaValidation
{
    /// <summary>What is wrong with a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="path">Where it stands; empty for the root.</param>
    public static SchemaErrors Validate(JsonNode? value, StructuralSchema schema, string path = "")
    {
        var errors = new SchemaErrors();
        Validate(value, schema, path, default, errors);
        return errors;
    }

    /// <summary>What a change of a value made wrong.</summary>
    public static SchemaErrors ValidateUpdate(JsonNode? value, JsonNode? old, StructuralSchema schema, string path = "")
    {
        var errors = new SchemaErrors();
        Validate(value, schema, path, new Before(true, old), errors);
        return errors;
    }

    // The value before the change, where there is one to compare with.
    private readonly record struct Before(bool Known, JsonNode? Value)
    {
        public bool Equals(JsonNode? value) => Known && JsonNode.DeepEquals(Value, value);

        public Before Field(string name) => Known && Value is JsonObject map && map.TryGetPropertyValue(name, out var part) ? new Before(true, part) : default;

        // Items of a map list are found by their keys; those of other lists have no identity.
        public Before Item(JsonNode? item, StructuralSchema list)
        {
            if (!Known || Value is not JsonArray items || list.ListType != "map" || item is not JsonObject wanted)
            {
                return default;
            }

            foreach (var candidate in items)
            {
                if (candidate is JsonObject map && list.ListMapKeys.All(k => JsonNode.DeepEquals(map[k], wanted[k])))
                {
                    return new Before(true, candidate);
                }
            }

            return default;
        }
    }

    private static void Validate(JsonNode? value, StructuralSchema schema, string path, Before before, SchemaErrors errors)
    {
        var found = errors.Errors.Count;
        if (value is null)
        {
            if (!schema.Nullable && schema.Types.Count > 0)
            {
                errors.WrongType(path, string.Join(',', schema.Types), "null");
                Ratchet(value, before, errors, found);
            }

            return;
        }

        var type = JsonNumbers.TypeOf(value);
        if (!TypeMatches(type, value, schema))
        {
            errors.WrongType(path, string.Join(',', schema.Types), type);
        }

        errors.Matches++;
        Alternatives(value, schema, path, before, errors);
        switch (value)
        {
            case JsonObject map:
                Object(map, schema, path, before, errors);
                break;
            case JsonArray list:
                List(list, schema, path, before, errors);
                break;
            case JsonValue plain when type == "string":
                Text(plain.GetValue<string>(), plain, schema, path, errors);
                break;
            case JsonValue plain when type is "integer" or "number":
                Number(plain, schema, path, errors);
                break;
        }

        if (schema.Rules.Enum is { } allowed && !allowed.Any(a => Same(a, value)))
        {
            errors.NotSupported(path, value, allowed);
        }

        Ratchet(value, before, errors, found);
    }

    private static void Ratchet(JsonNode? value, Before before, SchemaErrors errors, int found)
    {
        if (errors.Errors.Count > found && before.Equals(value))
        {
            errors.Errors.RemoveRange(found, errors.Errors.Count - found);
        }
    }

    private static bool TypeMatches(string type, JsonNode value, StructuralSchema schema)
    {
        if (schema.Types.Count == 0)
        {
            return true;
        }

        foreach (var allowed in schema.Types)
        {
            if (allowed == type || (allowed == "number" && type == "integer")
                || (allowed == "integer" && type == "number" && JsonNumbers.Double((JsonValue)value) is var number && number == Math.Truncate(number) && Math.Abs(number) < 9.2e18))
            {
                return true;
            }
        }

        return false;
    }

    private static void Alternatives(JsonNode value, StructuralSchema schema, string path, Before before, SchemaErrors errors)
    {
        if (schema.AnyOf.Count > 0)
        {
            Some(value, schema.AnyOf, path, errors, (valid, _) => valid > 0 ? null : "must validate at least one schema (anyOf)");
        }

        if (schema.OneOf.Count > 0)
        {
            Some(value, schema.OneOf, path, errors, (valid, _) => valid == 1 ? null
                : $"must validate one and only one schema (oneOf). {(valid == 0 ? "Found none valid" : string.Create(CultureInfo.InvariantCulture, $"Found {valid} valid alternatives"))}");
        }

        if (schema.AllOf.Count > 0)
        {
            var valid = 0;
            foreach (var one in schema.AllOf)
            {
                var result = new SchemaErrors();
                Validate(value, one, path, before, result);
                valid += result.IsValid ? 1 : 0;
                errors.Merge(result);
            }

            if (valid != schema.AllOf.Count)
            {
                errors.Alternatives(path, $"must validate all the schemas (allOf){(valid == 0 ? ". None validated" : "")}");
            }
        }

        if (schema.Not is { } not)
        {
            var result = new SchemaErrors();
            Validate(value, not, path, default, result);
            if (result.IsValid)
            {
                errors.Alternatives(path, "must not validate the schema (not)");
            }
        }
    }

    // When none holds, the errors of the alternative that came furthest say what is missing.
    private static void Some(JsonNode value, IReadOnlyList<StructuralSchema> alternatives, string path, SchemaErrors errors, Func<int, SchemaErrors?, string?> judge)
    {
        var valid = 0;
        SchemaErrors? best = null;
        foreach (var alternative in alternatives)
        {
            var result = new SchemaErrors();
            Validate(value, alternative, path, default, result);
            if (result.IsValid)
            {
                valid++;
            }
            else if (best is null || best.Matches < result.Matches)
            {
                best = result;
            }
        }

        if (judge(valid, best) is { } error)
        {
            errors.Alternatives(path, error);
            if (valid == 0 && best is not null)
            {
                errors.Merge(best);
            }
        }
    }

    private static void Object(JsonObject map, StructuralSchema schema, string path, Before before, SchemaErrors errors)
    {
        var rules = schema.Rules;
        if (rules.MaxProperties is { } most && map.Count > most)
        {
            errors.TooMany(path, map.Count, most);
        }

        if (rules.MinProperties is { } fewest && map.Count < fewest)
        {
            errors.Broken(path, map, string.Create(CultureInfo.InvariantCulture, $"should have at least {fewest} properties"));
        }

        foreach (var name in rules.Required)
        {
            if (!map.ContainsKey(name))
            {
                errors.Required(Child(path, name));
            }
        }

        foreach (var (name, part) in map)
        {
            if (schema.Properties.TryGetValue(name, out var property))
            {
                Validate(part, property, Child(path, name), before.Field(name), errors);
                errors.Matches++;
            }
            else if (schema.AdditionalProperties is { } values)
            {
                Validate(part, values, Child(path, name), before.Field(name), errors);
                errors.Matches++;
            }
        }
    }

    private static void List(JsonArray list, StructuralSchema schema, string path, Before before, SchemaErrors errors)
    {
        var rules = schema.Rules;
        if (schema.Items is { } items)
        {
            for (var i = 0; i < list.Count; i++)
            {
                Validate(list[i], items, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), before.Item(list[i], schema), errors);
            }
        }

        if (rules.MinItems is { } fewest && list.Count < fewest)
        {
            errors.Broken(path, JsonValue.Create(list.Count), string.Create(CultureInfo.InvariantCulture, $"should have at least {fewest} items"));
        }

        if (rules.MaxItems is { } most && list.Count > most)
        {
            errors.TooMany(path, list.Count, most);
        }

        if (rules.UniqueItems && list.Select((item, i) => list.Skip(i + 1).Any(other => Same(item, other))).Any(twice => twice))
        {
            errors.Broken(path, list, "shouldn't contain duplicates");
        }
    }

    private static void Text(string text, JsonNode value, StructuralSchema schema, string path, SchemaErrors errors)
    {
        var rules = schema.Rules;
        if (rules.MaxLength is not null || rules.MinLength is not null)
        {
            var length = text.EnumerateRunes().Count();
            if (length > rules.MaxLength)
            {
                errors.TooLong(path, rules.MaxLength.Value);
            }

            if (length < rules.MinLength)
            {
                errors.Broken(path, value, string.Create(CultureInfo.InvariantCulture, $"should be at least {rules.MinLength} chars long"));
            }
        }

        if (!rules.MatchesPattern(text))
        {
            errors.Broken(path, value, $"should match '{rules.Pattern}'");
        }

        if (rules.Format.Length > 0 && schema.Type is "" or "string" && !Formats.Matches(rules.Format, text))
        {
            errors.WrongFormat(path, rules.Format, text);
        }
    }

    private static void Number(JsonValue value, StructuralSchema schema, string path, SchemaErrors errors)
    {
        var rules = schema.Rules;
        var number = JsonNumbers.Double(value);
        if (rules.MultipleOf is { } step && step > 0 && !IsMultiple(value, number, step))
        {
            errors.Broken(path, value, $"should be a multiple of {JsonNumbers.Show(step)}");
        }

        if (rules.Maximum is { } max && (rules.ExclusiveMaximum ? number >= max : number > max))
        {
            errors.Broken(path, value, $"should be less than {(rules.ExclusiveMaximum ? "" : "or equal to ")}{JsonNumbers.Show(max)}");
        }

        if (rules.Minimum is { } min && (rules.ExclusiveMinimum ? number <= min : number < min))
        {
            errors.Broken(path, value, $"should be greater than {(rules.ExclusiveMinimum ? "" : "or equal to ")}{JsonNumbers.Show(min)}");
        }

        if (schema.Type == "integer" && rules.Format == "int32" && number is < int.MinValue or > int.MaxValue)
        {
            errors.Broken(path, value, "must be of type int32");
        }
    }

    private static bool IsMultiple(JsonValue value, double number, double step) =>
        step == Math.Truncate(step) && JsonNumbers.Integer(value) is { } integer ? integer % (long)step == 0 : number / step == Math.Truncate(number / step);

    // 1 and 1.0 are one number.
    private static bool Same(JsonNode? a, JsonNode? b) =>
        JsonNode.DeepEquals(a, b)
        || (a is JsonValue x && b is JsonValue y && x.GetValueKind() == JsonValueKind.Number && y.GetValueKind() == JsonValueKind.Number && JsonNumbers.Double(x) == JsonNumbers.Double(y));

    private static string Child(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
