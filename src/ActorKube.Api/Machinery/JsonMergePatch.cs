using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery;

/// <summary>JSON Merge Patch, RFC 7386: objects merge, null removes, everything else replaces.</summary>
public static class JsonMergePatch
{
    /// <summary>Merges <paramref name="patch"/> into <paramref name="target"/>, which is changed, and returns the result.</summary>
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var result = target as JsonObject ?? [];
        foreach (var (key, change) in changes)
        {
            if (change is null)
            {
                result.Remove(key);
                continue;
            }

            result.TryGetPropertyValue(key, out var current);
            var merged = Apply(current, change);
            if (!ReferenceEquals(merged, current))
            {
                result[key] = merged;
            }
        }

        return result;
    }
}
