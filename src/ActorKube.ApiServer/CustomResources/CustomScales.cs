using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;

namespace ActorKube.ApiServer.CustomResources;

/// <summary>The scale subresource of custom resources: the definition says where replicas and selector stand.</summary>
internal static class CustomScales
{
    /// <summary>Reads replicas and selector of an object.</summary>
    public static (int? Wanted, int? Has, string Selector) Read(CustomResourceKind kind, CustomObject value)
    {
        var scale = kind.DefinedVersion.Subresources!.Scale;
        if (Number(value, scale.SpecReplicasPath) is not { } wanted)
        {
            throw ApiError.Internal($"the spec replicas field \"{scale.SpecReplicasPath}\" does not exist");
        }

        return (wanted, Number(value, scale.StatusReplicasPath), scale.LabelSelectorPath is { Length: > 0 } path && Find(value, path) is { } selector && selector.GetValueKind() == JsonValueKind.String ? selector.GetValue<string>() : "");
    }

    /// <summary>Sets the wanted replicas.</summary>
    public static void SetReplicas(CustomResourceKind kind, CustomObject value, int replicas)
    {
        var names = Names(kind.DefinedVersion.Subresources!.Scale.SpecReplicasPath);
        var map = value.Content;
        foreach (var name in names[..^1])
        {
            if (map[name] is not JsonObject child)
            {
                map[name] = child = [];
            }

            map = child;
        }

        map[names[^1]] = (long)replicas;
    }

    /// <summary>Adds what is wrong with the replicas of an object.</summary>
    public static void Validate(CustomResourceKind kind, CustomObject value, List<FieldError> errors)
    {
        if (kind.DefinedVersion.Subresources?.Scale is not { } scale)
        {
            return;
        }

        foreach (var path in (ReadOnlySpan<string>)[scale.SpecReplicasPath, scale.StatusReplicasPath])
        {
            if (Find(value, path) is not JsonValue number || number.GetValueKind() != JsonValueKind.Number)
            {
                continue;
            }

            if (JsonNumbers.Double(number) < 0)
            {
                errors.Add(FieldError.Invalid(path, JsonNumbers.Integer(number) ?? 0, "should be a non-negative integer"));
            }
            else if (JsonNumbers.Double(number) > int.MaxValue)
            {
                errors.Add(FieldError.Invalid(path, JsonNumbers.Integer(number) ?? 0, $"should be less than or equal to {int.MaxValue}"));
            }
        }

        if (scale.LabelSelectorPath is { Length: > 0 } selector && Find(value, selector) is { } text
            && (text.GetValueKind() != JsonValueKind.String || !LabelSelector.TryParse(text.GetValue<string>(), out _, out _)))
        {
            errors.Add(new FieldError("FieldValueInvalid", selector, $"Invalid value: {SchemaErrors.Show(text)}: must be a label selector"));
        }
    }

    private static int? Number(CustomObject value, string path) =>
        Find(value, path) is JsonValue number && number.GetValueKind() == JsonValueKind.Number ? (int)Math.Clamp(JsonNumbers.Double(number), int.MinValue, int.MaxValue) : null;

    private static JsonNode? Find(CustomObject value, string path)
    {
        JsonNode? node = value.Content;
        foreach (var name in Names(path))
        {
            node = node is JsonObject map ? map[name] : null;
        }

        return node;
    }

    private static string[] Names(string path) => path.TrimStart('.').Split('.');
}
