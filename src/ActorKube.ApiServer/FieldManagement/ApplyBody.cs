using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;

namespace ActorKube.ApiServer.FieldManagement;

/// <summary>The configuration that a request applies, in YAML or JSON.</summary>
/// <param name="Configuration">The configuration.</param>
/// <param name="Duplicates">Keys that stand twice in it.</param>
/// <param name="Force">Whether it takes over fields of other managers.</param>
internal sealed record ApplyBody(JsonObject Configuration, IReadOnlyList<string> Duplicates, bool Force)
{
    /// <summary>Reads the body. Throws the 400 Status for one that is no map.</summary>
    public static ApplyBody Read(RequestContext context)
    {
        if (!YamlJson.TryConvert(context.Request.Body.Span, out var json, out var duplicates, out var error))
        {
            throw ApiError.BadRequest($"error decoding patch: {error}");
        }

        var configuration = JsonTree.Parse(json);
        if (configuration is not JsonObject map)
        {
            throw ApiError.BadRequest(
                $"error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {Word(configuration)} into Go value of type map[string]interface {{}}");
        }

        return new ApplyBody(map, duplicates, IsForced(context.Query("force")));
    }

    /// <summary>Refuses keys that stand twice, or warns of them, as the request's fieldValidation says. Comes after what else may be wrong.</summary>
    public void CheckDuplicates(RequestContext context)
    {
        if (Duplicates.Count == 0 || context.Query("fieldValidation") == "Ignore")
        {
            return;
        }

        var text = "error converting YAML to JSON: yaml: unmarshal errors:\n" + string.Join("\n", Duplicates.Select(d => "  " + d));
        if (context.Query("fieldValidation") == "Strict")
        {
            throw ApiError.BadRequest("error strict decoding patch: " + text);
        }

        context.Warn(text);
    }

    private static bool IsForced(string? force) => force is not null && !force.Equals("false", StringComparison.OrdinalIgnoreCase) && force != "0";

    private static string Word(JsonNode? node) => node?.GetValueKind() switch
    {
        null => "null",
        System.Text.Json.JsonValueKind.Array => "array",
        System.Text.Json.JsonValueKind.String => "string",
        System.Text.Json.JsonValueKind.Number => "number",
        _ => "bool",
    };
}
