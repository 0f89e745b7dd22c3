using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.CustomResources.Schemas;

/// <summary>Fills what is not given with the defaults of a structural schema.</summary>
internal static class Defaulting
{
    /// <summary>Fills defaults, also in place of a null that the schema does not allow.</summary>
    public static void Default(JsonNode? value, StructuralSchema? schema)
    {
        if (schema is null)
        {
            return;
        }

        switch (value)
        {
            case JsonObject map:
                foreach (var (name, property) in schema.Defaults)
                {
                    if (!map.TryGetPropertyValue(name, out var given) || (given is null && !property.Nullable))
                    {
                        map[name] = property.Default!.DeepClone();
                    }
                }

                foreach (var (name, part) in map.ToList())
                {
                    if (schema.Properties.TryGetValue(name, out var property))
                    {
                        Default(part, property);
                    }
                    else if (schema.AdditionalProperties is { } values)
                    {
                        if (part is null && !values.Nullable && values.Default is not null)
                        {
                            map[name] = values.Default.DeepClone();
                        }

                        Default(map[name], values);
                    }
                }

                break;
            case JsonArray list when schema.Items is { } items:
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is null && !items.Nullable && items.Default is not null)
                    {
                        list[i] = items.Default.DeepClone();
                    }

                    Default(list[i], items);
                }

                break;
        }
    }

    /// <summary>Drops nulls of fields that may not be null and have no default: they mean "not given".</summary>
    public static void DropNulls(JsonNode? value, StructuralSchema? schema)
    {
        switch (value)
        {
            case JsonObject map when schema is not null:
                foreach (var (name, part) in map.ToList())
                {
                    var known = schema.Properties.TryGetValue(name, out var property) ? property : schema.AdditionalProperties;
                    if (part is null && known is { Nullable: false, Default: null })
                    {
                        map.Remove(name);
                    }
                    else
                    {
                        DropNulls(part, known);
                    }
                }

                break;
            case JsonArray list when schema?.Items is { } items:
                foreach (var item in list)
                {
                    DropNulls(item, items);
                }

                break;
        }
    }

    /// <summary>Whether <see cref="Default"/> or <see cref="DropNulls"/> would change the value.</summary>
    public static bool Changes(JsonNode? value, StructuralSchema? schema)
    {
        switch (value)
        {
            case JsonObject map when schema is not null:
                foreach (var (name, property) in schema.Defaults)
                {
                    if (!map.ContainsKey(name))
                    {
                        return true;
                    }
                }

                foreach (var (name, part) in map)
                {
                    var known = schema.Properties.TryGetValue(name, out var property) ? property : schema.AdditionalProperties;
                    if (part is null ? known is { Nullable: false } : Changes(part, known))
                    {
                        return true;
                    }
                }

                return false;
            case JsonArray list when schema?.Items is { } items:
                foreach (var item in list)
                {
                    if (item is null ? items is { Nullable: false, Default: not null } : Changes(item, items))
                    {
                        return true;
                    }
                }

                return false;
            default:
                return false;
        }
    }
}
