using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Shell;

/// <summary>Bodies of merge patches. In one, null removes a field, so that no empty list stays behind where the last entry went.</summary>
internal static class MergeBody
{
    /// <summary>Changes of metadata, on the condition that the object is still the one that was seen, at the version it had.</summary>
    public static JsonObject Metadata(V1ObjectMeta seen, params ReadOnlySpan<(string Field, JsonNode? Value)> changes)
    {
        var metadata = new JsonObject { ["uid"] = seen.Uid, ["resourceVersion"] = seen.ResourceVersion };
        foreach (var (field, value) in changes)
            metadata[field] = value;
        return new JsonObject { ["metadata"] = metadata };
    }

    /// <summary>A change of one field of the spec, on the same condition.</summary>
    public static JsonObject Spec(IMetadata<V1ObjectMeta> seen, string field, JsonNode? value)
    {
        var body = Metadata(seen.Metadata);
        body["spec"] = new JsonObject { [field] = value };
        return body;
    }

    /// <summary>A list, or null for one without entries.</summary>
    public static JsonNode? List<T>(IEnumerable<T>? items) where T : notnull
    {
        var all = items?.ToList() ?? [];
        return all.Count == 0 ? null : new JsonArray([.. all.Select(i => JsonSerializer.SerializeToNode(i, ApiJson.Options))]);
    }
}
