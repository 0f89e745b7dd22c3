using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using k8s;
using k8s.Models;

namespace ActorKube.Client.Serialization;

/// <summary>Finds model classes by apiVersion and kind, and reads objects whose class only their JSON tells.</summary>
public static class ModelTypes
{
    private static readonly FrozenDictionary<(string ApiVersion, string Kind), Type> ByKind = typeof(V1Pod).Assembly.GetTypes()
        .Select(type => (Type: type, Entity: type.GetCustomAttribute<KubernetesEntityAttribute>()))
        .Where(m => m.Entity is not null)
        .DistinctBy(m => (ApiVersionOf(m.Entity!), m.Entity!.Kind))
        .ToFrozenDictionary(m => (ApiVersionOf(m.Entity!), m.Entity!.Kind), m => m.Type);

    private static readonly ConcurrentDictionary<Type, (string ApiVersion, string Kind)> Names = new();

    /// <summary>The model class, or null for a kind that has none (custom resources, Table).</summary>
    public static Type? Find(string apiVersion, string kind) => ByKind.GetValueOrDefault((apiVersion, kind));

    /// <summary>The apiVersion and kind of a model class, or empty texts for a class without.</summary>
    public static (string ApiVersion, string Kind) Of(Type type) => Names.GetOrAdd(type, t => t.GetCustomAttribute<KubernetesEntityAttribute>() is { } entity
        ? (ApiVersionOf(entity), entity.Kind)
        : ("", ""));

    /// <summary>
    /// One object from JSON. Items of a typed list say neither apiVersion nor kind: then the given ones hold, and are set on the object.
    /// An object without a model class becomes a <see cref="JsonObject"/>.
    /// </summary>
    public static ApiObject Read(JsonElement json, string apiVersion = "", string kind = "")
    {
        var says = json.TryGetProperty("apiVersion", out var v) && json.TryGetProperty("kind", out _);
        apiVersion = says ? v.GetString() ?? "" : apiVersion;
        kind = says ? json.GetProperty("kind").GetString() ?? "" : kind;
        var utf8 = System.Text.Encoding.UTF8.GetBytes(json.GetRawText());
        if (Find(apiVersion, kind) is { } type)
        {
            var value = ApiJson.Deserialize(type, utf8);
            if (says)
                return new ApiObject(value, utf8);
            if (value is IKubernetesObject typed)
                (typed.ApiVersion, typed.Kind) = (apiVersion, kind);
            return new ApiObject(value);
        }

        var node = (JsonObject)JsonNode.Parse(utf8)!;
        if (says || kind.Length == 0)
            return new ApiObject(node, utf8);
        (node["apiVersion"], node["kind"]) = (apiVersion, kind);
        return new ApiObject(node, System.Text.Encoding.UTF8.GetBytes(node.ToJsonString()));
    }

    private static string ApiVersionOf(KubernetesEntityAttribute entity) =>
        string.IsNullOrEmpty(entity.Group) ? entity.ApiVersion : $"{entity.Group}/{entity.ApiVersion}";
}
